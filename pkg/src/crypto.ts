// What the platform's cryptography does for the core: signatures of key pairs. As fast as the platform, and no weight.

/** The parameters of `crypto.subtle` for each algorithm of RFC 7518 and RFC 8037 that is not worked out in the core. */
const PARAMETERS: Record<string, Parameters> = {
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  RS384: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  RS512: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  PS384: { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 },
  PS512: { name: "RSA-PSS", hash: "SHA-512", saltLength: 64 },
  ES256: { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  ES384: { name: "ECDSA", hash: "SHA-384", namedCurve: "P-384" },
};

interface Parameters {
  name: string;
  hash?: string;
  saltLength?: number;
  namedCurve?: string;
}

/** Imported keys; more than these come only from providers that change theirs all the time. */
const KEYS_MAX = 64;

const keys = new Map<string, CryptoKey>();

/** Whether the signature is that of the message. A key that is none, such as a point off its curve, has signed nothing. */
export async function holds(
  algorithm: string,
  jwk: string,
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    const key = await imported(algorithm, jwk, "verify");
    return await crypto.subtle.verify(parameters(algorithm), key, signature, message);
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

/** The signature of the message by a private key. */
export async function sign(algorithm: string, jwk: string, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const key = await imported(algorithm, jwk, "sign");
  return new Uint8Array(await crypto.subtle.sign(parameters(algorithm), key, message));
}

/** Keys are kept and not promises, which Workers forbid to cross requests. */
async function imported(algorithm: string, jwk: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  const name = `${algorithm} ${usage} ${jwk}`;
  let key = keys.get(name);
  if (!key) {
    key = await crypto.subtle.importKey("jwk", JSON.parse(jwk) as JsonWebKey, parameters(algorithm), false, [usage]);
    const oldest = keys.keys().next();
    if (keys.size >= KEYS_MAX && !oldest.done) keys.delete(oldest.value);
    keys.set(name, key);
  }
  return key;
}

function parameters(algorithm: string): Parameters {
  const found = PARAMETERS[algorithm];
  if (!found) throw new TypeError(`edgegate: no parameters for ${algorithm}`);
  return found;
}
