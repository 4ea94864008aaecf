import setup from "argon2id/lib/setup.js";
import { compiled } from "./module.js";
import { verifier } from "./openpgp.verify.js";

const load = (name) => async (imports) => ({ instance: await WebAssembly.instantiate(compiled(`bench/node_modules/argon2id/dist/${name}`), imports) });

export const verify = verifier(await setup(load("simd.wasm"), load("no-simd.wasm")));
