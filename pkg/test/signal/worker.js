import wasm from "../../wasm/edgegate_bg.wasm";
import * as ownGlue from "../../wasm/edgegate_bg.js";
import { glue, setGlue } from "../../lib/glue.js";
import { bind } from "../../lib/instance.js";

setGlue(ownGlue);
bind(wasm);

export default { fetch: () => new Response(String(glue.isSignalled())) };
