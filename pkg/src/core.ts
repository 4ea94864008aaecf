// The gate inside wasm, and operations on tokens without a user store.

import type { TokenReason, Turn, UserId, Vars, Gate as WasmGate } from "../wasm/edgegate.js";
import { isText, known, namesOf, object, optionalNumber, plainSettings, text as checkedText, userId as checkedId } from "./argument.js";
import { fromBase64Url, toBase64Url, utf8 } from "./base64url.js";
import { holds, sign } from "./crypto.js";
import { glue } from "./glue.js";
import { call, Handle } from "./instance.js";
import { run } from "./turn.js";
import { refused, type Claims, type TokenVerdict } from "./verdict.js";

/** The settings, under the names that FastAPI backends use. A Worker's `env` and `process.env` both fit. */
export type Settings = Vars;

/** Options of {@link issueToken}. */
export interface IssueOptions<C extends object = Record<string, unknown>> {
  /**
   * Further claims: an object that `JSON.stringify` turns into a JSON object. The claims that the settings or the time decide, such as
   * `exp`, are refused.
   */
  claims?: C | undefined;
  /** How many minutes the token lives. Default: `ACCESS_TOKEN_EXPIRE_MINUTES`. */
  expireMinutes?: number | undefined;
}

/** The names of {@link IssueOptions}. */
export const ISSUE_OPTIONS = ["claims", "expireMinutes"];

/** Which questions the caller answers besides those of every gate. */
interface Asks {
  claims?: boolean;
  events?: boolean;
  schemes?: boolean;
}

/** Creates the wasm gate at the first use, and again after the wasm instance was replaced. */
export class Core {
  readonly #settings: Settings;
  readonly #asks: Asks;
  #plain: Record<string, string> | undefined;
  #gate: Handle<WasmGate> | undefined;
  #readsCookies: boolean | undefined;
  #readsOrigins: boolean | undefined;
  #logsRequests: boolean | undefined;
  #tellsTime: boolean | undefined;
  #handsOn: boolean | undefined;
  #asksUpstream: boolean | undefined;

  constructor(settings: Settings, asks: Asks = {}) {
    this.#settings = object("settings", settings);
    this.#asks = asks;
  }

  /** @throws {EdgegateError} when a setting is invalid. */
  check(): void {
    this.#currentGate();
  }

  /** Whether the gate reads cookies. */
  get readsCookies(): boolean {
    return (this.#readsCookies ??= this.ask((gate) => gate.readsCookies));
  }

  /** Whether the gate answers pages of other origins. */
  get readsOrigins(): boolean {
    return (this.#readsOrigins ??= this.ask((gate) => gate.readsOrigins));
  }

  /** Whether every request is logged. */
  get logsRequests(): boolean {
    return (this.#logsRequests ??= this.ask((gate) => gate.logsRequests));
  }

  /** Whether answers say how long they took. */
  get tellsTime(): boolean {
    return (this.#tellsTime ??= this.ask((gate) => gate.tellsTime));
  }

  /** Whether requests are handed on. */
  get handsOn(): boolean {
    return (this.#handsOn ??= this.ask((gate) => gate.handsOn));
  }

  /** Whether another backend is asked. */
  get asksUpstream(): boolean {
    return (this.#asksUpstream ??= this.ask((gate) => gate.asksUpstream));
  }

  /** Asks the gate something that needs no turn. Calls into wasm do not nest: the inner one would take the outer one for interrupted. */
  ask<T>(question: (gate: WasmGate) => T): T {
    return this.#currentGate().call(question);
  }

  start(begin: (gate: WasmGate) => Turn): Handle<Turn> {
    const gate = this.#currentGate();
    return new Handle(() => begin(gate.object));
  }

  /** Synchronous, unless the platform has to sign. */
  issueToken<C extends object = Record<string, unknown>>(
    userId: UserId,
    options: IssueOptions<C> = {},
  ): string | Promise<string> {
    const { claims, expireMinutes } = known("options", options, ISSUE_OPTIONS);
    const [gate, id, minutes] = [this.#currentGate(), checkedId("userId", userId), optionalNumber("expireMinutes", expireMinutes)];
    // `JSON.stringify` returns `undefined` for a function, which is not JSON and is refused as such.
    const further = claims && checkedText("claims", String(JSON.stringify(claims)));
    const [integer, text] = typeof id === "number" ? [id, undefined] : [NaN, id];
    const token = gate.call((gate) => gate.issueToken(integer, text, further, minutes));
    const colon = token.indexOf(":");
    return colon < 0 ? token : this.#signed(gate, Number(token.slice(0, colon)), token.slice(colon + 1));
  }

  /** Synchronous, unless the platform has to check the signature. */
  verifyToken<C extends object = Claims>(token: string): TokenVerdict<C> | Promise<TokenVerdict<C>> {
    const gate = this.#currentGate();
    if (!isText(token)) return refused(typeof token === "string" ? "token-too-long" : "malformed");
    const text = gate.call((gate) => gate.verifyToken(token));
    if (text.startsWith("{")) return verdict(text);
    if (text === "") return this.#verifiedInTurn(token);
    const colon = NUMBERED.exec(text)?.[0].length;
    return colon ? this.#ifSigned(gate, Number(text.slice(0, colon - 1)), token, text.slice(colon)) : verdict(text);
  }

  async #signed(gate: Handle<WasmGate>, key: number, message: string): Promise<string> {
    const signature = await sign(key, () => jwk(gate, key, true), utf8(message));
    return `${message}.${toBase64Url(signature)}`;
  }

  async #ifSigned<C extends object>(gate: Handle<WasmGate>, key: number, token: string, text: string): Promise<TokenVerdict<C>> {
    const dot = token.lastIndexOf(".");
    const [message, signature] = [utf8(token.slice(0, dot)), fromBase64Url(token.slice(dot + 1))];
    return verdict((await holds(key, () => jwk(gate, key, false), message, signature)) ? text : "signature");
  }

  async #verifiedInTurn<C extends object>(token: string): Promise<TokenVerdict<C>> {
    return verdict(await run<string>(() => this.start((gate) => gate.verifyTokenInTurn(token))));
  }

  #currentGate(): Handle<WasmGate> {
    if (!this.#gate?.isCurrent) {
      this.#gate = this.#newGate();
    }
    return this.#gate;
  }

  /** The settings are read once: those of a later instance must not differ. */
  #newGate(): Handle<WasmGate> {
    const settings = (this.#plain ??= plainSettings(call(() => glue.settingNames()), this.#settings));
    const { claims = false, events = false, schemes = false } = this.#asks;
    return new Handle(() => new glue.Gate(settings, namesOf(this.#settings), claims, events, schemes));
  }
}

/** A result that depends on a key starts with the number of the key. */
const NUMBERED = /^\d+:/;

function verdict<C extends object>(text: string): TokenVerdict<C> {
  return text.startsWith("{") ? (JSON.parse(text) as TokenVerdict<C>) : refused(text as TokenReason);
}

function jwk(gate: Handle<WasmGate>, key: number, isPrivate: boolean): string {
  const jwk = gate.call((gate) => gate.jwk(key, isPrivate));
  if (jwk === undefined) throw new Error("edgegate: the key was removed while it was in use");
  return jwk;
}
