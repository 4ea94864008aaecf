import "edgegate";
import { glue } from "../../dist/glue.js";

export default { fetch: () => new Response(String(glue.isSignalled())) };
