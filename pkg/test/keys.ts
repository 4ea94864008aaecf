import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from "jose";
import { randomBytes } from "node:crypto";

/** The algorithms of key pairs that are verified. */
export const PAIRS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] as const;

/** Those of secrets, and how many bytes a secret must have at least. */
export const SECRETS = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** A key pair, made by WebCrypto, with both halves as JWKs that say their `alg` and `kid`. */
export interface Pair {
  privateKey: CryptoKey;
  privateJwk: JWK;
  publicJwk: JWK;
  kid: string;
  alg: string;
}

export async function pair(alg: string, kid = `${alg} key`): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const named = { alg, kid };
  return {
    privateKey,
    privateJwk: { ...(await exportJWK(privateKey)), ...named },
    publicJwk: { ...(await exportJWK(publicKey)), ...named },
    ...named,
  };
}

/** The same pair for another algorithm: RSA keys take a while to make. */
export async function pairAs(alg: string, { privateJwk, publicJwk }: Pair, kid = `${alg} key`): Promise<Pair> {
  const named = { alg, kid };
  const privateKey = (await importJWK({ ...privateJwk, ...named })) as CryptoKey;
  return { privateKey, privateJwk: { ...privateJwk, ...named }, publicJwk: { ...publicJwk, ...named }, ...named };
}

export function secret(alg: keyof typeof SECRETS, kid = `${alg} key`): { jwk: JWK; bytes: Uint8Array } {
  const bytes = randomBytes(SECRETS[alg]);
  return { jwk: { kty: "oct", alg, kid, k: bytes.toString("base64url") }, bytes };
}

/** The text of a JWK set, as `JWT_KEYS` holds it. */
export function jwkSet(...keys: JWK[]): string {
  return JSON.stringify({ keys });
}

/** A token signed by jose, for the user 7 unless the claims say otherwise. */
export function signed(
  header: { alg: string; kid?: string },
  key: CryptoKey | Uint8Array,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT({ user_id: 7, exp: FAR, ...claims }).setProtectedHeader({ typ: "JWT", ...header }).sign(key);
}

/** The first second of the year 2100. */
export const FAR = 4_102_444_800;

export const refused = (reason: string) => ({ outcome: "refused", reason });

/** The token with one bit of its signature changed. */
export function withBitChanged(token: string, bit: number): string {
  const [header, payload, signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return `${header}.${payload}.${bytes.toString("base64url")}`;
}
