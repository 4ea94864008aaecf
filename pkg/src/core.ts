// The gate inside wasm, and the tokens that it makes and verifies without users.

import type { IssueVerdict, Turn, TokenVerdict as WasmTokenVerdict, Vars, Gate as WasmGate } from "../wasm/edgegate.js";
import { EdgegateError } from "./errors.js";
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
    const further = claims && JSON.stringify(claims);
    const token = this.#live().call((gate) => gate.issueToken(userId, further, now()));
    return typeof token === "string" ? token : signed(new Handle(() => token));
  }

  /** At once, unless the platform has to be asked. */
  verifyToken(token: string): TokenVerdict | Promise<TokenVerdict> {
    const verdict = this.#live().call((gate) => gate.verifyToken(token, now()));
    if (typeof verdict !== "string") return run<WasmTokenVerdict>(new Handle(() => verdict)) as Promise<TokenVerdict>;
    if (!verdict.startsWith("{")) return { outcome: "refused", reason: verdict };
    return { outcome: "accepted", claims: JSON.parse(verdict) as Claims };
  }

  #live(): Handle<WasmGate> {
    if (!this.#gate?.isAlive) {
      this.#gate = new Handle(() => new glue.Gate((name) => this.#settings[name as keyof Settings]?.toString()));
    }
    return this.#gate;
  }
}

async function signed(turn: Handle<Turn>): Promise<string> {
  const verdict = await run<IssueVerdict>(turn);
  if (verdict.outcome === "refused") throw new EdgegateError(verdict.code, verdict.message);
  return verdict.token;
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
