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

/** Whether a call into wasm has begun and not ended. */
let isEntered = false;

/**
 * Calls into wasm; calls do not nest. A failure that the core reports is thrown as an {@link EdgegateError}. After anything else
 * the instance's memory cannot be trusted (a trap, a stack that ran out half way), so the next call finds a new instance. So it
 * does after a call that was ended by force, such as by a timeout of Node's `vm`: then no `finally` has run.
 */
export function call<T>(work: () => T): T {
  if (isEntered) instantiate();
  isEntered = true;
  try {
    return work();
  } catch (error) {
    if (isFailure(error)) throw new EdgegateError(error.code, error.message);
    if (!(error instanceof EdgegateError) && !(error instanceof ReplacedError)) instantiate();
    throw error;
  } finally {
    isEntered = false;
  }
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

  get isAlive(): boolean {
    return this.#instance === instance;
  }

  /** The object, for use inside {@link call}. */
  get object(): T {
    if (!this.isAlive) throw new ReplacedError("edgegate: the wasm instance was replaced after a trap");
    return this.#object;
  }

  call<R>(work: (object: T) => R): R {
    return call(() => work(this.object));
  }

  free(): void {
    if (this.isAlive) this.#object.free();
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

function instantiate(): void {
  if (!module) throw new Error("edgegate: no entry has bound the wasm module");
  const previous = instance;
  instance = new WebAssembly.Instance(module, { "./edgegate_bg.js": glue as unknown as WebAssembly.ModuleImports });
  if (previous) {
    // It detaches the old memory, by which the glue sees that its views are stale.
    (previous.exports.memory as WebAssembly.Memory).grow(0);
  }
  glue.__wbg_set_wasm(previous ? ignoreFinalizerFrees(instance.exports) : instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
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
