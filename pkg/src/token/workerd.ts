import wasm from "../../wasm/token_bg.wasm";
import { bind } from "../instance.js";

bind(wasm);

export * from "./index.js";
