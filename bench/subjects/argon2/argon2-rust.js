import { compiled } from "./module.js";
import { verifier } from "./rust.js";

export const verify = verifier(compiled("target/xtask/bench/argon2/argon2-rust.wasm"));
