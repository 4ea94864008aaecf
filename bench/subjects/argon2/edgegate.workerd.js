import { Schemes } from "../../../pkg/lib/schemes.js";
import module from "../../../pkg/wasm/schemes.wasm";

const schemes = new Schemes(module);
export const verify = (password, stored) => schemes.verify(password, stored);
