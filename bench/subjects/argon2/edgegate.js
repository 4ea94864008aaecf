import { Schemes } from "../../../pkg/lib/schemes.js";
import { compiled } from "./module.js";

const schemes = new Schemes(compiled("pkg/wasm/schemes.wasm"));
export const verify = (password, stored) => schemes.verify(password, stored);
