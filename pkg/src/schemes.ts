// Stored hashes other than bcrypt, by a second wasm module (crate edgegate-schemes), which is only loaded when a stored hash needs it.
//
// A hash takes up to 64 MiB and is computed in one call, so one is computed in a turn of the event loop. As in lanes.ts no
// promise crosses callers, because Workers forbid a promise to cross requests: each caller waits on its own timer, and computes
// its own hash.

import { optionalNumber, text } from "./argument.js";
import { nextTurn, ownTurn } from "./lanes.js";

/** Callers that wait. Further ones get `busy`: 64 hashes of 100 ms each are all that a client waits for. */
const QUEUE_MAX = 64;

/** Limits of the crate, which refuses what is longer. */
const PASSWORD_MAX_BYTES = 4096;
const STORED_MAX_BYTES = 1024;

const SALT_BYTES = 16;

/** By the number that the module gives. */
const KINDS = [undefined, "argon2", "django-pbkdf2", "werkzeug-pbkdf2", "werkzeug-scrypt", "better-auth", "firebase-scrypt"] as const;

/** By the negated number that the module gives. */
const FAULTS = [undefined, "unknown", "malformed", "too-costly", "password-too-long", "no-memory"] as const;

/** The form of a stored hash. */
export type SchemeKind = Exclude<(typeof KINDS)[number], undefined>;

/**
 * Why there is no answer: the text has none of the known forms (`unknown`), begins as one and is none (`malformed`), or its
 * parameters exceed the limits (`too-costly`); the password is longer than 4096 bytes; the memory could not grow; or too many callers
 * wait (`busy`).
 */
export type SchemeFault = Exclude<(typeof FAULTS)[number], undefined> | "busy";

/** The cost of Argon2: memory in KiB, passes over it, degree of parallelism. */
export interface Argon2Cost {
  memory: number;
  passes: number;
  lanes: number;
}

/** RFC 9106's second recommendation, and the default of argon2-cffi and pwdlib. */
export const ARGON2_COST: Readonly<Argon2Cost> = { memory: 65_536, passes: 3, lanes: 4 };

/** What a stored text is. `cost` is that of Argon2id, version 1.3; other variants and schemes have none. */
export interface SchemeDescription {
  kind: SchemeKind;
  cost?: Argon2Cost;
}

/** The module, or a function that gives it when it is needed. It may be called several times. */
export type SchemesSource = WebAssembly.Module | (() => WebAssembly.Module | Promise<WebAssembly.Module>);

/** The exports of the module. */
interface Exports {
  memory: WebAssembly.Memory;
  input(): number;
  verify(passwordLength: number, storedLength: number): number;
  make(passwordLength: number, memory: number, passes: number, lanes: number): number;
  describe(storedLength: number): number;
}

/** What a gate needs of {@link Schemes}. */
export interface PasswordSchemes {
  /** Whether the password is that of a stored hash. */
  verify(password: string, stored: string): Promise<boolean | SchemeFault>;
  /** Hashes a password by Argon2id. */
  hash(password: string): Promise<{ stored: string } | SchemeFault>;
}

interface Entry {
  /** In which search for cancelled callers it was last awake. On Workers a client that disconnects cancels its request. */
  seenSearch: number;
}

/** Verifies and makes hashes, one at a time. */
export class Schemes implements PasswordSchemes {
  readonly #source: SchemesSource;
  #module: WebAssembly.Module | undefined;
  /**
   * The instance, whose memory does not shrink. It is held weakly: the next hash takes it if it is still there, and its 64 MiB can be
   * collected as soon as no hash is computed. A timer that drops it would belong to one request on Workers, and a new instance
   * for each hash would take new memory faster than the old one is collected.
   */
  #instance: { deref(): Exports | undefined } | undefined;
  readonly #waiting = new Set<Entry>();
  #searches = 0;

  constructor(source: SchemesSource) {
    this.#source = source;
  }

  /**
   * Whether the password is that of a stored hash.
   *
   * @throws {TypeError} when an argument is no string.
   */
  async verify(password: string, stored: string): Promise<boolean | SchemeFault> {
    text("password", password);
    text("stored", stored);
    if (stored.length > STORED_MAX_BYTES) return "unknown";
    if (password.length > PASSWORD_MAX_BYTES) return "password-too-long";
    return this.#inTurn((wasm) => {
      const kind = describe(wasm, stored);
      if (typeof kind === "string") return kind;
      const secret = kind.kind === "better-auth" ? password.normalize("NFKC") : password;
      const length = write(wasm, 0, PASSWORD_MAX_BYTES, secret);
      const storedLength = write(wasm, PASSWORD_MAX_BYTES, STORED_MAX_BYTES, stored);
      const verdict = wasm.verify(length, storedLength);
      return verdict < 0 ? fault(verdict) : verdict === 1;
    });
  }

  /**
   * Hashes a password by Argon2id with a random salt.
   *
   * @returns The stored text in `stored`.
   * @throws {TypeError} when an argument has a wrong type.
   */
  async hash(password: string, cost: Readonly<Argon2Cost> = ARGON2_COST): Promise<{ stored: string } | SchemeFault> {
    text("password", password);
    const [memory = NaN, passes = NaN, lanes = NaN] = [
      optionalNumber("memory", cost.memory),
      optionalNumber("passes", cost.passes),
      optionalNumber("lanes", cost.lanes),
    ];
    // Wasm would take the lower 32 bits of any number.
    if (![memory, passes, lanes].every((number) => Number.isInteger(number) && number > 0)) return "malformed";
    if (Math.max(memory, passes, lanes) > 2 ** 31) return "too-costly";
    if (password.length > PASSWORD_MAX_BYTES) return "password-too-long";
    return this.#inTurn((wasm) => {
      const length = write(wasm, 0, PASSWORD_MAX_BYTES, password);
      crypto.getRandomValues(view(wasm, PASSWORD_MAX_BYTES, SALT_BYTES));
      const made = wasm.make(length, memory, passes, lanes);
      if (made < 0) return fault(made);
      return { stored: String.fromCharCode(...view(wasm, PASSWORD_MAX_BYTES, made)) };
    });
  }

  /**
   * Reads a stored hash. It computes nothing and does not wait.
   *
   * @throws {TypeError} when the argument is no string.
   */
  async describe(stored: string): Promise<SchemeDescription | SchemeFault> {
    text("stored", stored);
    if (stored.length > STORED_MAX_BYTES) return "unknown";
    this.#module ??= await this.#load();
    return this.#call((wasm) => describe(wasm, stored));
  }

  /** Waits for a turn of the event loop in which no other hash was computed here. The bcrypt of another entry counts its own turns. */
  async #inTurn<T>(work: (wasm: Exports) => T): Promise<T | "busy"> {
    // Before it counts as waiting: until the module is there, an entry would look like that of a cancelled caller.
    this.#module ??= await this.#load();
    if (this.#waiting.size >= QUEUE_MAX) await this.#removeCancelled();
    if (this.#waiting.size >= QUEUE_MAX) return "busy";
    const entry: Entry = { seenSearch: this.#searches };
    this.#waiting.add(entry);
    try {
      await ownTurn(() => {
        entry.seenSearch = this.#searches;
        return false;
      });
      return this.#call(work);
    } finally {
      this.#waiting.delete(entry);
    }
  }

  /** Removes the entries whose callers do not wake any more. A caller that lives all the same computes its hash. */
  async #removeCancelled(): Promise<void> {
    const since = (this.#searches += 1);
    for (let turns = 0; turns < 3; turns += 1) await nextTurn();
    for (const entry of this.#waiting) if (entry.seenSearch < since) this.#waiting.delete(entry);
  }

  async #load(): Promise<WebAssembly.Module> {
    return typeof this.#source === "function" ? this.#source() : this.#source;
  }

  /** Takes the instance away during the call: one that has trapped or was terminated is not used again. */
  #call<T>(work: (wasm: Exports) => T): T {
    const wasm = this.#instance?.deref() ?? this.#instantiate();
    this.#instance = undefined;
    const result = work(wasm);
    // Workers have no WeakRef before the compatibility date 2025-05-05.
    this.#instance = typeof WeakRef === "function" ? new WeakRef(wasm) : { deref: () => wasm };
    return result;
  }

  #instantiate(): Exports {
    if (!this.#module) throw new Error("edgegate: the module of password hashes is not loaded");
    return new WebAssembly.Instance(this.#module).exports as unknown as Exports;
  }
}

function describe(wasm: Exports, stored: string): SchemeDescription | SchemeFault {
  const kind = wasm.describe(write(wasm, PASSWORD_MAX_BYTES, STORED_MAX_BYTES, stored));
  if (kind < 0) return fault(kind);
  const view = new DataView(wasm.memory.buffer, wasm.input() + PASSWORD_MAX_BYTES);
  const [memory, passes, lanes] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
  return { kind: KINDS[kind] as SchemeKind, ...(memory > 0 && { cost: { memory, passes, lanes } }) };
}

/** A part of the input of the module. A view does not outlive a call, which may replace the buffer. */
function view(wasm: Exports, at: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(wasm.memory.buffer as ArrayBuffer, wasm.input() + at, length);
}

/** The length of a text that is too long is one more than the maximum, which the module refuses. */
function write(wasm: Exports, at: number, max: number, value: string): number {
  const { read, written } = new TextEncoder().encodeInto(value, view(wasm, at, max));
  return read < value.length ? max + 1 : written;
}

function fault(code: number): SchemeFault {
  return FAULTS[-code] as SchemeFault;
}
