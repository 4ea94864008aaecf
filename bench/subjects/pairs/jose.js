import { jwtVerify, SignJWT } from "jose";
import { claims, cryptoKey, publicJwk } from "./keys.js";

const keys = {};

export async function prepare(alg) {
  keys[alg] ??= {
    verify: await cryptoKey(alg, "verify"),
    sign: alg === "EdDSA" ? await cryptoKey(alg, "sign") : undefined,
    header: { alg, kid: publicJwk(alg).kid, typ: "JWT" },
    options: { algorithms: [alg] },
  };
}

export const sign = (alg) => new SignJWT(claims()).setProtectedHeader(keys[alg].header).sign(keys[alg].sign);
export const verify = async (alg, token) =>
  (await jwtVerify(token, keys[alg].verify, keys[alg].options)).payload.user_id === 12345;
