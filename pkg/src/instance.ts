// The wasm instance that this isolate works with, and its replacement after a trap.

import * as glue from "../wasm/edgegate_bg.js";
import { EdgegateError } from "./errors.js";

/** What wasm-bindgen's glue offers to whoever instantiates the module. */
interface Handshake {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

let module: WebAssembly.Module | undefined;
let instance: WebAssembly.Instance | undefined;
let generation = 0;

/** Each entry calls this once, with the module as its runtime gives it. */
export function bind(compiled: WebAssembly.Module): void {
  module = compiled;
  instantiate();
}

/** Counts the instances: what was made by an earlier one is dead. */
export function currentGeneration(): number {
  return generation;
}

/**
 * Calls into wasm. A failure that the core reports is thrown as an {@link EdgegateError}. After a trap the instance's memory
 * cannot be trusted, so the next call finds a new one.
 */
export function call<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isFailure(error)) throw new EdgegateError(error.code, error.message);
    // A trap, or a stack that ran out in the middle of wasm (a RangeError in V8, an InternalError in SpiderMonkey).
    if (!(error instanceof TypeError)) instantiate();
    throw error;
  }
}

function instantiate(): void {
  if (!module) throw new Error("edgegate: no entry has bound the wasm module");
  instance = new WebAssembly.Instance(module, { "./edgegate_bg.js": glue as unknown as WebAssembly.ModuleImports });
  generation += 1;
  (glue as unknown as Handshake).__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start(): void }).__wbindgen_start();
}

function isFailure(error: unknown): error is glue.Failure {
  return typeof error === "object" && error !== null && !(error instanceof Error) && "code" in error;
}
