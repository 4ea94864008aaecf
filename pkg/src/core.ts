// The gate inside wasm, and the tokens that it makes and verifies without users.

import type { Turn, Vars, Gate as WasmGate } from "../wasm/edgegate.js";
import { fromBase64Url, toBase64Url, utf8 } from "./base64url.js";
import { holds, sign } from "./crypto.js";
import { glue } from "./glue.js";
import { Handle } from "./instance.js";
import { run } from "./turn.js";
import type { Claims, TokenVerdict } from "./verdict.js";

/** The settings, by the names that FastAPI backends use; a Worker's `env` and `process.env` both fit. */
export type Settings = Vars;

/** What a token is to carry beside what the settings say. */
export interface IssueOptions {
  claims?: Record<string, unknown>;
}

/** It is made when it is first wanted, and again when its wasm instance is gone. */
export class Core {
  readonly #settings: Settings;
  #gate: Handle<WasmGate> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  start(begin: (gate: WasmGate, now: number) => Turn): Handle<Turn> {
    const gate = this.#live();
    return new Handle(() => gate.call((gate) => begin(gate, now())));
  }

  /** At once, unless the platform has to sign. */
  issueToken(userId: number, { claims }: IssueOptions = {}): string | Promise<string> {
    const gate = this.#live();
    const further = claims && JSON.stringify(claims);
    const token = gate.call((gate) => gate.issueToken(userId, further, now()));
    const colon = token.indexOf(":");
    return colon < 0 ? token : this.#signed(gate, Number(token.slice(0, colon)), token.slice(colon + 1));
  }

  /** At once, unless the platform has to check the signature. */
  verifyToken(token: string): TokenVerdict | Promise<TokenVerdict> {
    const gate = this.#live();
    const text = gate.call((gate) => gate.verifyToken(token, now()));
    if (text.startsWith("{")) return verdict(text);
    if (text === "") return this.#verifiedInTurn(token);
    const colon = NUMBERED.exec(text)?.[0].length;
    return colon ? this.#ifSigned(gate, Number(text.slice(0, colon - 1)), token, text.slice(colon)) : verdict(text);
  }

  async #signed(gate: Handle<WasmGate>, key: number, message: string): Promise<string> {
    const signature = await sign(key, () => jwk(gate, key, true), utf8(message));
    return `${message}.${toBase64Url(signature)}`;
  }

  async #ifSigned(gate: Handle<WasmGate>, key: number, token: string, text: string): Promise<TokenVerdict> {
    const dot = token.lastIndexOf(".");
    const [message, signature] = [utf8(token.slice(0, dot)), fromBase64Url(token.slice(dot + 1))];
    return verdict((await holds(key, () => jwk(gate, key, false), message, signature)) ? text : "signature");
  }

  async #verifiedInTurn(token: string): Promise<TokenVerdict> {
    return verdict(await run<string>(this.start((gate, now) => gate.verifyTokenInTurn(token, now))));
  }

  #live(): Handle<WasmGate> {
    if (!this.#gate?.isAlive) {
      this.#gate = new Handle(() => new glue.Gate((name) => this.#settings[name as keyof Settings]?.toString()));
    }
    return this.#gate;
  }
}

/** A verdict, or a token to be signed, that depends on a key: its number stands first. */
const NUMBERED = /^\d+:/;

function verdict(text: string): TokenVerdict {
  if (!text.startsWith("{")) return { outcome: "refused", reason: text };
  return { outcome: "accepted", claims: JSON.parse(text) as Claims };
}

function jwk(gate: Handle<WasmGate>, key: number, isPrivate: boolean): string {
  const jwk = gate.call((gate) => gate.jwk(key, isPrivate));
  if (jwk === undefined) throw new Error("edgegate: a key went out of use while it was used");
  return jwk;
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
