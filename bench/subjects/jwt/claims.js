// The same key and the same two claims for all subjects: those of a login's token.

export const SECRET_KEY = "a secret of the benchmark, as long as 32 bytes in hexadecimal is";

export const claims = () => ({ user_id: 12345, exp: Math.floor(Date.now() / 1000) + 1800 });

/** The key as an imported `CryptoKey`: the fastest option of every library that accepts one. */
export const cryptoKey = () =>
  crypto.subtle.importKey("raw", new TextEncoder().encode(SECRET_KEY), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
