// The crates of bench/argon2, which have one function.
import { equal, parts, utf8 } from "./stored.js";

export function verifier(module) {
  const wasm = new WebAssembly.Instance(module).exports;
  return async (password, stored) => {
    const { memory, passes, lanes, salt, tag } = parts(stored);
    const buffer = () => new Uint8Array(wasm.memory.buffer, wasm.buffer(), 32);
    buffer().set(utf8(password));
    buffer().set(salt, 16);
    wasm.hash(memory, passes, lanes);
    return equal(buffer(), tag);
  };
}
