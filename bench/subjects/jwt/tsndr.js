import jwt from "@tsndr/cloudflare-worker-jwt";
import { claims, cryptoKey } from "./claims.js";

let key;
const options = { algorithm: "HS256" };

export const prepare = async () => (key = await cryptoKey());
export const sign = () => jwt.sign(claims(), key, options);
export const verify = async (token) => (await jwt.verify(token, key, options)).payload.user_id === 12345;
