import { readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import { EdgegateError, verifyToken, type Settings, type TokenVerdict } from "edgegate/token";
import { explainAlgorithm, explainClaim, explainReason } from "./explain.js";
import { UsageError } from "./usage.js";

/** Explains a token, and verifies it if a key is given. */
export async function inspect({ keys }: { keys?: string }): Promise<number> {
  const settings = keys === undefined ? (process.env as Settings) : { ...process.env, JWT_KEYS: readKeys(keys) };
  if (process.stdin.isTTY) console.error("Paste the token, then press Ctrl-D:");
  const token = (await text(process.stdin)).trim().replace(/^bearer\s+/i, "");
  if (token === "") throw new UsageError("standard input holds no token: pipe one into it");
  const form = await checkForm(token);
  const [header, claims] = token.split(".").slice(0, 2).map(decode);
  const isToken = form.outcome === "accepted" || IS_TOKEN.has(form.reason);
  if (!isToken || !header || !claims) {
    print([["verdict", `refused: ${explainReason(isToken ? "malformed" : form.reason)}`]]);
    return 1;
  }
  print(Object.entries(header).map(([name, value]) => [showName(name), show(value, name === "alg" && explainAlgorithm(value))]), "header");
  print(Object.entries(claims).map(([name, value]) => [showName(name), show(value, explainClaim(name, value))]), "claims");
  if (!settings.JWT_KEYS && !settings.SECRET_KEY && !settings.JWKS_URL) {
    print([["verdict", "none: there is no key. Give --keys FILE, or set JWT_KEYS or SECRET_KEY."]]);
    return 0;
  }
  const verdict = await verdictOf(token, settings);
  print([["verdict", verdict.outcome === "accepted" ? "accepted" : `refused: ${explainReason(verdict.reason)}`]]);
  return verdict.outcome === "accepted" ? 0 : 1;
}

type Members = Record<string, unknown>;

/** Refusal reasons that do not depend on the token's form. Some are found before the claims are read. */
const IS_TOKEN = new Set(["signature", "algorithm", "unknown-key"]);

/** Checks the form of the token, by verifying it with a random key. */
function checkForm(token: string): Promise<TokenVerdict> {
  return verifyToken(token, { SECRET_KEY: randomBytes(32).toString("hex") });
}

async function verdictOf(token: string, settings: Settings): Promise<TokenVerdict> {
  try {
    return await verifyToken(token, settings);
  } catch (error) {
    if (error instanceof EdgegateError) throw new UsageError(error.message);
    throw error;
  }
}

/** Reads a JWK set. A single JWK becomes a set of one. */
function readKeys(file: string): string {
  let keys: unknown;
  try {
    keys = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const why = (error as { code?: string }).code ?? "it is not JSON";
    // The message does not repeat the file name: the user may have passed the key itself.
    throw new UsageError(`the file of --keys cannot be read: ${why}`);
  }
  return JSON.stringify(keys && typeof keys === "object" && "kty" in keys ? { keys: [keys] } : keys);
}

/** The members of a header or payload; `undefined` for anything else, such as the encrypted parts of a JWE. */
function decode(part: string): Members | undefined {
  try {
    const members: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return members instanceof Object && !Array.isArray(members) ? (members as Members) : undefined;
  } catch {
    return undefined;
  }
}

function show(value: unknown, explanation: string | false | undefined): string {
  return escapeControls(JSON.stringify(value)) + (explanation ? `  (${explanation})` : "");
}

function showName(name: string): string {
  return /^[\w.:/-]+$/.test(name) ? name : escapeControls(JSON.stringify(name));
}

/** Escapes the control and formatting characters that JSON leaves: a token must not be able to control the terminal. */
function escapeControls(json: string): string {
  return json.replace(/[\x7f-\x9f]|\p{Cf}/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
}

function print(lines: [string, string][], title?: string): void {
  if (title) console.log(title);
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, value] of lines) console.log(`${title ? "  " : ""}${name.padEnd(title ? width : 0)}  ${value}`);
}
