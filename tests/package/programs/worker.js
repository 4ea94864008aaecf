import * as main from "edgegate";
import wasm from "edgegate/edgegate.wasm";
import * as memory from "edgegate/memory";
import * as password from "edgegate/password";
import * as slim from "edgegate/slim";
import * as token from "edgegate/token";
import { use } from "./use.js";

// `edgegate/inline` compiles bytes, which Workers forbid.
export default { fetch: () => use({ main, inline: main, slim, token, password, memory, wasm }).then((text) => new Response(text)) };
