import wasm from "../../wasm/password_bg.wasm";
import { bind } from "../instance.js";

bind(wasm);

export * from "./index.js";
