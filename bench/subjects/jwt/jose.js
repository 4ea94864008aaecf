import { jwtVerify, SignJWT } from "jose";
import { claims, cryptoKey } from "./claims.js";

let key;
const options = { algorithms: ["HS256"] };

export const prepare = async () => (key = await cryptoKey());
export const sign = () => new SignJWT(claims()).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
export const verify = async (token) => (await jwtVerify(token, key, options)).payload.user_id === 12345;
