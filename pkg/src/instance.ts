// The wasm instance that this isolate works with, and its replacement after a trap.

import type { Failure } from "../wasm/edgegate.js";
import { EdgegateError } from "./errors.js";
import { glue } from "./glue.js";

let module: WebAssembly.Module | undefined;
let instance: WebAssembly.Instance | undefined;

/** Each entry calls this once, with the module as its runtime gives it. */
export function bind(compiled: WebAssembly.Module): void {
  module = compiled;
  instantiate();
}

/** The memory that the glue's views are over. It may be of an instance whose start was cut short. */
let viewed: WebAssembly.Memory | undefined;

/**
 * Whether a call into wasm has begun and has not ended well. No `finally` clears it, because none runs when a call is ended by
 * force, such as by a timeout of Node's `vm`, and none is sure to run when the stack has run out.
 */
let isEntered = false;

/**
 * Calls into wasm. `work` runs no code of the caller's, so calls do not nest.
 *
 * A failure that the core reports is thrown as an {@link EdgegateError}. After anything else, such as a trap, the instance's
 * memory cannot be trusted, and the next call finds a new instance.
 */
export function call<T>(work: () => T): T {
  replaceIfBroken();
  isEntered = true;
  let result: T;
  try {
    result = work();
  } catch (error) {
    if (isFailure(error)) {
      isEntered = false;
      throw new EdgegateError(error.code, error.message);
    }
    if (error instanceof ReplacedError) isEntered = false;
    throw error;
  }
  isEntered = false;
  return result;
}

/** An object is used whose wasm instance is gone. */
class ReplacedError extends Error {}

/** An object inside the wasm instance that made it; it dies with it. */
export class Handle<T extends { free(): void }> {
  readonly #object: T;
  readonly #instance: WebAssembly.Instance | undefined;

  constructor(make: () => T) {
    this.#object = call(make);
    this.#instance = instance;
  }

  /** Whether it can still be used. Not for use inside {@link call}. */
  get isAlive(): boolean {
    replaceIfBroken();
    return this.#instance === instance;
  }

  /** The object, for use inside {@link call}. */
  get object(): T {
    if (this.#instance !== instance) throw new ReplacedError("edgegate: the wasm instance was replaced after a trap");
    return this.#object;
  }

  call<R>(work: (object: T) => R): R {
    return call(() => work(this.object));
  }

  free(): void {
    if (this.isAlive) call(() => this.#object.free());
  }
}

/** What belongs to the instance and to none that takes its place. */
export function perInstance<T>(make: () => T): () => T {
  const made = new WeakMap<WebAssembly.Instance, T>();
  return () => {
    if (!instance) throw new Error("edgegate: no entry has bound the wasm module");
    let own = made.get(instance);
    if (own === undefined) made.set(instance, (own = make()));
    return own;
  };
}

function replaceIfBroken(): void {
  if (isEntered) instantiate();
}

/** It may be cut short anywhere, and is then done again: nothing counts as replaced before the end. */
function instantiate(): void {
  if (!module) throw new Error("edgegate: no entry has bound the wasm module");
  isEntered = true;
  const next = new WebAssembly.Instance(module, { "./edgegate_bg.js": glue as unknown as WebAssembly.ModuleImports });
  // It detaches the old memory, by which the glue sees that its views are stale.
  viewed?.grow(0);
  glue.__wbg_set_wasm(viewed ? ignoreFinalizerFrees(next.exports) : next.exports);
  viewed = next.exports.memory as WebAssembly.Memory;
  (next.exports.__wbindgen_start as () => void)();
  instance = next;
  isEntered = false;
}

/**
 * The glue frees what is garbage-collected by its address alone, and an address of an old instance is some other object's in
 * the new one. So from the first trap on, only what is freed by hand is freed; the glue tells the two by a second argument.
 */
function ignoreFinalizerFrees(exports: WebAssembly.Exports): WebAssembly.Exports {
  const adapted = { ...exports };
  for (const [name, free] of Object.entries(exports)) {
    if (!/^__wbg_.*_free$/.test(name)) continue;
    adapted[name] = (address: number, byFinalizer: number) => {
      if (!byFinalizer) (free as (address: number, byFinalizer: number) => void)(address, 0);
    };
  }
  return adapted;
}

/** The core throws plain objects; a trap is an `Error`. */
function isFailure(error: unknown): error is Failure {
  return typeof error === "object" && error !== null && !(error instanceof Error) && "code" in error && "message" in error;
}
