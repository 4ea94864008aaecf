import module from "../../../target/xtask/bench/argon2/argon2.wasm";
import { verifier } from "./rust.js";

export const verify = verifier(module);
