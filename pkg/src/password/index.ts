// The names of `edgegate/password`: passwords without tokens, forms and users.

// @ts-expect-error the glue has no types of its own
import * as glue from "../../wasm/password_bg.js";
import { setGlue } from "../glue.js";

setGlue(glue);

export { EdgegateError } from "../errors.js";
export { hashPassword, hashPasswords, stopWork, verifyPassword, verifyPasswords } from "../passwords.js";
