import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { UsageError, options } from "./usage.js";

/** Bytes of a secret: those of the hash (RFC 7518 3.2). */
const SECRETS = new Map([
  ["HS256", 32],
  ["HS384", 48],
  ["HS512", 64],
]);

/** Makes a signing key and prints it. */
export async function keygen(args: string[]): Promise<number> {
  const { alg, kid, set } = options(args, {
    alg: { type: "string", default: "EdDSA" },
    kid: { type: "string" },
    set: { type: "boolean", default: false },
  });
  if (kid === "") throw new UsageError("a key's name is not empty");
  const jwk = { ...(await generate(alg)), ...(kid === undefined ? {} : { kid }) };
  console.log(JSON.stringify(set ? { keys: [jwk] } : jwk));
  console.error(advice(jwk.kid, alg, set));
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
  if (!bytes) throw new UsageError("--alg is none of EdDSA, HS256, HS384 and HS512");
  return { kty: "oct", alg, kid: randomBytes(9).toString("base64url"), k: randomBytes(bytes).toString("base64url") };
}

function advice(kid: string, alg: string, set: boolean): string {
  const who =
    alg === "EdDSA"
      ? "Keep it secret. Others verify with its public half, which GET /.well-known/jwks.json publishes."
      : "Keep it secret: whoever can verify with it can also sign.";
  const where = set
    ? "This is a whole JWT_KEYS. For a Worker: pipe it into `npx wrangler secret put JWT_KEYS`."
    : 'Put it into JWT_KEYS, {"keys": [...]}: the first key signs, all verify. For a Worker: `npx wrangler secret put JWT_KEYS`.';
  return (
    `\n${who}\n${where}\n` +
    "To rotate: add the new key last and deploy; when every verifier knows it, move it to the front; take the old one out when\n" +
    `its last token has expired. Tokens of this key say \`"kid": ${JSON.stringify(kid)}\`.`
  );
}
