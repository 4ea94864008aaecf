import setup from "argon2id/lib/setup.js";
import plain from "argon2id/dist/no-simd.wasm";
import simd from "argon2id/dist/simd.wasm";
import { verifier } from "./openpgp.verify.js";

const load = (module) => async (imports) => ({ instance: new WebAssembly.Instance(module, imports) });

let made;
export const verify = async (password, stored) => (made ??= verifier(await setup(load(simd), load(plain))))(password, stored);
