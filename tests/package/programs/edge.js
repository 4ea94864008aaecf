import * as main from "edgegate";
import * as inline from "edgegate/inline";
import wasm from "./node_modules/edgegate/wasm/edgegate_bg.wasm?module";
import * as memory from "edgegate/memory";
import * as password from "edgegate/password";
import * as slim from "edgegate/slim";
import * as token from "edgegate/token";
import { use } from "./use.js";

console.log(await use({ main, inline, slim, token, password, memory, wasm }));
