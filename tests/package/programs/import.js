import * as main from "edgegate";
import * as inline from "edgegate/inline";
import * as memory from "edgegate/memory";
import * as password from "edgegate/password";
import * as slim from "edgegate/slim";
import * as token from "edgegate/token";
import { readFileSync } from "node:fs";
import { use } from "./use.js";

const wasm = readFileSync(new URL("node_modules/edgegate/wasm/edgegate_bg.wasm", import.meta.url));
console.log(await use({ main, inline, slim, token, password, memory, wasm }));
