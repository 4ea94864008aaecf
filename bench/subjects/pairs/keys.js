// One key for each algorithm, the same for all subjects. The keys are public and only for measuring.

import keys from "./keys.json" with { type: "json" };

export const claims = () => ({ user_id: 12345, exp: Math.floor(Date.now() / 1000) + 1800 });

export const privateJwk = (alg) => keys[alg];

export function publicJwk(alg) {
  const { kty, crv, x, y, n, e, kid } = keys[alg];
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, alg, kid }));
}

const PARAMETERS = {
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
};

/** The private or public key as a `CryptoKey`. */
export const cryptoKey = (alg, usage) => {
  const { kid: _, ...jwk } = usage === "sign" ? privateJwk(alg) : publicJwk(alg);
  return crypto.subtle.importKey("jwk", jwk, PARAMETERS[alg], false, [usage]);
};

/** A token that was signed by none of the subjects. */
export async function foreignToken(alg) {
  const encode = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const part = (value) => encode(new TextEncoder().encode(JSON.stringify(value)));
  const message = `${part({ alg, kid: publicJwk(alg).kid, typ: "JWT" })}.${part(claims())}`;
  const key = await cryptoKey(alg, "sign");
  const signature = await crypto.subtle.sign(PARAMETERS[alg], key, new TextEncoder().encode(message));
  return `${message}.${encode(new Uint8Array(signature))}`;
}
