import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { UsageError } from "./usage.js";

/** Length of a secret in bytes: that of the hash (RFC 7518 3.2). */
const SECRETS = new Map([
  ["HS256", 32],
  ["HS384", 48],
  ["HS512", 64],
]);

/** Makes a signing key and prints it. */
export async function keygen({ alg, kid, set }: { alg: string; kid?: string; set: boolean }): Promise<number> {
  if (kid === "") throw new UsageError("--kid must not be empty");
  const jwk = { ...(await generate(alg)), ...(kid === undefined ? {} : { kid }) };
  console.log(JSON.stringify(set ? { keys: [jwk] } : jwk));
  console.error(instructions(jwk.kid, alg, set));
  return 0;
}

async function generate(alg: string) {
  if (alg === "EdDSA") {
    const { crv, x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
    // RFC 7638 3: the required members in alphabetical order.
    const thumbprint = createHash("sha256").update(JSON.stringify({ crv, kty: "OKP", x })).digest("base64url");
    return { kty: "OKP", crv, alg, kid: thumbprint, x, d };
  }
  const bytes = SECRETS.get(alg);
  if (!bytes) throw new UsageError("--alg must be EdDSA, HS256, HS384 or HS512");
  return { kty: "oct", alg, kid: randomBytes(9).toString("base64url"), k: randomBytes(bytes).toString("base64url") };
}

function instructions(kid: string, alg: string, set: boolean): string {
  const secrecy =
    alg === "EdDSA"
      ? "Keep it secret. Others verify with the public key, which GET /.well-known/jwks.json publishes."
      : "Keep it secret: a party that can verify with it can also sign.";
  const usage = set
    ? "This is a complete value of JWT_KEYS. For a Worker: pipe it into `npx wrangler secret put JWT_KEYS`."
    : 'Add it to JWT_KEYS, {"keys": [...]}: the first key signs, all verify. For a Worker: `npx wrangler secret put JWT_KEYS`.';
  return (
    `\n${secrecy}\n${usage}\n` +
    "To rotate: add the new key last and deploy. When every verifier knows it, move it to the front. Remove the old key when\n" +
    `its last token has expired. Tokens of this key have \`"kid": ${JSON.stringify(kid)}\`.`
  );
}
