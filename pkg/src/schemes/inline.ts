import wasm from "../../wasm/schemes.base64.js";
import { bytesOf } from "../inlined.js";
import { Schemes } from "../schemes.js";

export * from "./index.js";

/** Verifies and makes hashes by the module of this package. It is compiled, and its memory taken, when a hash needs it. */
export const schemes: Schemes = new Schemes(() => WebAssembly.compile(bytesOf(wasm)));
