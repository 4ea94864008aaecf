import { sign as signJwt, verify as verifyJwt } from "hono/jwt";
import { claims, cryptoKey } from "./claims.js";

let key;

export const prepare = async () => (key = await cryptoKey());
export const sign = () => signJwt(claims(), key, "HS256");
export const verify = async (token) => (await verifyJwt(token, key, "HS256")).user_id === 12345;
