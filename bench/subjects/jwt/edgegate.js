import { issueToken, verifyToken } from "edgegate";
import { SECRET_KEY } from "./claims.js";

const settings = { SECRET_KEY };

export const sign = () => issueToken(12345, settings);
export const verify = async (token) => (await verifyToken(token, settings)).outcome === "accepted";
