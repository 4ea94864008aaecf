import { issueToken, verifyToken } from "edgegate";
import { privateJwk, publicJwk } from "./keys.js";

const settings = {};

export function prepare(alg) {
  const jwk = alg === "EdDSA" ? privateJwk(alg) : publicJwk(alg);
  settings[alg] ??= { JWT_KEYS: JSON.stringify({ keys: [jwk] }) };
}

export const sign = (alg) => issueToken(12345, settings[alg]);
export const verify = async (alg, token) => (await verifyToken(token, settings[alg])).outcome === "accepted";
