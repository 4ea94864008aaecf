// The names of `edgegate/token`: tokens without passwords, forms and users.

// @ts-expect-error the glue has no types of its own
import * as glue from "../../wasm/token_bg.js";
import { setGlue } from "../glue.js";

setGlue(glue);

export { EdgegateError } from "../errors.js";
export { issueToken, verifyToken } from "../tokens.js";

export type { IssueOptions, Settings } from "../core.js";
export type { Claims, TokenVerdict } from "../verdict.js";
export type { UserId } from "../../wasm/edgegate.js";
