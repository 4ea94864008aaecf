import wasm from "../../wasm/token.base64.js";
import { bytesOf } from "../inlined.js";
import { bind } from "../instance.js";

bind(bytesOf(wasm));

export * from "./index.js";
