import { createSigner, createVerifier } from "fast-jwt";
import { claims, SECRET_KEY } from "./claims.js";

const signer = createSigner({ key: SECRET_KEY, algorithm: "HS256" });
// Without its cache of verified tokens, so that the verification is measured.
const verifier = createVerifier({ key: SECRET_KEY, algorithms: ["HS256"], cache: false });

export const sign = async () => signer(claims());
export const verify = async (token) => verifier(token).user_id === 12345;
