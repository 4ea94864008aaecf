import wasm from "../../wasm/password_bg.wasm?module";
import { bind } from "../instance.js";

bind(wasm);

export * from "./index.js";
