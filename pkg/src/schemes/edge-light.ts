import wasm from "../../wasm/schemes.wasm?module";
import { Schemes } from "../schemes.js";

export * from "./index.js";

/** Verifies and makes hashes by the module of this package. Its memory is taken when a hash needs it. */
export const schemes: Schemes = new Schemes(wasm);
