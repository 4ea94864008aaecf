import { createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import { claims, SECRET_KEY } from "./claims.js";

const key = createSecretKey(SECRET_KEY, "utf8");
const options = { algorithms: ["HS256"] };

export const sign = async () => jwt.sign(claims(), key, { algorithm: "HS256" });
export const verify = async (token) => jwt.verify(token, key, options).user_id === 12345;
