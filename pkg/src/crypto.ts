// Signatures of key pairs, computed by Web Crypto: as fast as the platform, and no code in the wasm.

import { perInstance } from "./instance.js";

/** Names and parameters of `crypto.subtle` for the algorithms of RFC 7518 and RFC 8037 that the core does not compute. */
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

type Bytes = Uint8Array<ArrayBuffer>;

/** An imported key; `undefined` when Web Crypto refuses it, for example for a point that is not on the curve. */
interface Imported {
  key: CryptoKey | undefined;
  parameters: Parameters;
}

/** Size of the cache. More keys exist only if a program creates settings again and again. */
const KEYS_MAX = 100;

/**
 * Imported keys by their number, which is unique in the instance. It contains no promises, because Workers forbid a
 * promise to cross requests.
 */
const imports = perInstance(() => new Map<number, Imported>());

/** Whether the signature is valid for the message. `jwk` is called when the key is not cached. */
export function holds(number: number, jwk: () => string, message: Bytes, signature: Bytes): Promise<boolean> {
  const keys = imports();
  const known = keys.get(number);
  // Not async: a cached key needs no promise besides the one of Web Crypto.
  return known
    ? check(known, message, signature)
    : imported(keys, number, jwk(), "verify").then((made) => check(made, message, signature));
}

function check({ key, parameters }: Imported, message: Bytes, signature: Bytes): Promise<boolean> {
  return key ? crypto.subtle.verify(parameters, key, signature, message) : Promise.resolve(false);
}

/** Signs the message. `jwk` is called when the key is not cached. */
export async function sign(number: number, jwk: () => string, message: Bytes): Promise<Uint8Array> {
  // The private key is cached under the negative number of its pair.
  const keys = imports();
  const { key, parameters } = keys.get(-number) ?? (await imported(keys, -number, jwk(), "sign"));
  if (!key) throw new TypeError("edgegate: the signing key cannot be imported");
  return new Uint8Array(await crypto.subtle.sign(parameters, key, message));
}

async function imported(
  keys: Map<number, Imported>,
  number: number,
  text: string,
  usage: "sign" | "verify",
): Promise<Imported> {
  const { alg, ...jwk } = JSON.parse(text) as JsonWebKey;
  const parameters = PARAMETERS[alg ?? ""];
  if (!parameters) throw new TypeError("edgegate: a key without an algorithm");
  const key = await crypto.subtle.importKey("jwk", jwk, parameters, false, [usage]).catch(malformed);
  const [oldest] = keys.keys();
  if (keys.size >= KEYS_MAX && oldest !== undefined) keys.delete(oldest);
  const made = { key, parameters };
  keys.set(number, made);
  return made;
}

/** Web Crypto refuses a point that is not on the curve. No signature of such a key is valid. */
function malformed(error: unknown): undefined {
  if (!(error instanceof DOMException)) throw error;
}
