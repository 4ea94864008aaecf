import wasm from "../../wasm/password.base64.js";
import { bytesOf } from "../inlined.js";
import { bind } from "../instance.js";

bind(bytesOf(wasm));

export * from "./index.js";
