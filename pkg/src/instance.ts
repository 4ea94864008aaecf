// The wasm instance of this isolate, and its replacement after a trap.

import type { Failure } from "../wasm/edgegate.js";
import { EdgegateError } from "./errors.js";
import { glue } from "./glue.js";

let module: WebAssembly.Module | undefined;
let instance: WebAssembly.Instance | undefined;

/** Sets the module, or the bytes of it. Each entry calls it once; a second call does nothing. */
export function bind(wasm: WebAssembly.Module | BufferSource): void {
  if (instance) return;
  module = isModule(wasm) ? wasm : new WebAssembly.Module(wasm);
  try {
    instantiate();
  } catch (error) {
    module = undefined;
    throw error;
  }
}

/** Not by `instanceof`: a module may be of another realm, as in Jest. The constructors of WebAssembly check what they get. */
export function isModule(wasm: object): wasm is WebAssembly.Module {
  return Object.prototype.toString.call(wasm) === "[object WebAssembly.Module]";
}

/** The memory of the glue's views. It may belong to an instance whose start was interrupted. */
let viewed: WebAssembly.Memory | undefined;

/**
 * Whether a call into wasm has started and not ended normally. It is not cleared in a `finally`, which does not run when a call
 * is terminated, for example by a timeout of Node's `vm`, and may not run after a stack overflow.
 */
let isEntered = false;

/**
 * Calls into wasm. `work` runs no code of the application, so calls do not nest.
 *
 * A failure that the core reports is thrown as an {@link EdgegateError}. After any other error, such as a trap, the memory of
 * the instance may be inconsistent, so the next call gets a new instance.
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

/** An object of a replaced wasm instance was used. */
class ReplacedError extends Error {}

/** An object inside a wasm instance. It cannot be used after the instance was replaced. */
export class Handle<T extends { free(): void }> {
  readonly #object: T;
  readonly #instance: WebAssembly.Instance | undefined;
  #isFreed = false;

  constructor(make: () => T) {
    this.#object = call(make);
    this.#instance = instance;
  }

  /** Whether the object's instance is still in use. Not for use inside {@link call}. */
  get isCurrent(): boolean {
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

  /** Frees the object; a second call does nothing. */
  free(): void {
    if (this.isCurrent && !this.#isFreed) call(() => this.#object.free());
    this.#isFreed = true;
  }
}

/** A value for each instance, created at the first use. */
export function perInstance<T>(make: () => T): () => T {
  const made = new WeakMap<WebAssembly.Instance, T>();
  return () => {
    if (!instance) throw new Error("edgegate: `bind` was not called with the wasm module");
    let own = made.get(instance);
    if (own === undefined) made.set(instance, (own = make()));
    return own;
  };
}

function replaceIfBroken(): void {
  if (isEntered || !instance) instantiate();
}

/** It may be interrupted at any point and is then repeated, so the instance is only set at the end. */
function instantiate(): void {
  if (!module) throw new Error("edgegate: `bind` was not called with the wasm module");
  isEntered = true;
  const imports = glue as unknown as WebAssembly.ModuleImports;
  // Every import is from the glue, whose file has the name of the module.
  const names = WebAssembly.Module.imports(module).map((needed) => [needed.module, imports] as const);
  const next = new WebAssembly.Instance(module, Object.fromEntries(names));
  // `grow(0)` detaches the old memory, so that the glue replaces its views of it.
  viewed?.grow(0);
  glue.__wbg_set_wasm(viewed ? ignoreFinalizerFrees(next.exports) : next.exports);
  viewed = next.exports.memory as WebAssembly.Memory;
  (next.exports.__wbindgen_start as () => void)();
  instance = next;
  isEntered = false;
}

/**
 * The glue's finalizers free objects by address. An address of the old instance may belong to another object in the new
 * one. So after the first replacement only explicit frees are passed on; the second argument distinguishes them.
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

/** The core throws plain objects. A trap is an `Error`. */
function isFailure(error: unknown): error is Failure {
  return typeof error === "object" && error !== null && !(error instanceof Error) && "code" in error && "message" in error;
}
