// What the platform's cryptography does for the core: signatures of key pairs. As fast as the platform, and no weight.

import { perInstance } from "./instance.js";

/** Names and parameters of `crypto.subtle` for the algorithms of RFC 7518 and RFC 8037 that are not worked out in the core. */
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

/** A key as the platform has it; none, when it is malformed in a way that only mathematics tells. */
interface Imported {
  key: CryptoKey | undefined;
  parameters: Parameters;
}

/** Imported keys that are kept; more there are only if settings are made again and again. */
const KEYS_MAX = 100;

/** By the key's number, which no other key of the instance has. Keys are kept and not promises, which may not cross requests. */
const imports = perInstance(() => new Map<number, Imported>());

/** Whether the signature is that of the message. `jwk` is asked for when the key is new. */
export function holds(number: number, jwk: () => string, message: Bytes, signature: Bytes): Promise<boolean> {
  const keys = imports();
  const known = keys.get(number);
  // Not async: what is known needs no promise beside the platform's own.
  return known
    ? check(known, message, signature)
    : imported(keys, number, jwk(), "verify").then((made) => check(made, message, signature));
}

function check({ key, parameters }: Imported, message: Bytes, signature: Bytes): Promise<boolean> {
  return key ? crypto.subtle.verify(parameters, key, signature, message) : Promise.resolve(false);
}

/** The signature of the message. `jwk` is asked for when the key is new. */
export async function sign(number: number, jwk: () => string, message: Bytes): Promise<Uint8Array> {
  // Of one pair the public key is kept by the number, the private one by its negative.
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

/** A point that is not on its curve: such a key has signed nothing. */
function malformed(error: unknown): undefined {
  if (!(error instanceof DOMException)) throw error;
}
