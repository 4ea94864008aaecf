// The command `edgegate`, as a process of its own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createGate, issueToken, verifyToken } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from "jose";
import { jwkSet, pair, SECRETS, signed } from "./keys.ts";
import { SECRET_KEY } from "./users.ts";

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "edgegate-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** With an environment that holds these settings and no others. */
function edgegate(args: string[], input = "", settings: Record<string, string> = {}): Ran {
  const env = { PATH: process.env["PATH"], ...settings };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { input, env, encoding: "utf8" });
  return { status, stdout, stderr };
}

const inspect = (token: string, settings?: Record<string, string>, ...args: string[]) =>
  edgegate(["token", "inspect", ...args], token, settings);

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function keygen(...args: string[]): { jwk: JWK; stderr: string } {
  const { status, stdout, stderr } = edgegate(["keygen", ...args]);
  assert.equal(status, 0, stderr);
  assert.equal(stdout.trim().split("\n").length, 1, "the key is the only line");
  return { jwk: JSON.parse(stdout) as JWK, stderr };
}

test("the default is an EdDSA key, named by its thumbprint (RFC 7638) and valid in JWT_KEYS", async () => {
  for (const args of [[], ["--alg", "EdDSA"]]) {
    const { jwk, stderr } = keygen(...args);
    assert.deepEqual(Object.keys(jwk), ["kty", "crv", "alg", "kid", "x", "d"]);
    assert.deepEqual([jwk.kty, jwk.crv, jwk.alg], ["OKP", "Ed25519", "EdDSA"]);
    assert.equal(jwk.kid, await calculateJwkThumbprint(jwk, "sha256"));
    const settings = { JWT_KEYS: jwkSet(jwk) };
    const token = await issueToken(7, settings);
    assert.equal(decodeProtectedHeader(token).kid, jwk.kid);
    assert.equal((await verifyToken(token, settings)).outcome, "accepted");
    assert(!stderr.includes(jwk.d as string));
  }
  assert.notEqual(keygen().jwk.d, keygen().jwk.d);
});

test("a secret has the length of its hash and is valid in JWT_KEYS", async () => {
  for (const [alg, bytes] of Object.entries(SECRETS)) {
    const { jwk, stderr } = keygen("--alg", alg);
    assert.deepEqual([jwk.kty, jwk.alg, Buffer.from(jwk.k as string, "base64url").length], ["oct", alg, bytes]);
    const settings = { JWT_KEYS: jwkSet(jwk) };
    const token = await issueToken(7, settings);
    assert.deepEqual(decodeProtectedHeader(token), { alg, kid: jwk.kid, typ: "JWT" });
    assert.equal((await verifyToken(token, settings)).outcome, "accepted");
    assert(!stderr.includes(jwk.k as string));
    assert.notEqual(keygen("--alg", alg).jwk.k, jwk.k);
  }
});

test("--set prints a value of JWT_KEYS, and --kid sets the key id", async () => {
  for (const alg of ["EdDSA", "HS256"]) {
    const { status, stdout } = edgegate(["keygen", "--alg", alg, "--set", "--kid", "2026-11"]);
    assert.equal(status, 0);
    assert.equal(decodeProtectedHeader(await issueToken(7, { JWT_KEYS: stdout })).kid, "2026-11");
  }
});

test("a wrong call of keygen has its own exit status and makes no key", () => {
  for (const args of [["--alg", "RS256"], ["--alg", "none"], ["--alg", "toString"], ["--alg"], ["--kid", ""], ["--what"], ["EdDSA"]]) {
    const { status, stdout, stderr } = edgegate(["keygen", ...args]);
    assert.deepEqual([status, stdout], [2, ""], args.join(" "));
    assert.match(stderr, /^edgegate: .*\n\nNext: `npx edgegate keygen --help` shows how it is used\.\n$/s);
  }
});

test("without a key a token is explained and not verified", async () => {
  const token = await signed({ alg: "ES256", kid: "k" }, (await pair("ES256")).privateKey, { iat: 1_700_000_000, exp: 1_700_000_060 });
  for (const input of [token, `  ${token}\n`, `Bearer ${token}`]) {
    const { status, stdout } = inspect(input);
    assert.equal(status, 0);
    assert.match(stdout, /alg {2,}"ES256" {2}\(ECDSA on P-256 with SHA-256\)/);
    assert.match(stdout, /kid {2,}"k"/);
    assert.match(stdout, /exp {2,}1700000060 {2}\(2023-11-14T22:14:20\.000Z, expired \d+ days ago\)/);
    assert.match(stdout, /verdict {2}none: there is no key/);
  }
  const strange = [{ alg: "none" }, { alg: "toString" }, {}].map((header) => Buffer.from(JSON.stringify(header)).toString("base64url"));
  for (const [at, says] of [/never accepted/, /"toString" {2}\(not supported\)/, /^header\nclaims$/m].entries()) {
    const { status, stdout } = inspect(`${strange[at]}.${strange[2]}.`);
    assert.equal(status, 0);
    assert.match(stdout, says);
  }
});

test("a token cannot control the terminal", () => {
  const [escape, csi, reversed, tag] = ["\u001b[2J", "\u009b2J", "\u202e", "\u{e0041}"];
  const hostile = { [`a${escape}${csi}`]: 1, b: `${escape}${csi}${reversed}${tag}é` };
  const part = Buffer.from(JSON.stringify({ alg: "HS256", ...hostile })).toString("base64url");
  const { status, stdout } = inspect(`${part}.${part}.`);
  assert.equal(status, 0);
  assert.doesNotMatch(stdout, /[^\n\x20-\x7eé]/);
  assert(stdout.includes('"\\u001b[2J\\u009b2J\\u202e\\udb40\\udc41é"') && stdout.includes('"a\\u001b[2J\\u009b2J"'), stdout);
});

test("the keys of a file give the verdict and the exit status", async () => {
  const [good, other] = [await pair("EdDSA", "good"), await pair("EdDSA", "good")];
  const token = await signed({ alg: "EdDSA", kid: "good" }, good.privateKey);
  const stale = await signed({ alg: "EdDSA", kid: "good" }, good.privateKey, { exp: 1 });
  const verdictOf = (token: string, name: string, keys: string) => {
    const { status, stdout } = inspect(token, {}, "--keys", write(name, keys));
    return [status, /^verdict {2}(\S+ ?\S*)/m.exec(stdout)?.[1]];
  };
  assert.deepEqual(verdictOf(token, "set.json", jwkSet(good.publicJwk)), [0, "accepted"]);
  assert.deepEqual(verdictOf(token, "key.json", JSON.stringify(good.publicJwk)), [0, "accepted"]);
  assert.deepEqual(verdictOf(token, "other.json", jwkSet(other.publicJwk)), [1, "refused: signature:"]);
  assert.deepEqual(verdictOf(stale, "set.json", jwkSet(good.publicJwk)), [1, "refused: expired:"]);
  for (const alg of ["RS256", "HS256"]) {
    const key = jwkSet(alg === "HS256" ? keygen("--alg", alg).jwk : (await pair(alg)).publicJwk);
    assert.deepEqual(verdictOf(token, "set.json", key), [1, "refused: unknown-key:"]);
  }
});

test("the environment's settings give the verdict and the exit status", async () => {
  const token = await issueToken(7, { SECRET_KEY });
  assert.match(inspect(token, { SECRET_KEY }).stdout, /^verdict {2}accepted$/m);
  assert.equal(inspect(token, { SECRET_KEY }).status, 0);
  for (const settings of [{ SECRET_KEY: `${SECRET_KEY}!` }, { SECRET_KEY, JWT_ISSUER: "https://edge.example" }]) {
    const { status, stdout } = inspect(token, settings);
    assert.equal(status, 1);
    assert.match(stdout, /^verdict {2}refused: (signature|claim:iss): /m);
  }
  const { jwk } = keygen();
  const ours = { JWT_KEYS: jwkSet(jwk) };
  assert.equal(inspect(await issueToken(7, ours), ours).status, 0);
  assert.equal(inspect(token, ours).status, 1);
});

test("an invalid token exits with 1, no token with 2", () => {
  const [rsa, list] = ['{"alg":"RSA-OAEP","enc":"A256GCM"}', "[]"].map((part) => Buffer.from(part).toString("base64url"));
  for (const input of ["x", "a.b.c", `${rsa}.${list}.`, `${rsa}.a.b.c.d`, `${list}.${rsa}.`, "x".repeat(9000)]) {
    const { status, stdout, stderr } = inspect(input, { SECRET_KEY });
    assert.deepEqual([status, stderr], [1, ""], input.slice(0, 20));
    assert.match(stdout, /^verdict {2}refused: /m);
  }
  for (const input of ["", " \n"]) {
    const { status, stdout, stderr } = inspect(input, { SECRET_KEY });
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /holds no token/);
  }
});

test("invalid settings and files exit with 2, and their contents are not repeated", async () => {
  const token = await issueToken(7, { SECRET_KEY });
  const cases = [
    inspect(token, { SECRET_KEY: "hunter2" }),
    inspect(token, { JWT_KEYS: "hunter2" }),
    inspect(token, {}, "--keys", write("text", "hunter2")),
    inspect(token, {}, "--keys", write("list.json", '["hunter2"]')),
    inspect(token, {}, "--keys", "hunter2"),
  ];
  for (const { status, stdout, stderr } of cases) {
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^edgegate: /);
    assert(!`${stdout}${stderr}`.includes("hunter2"));
  }
});

test("an unexpected argument is refused and not repeated", async () => {
  const token = await issueToken(7, { SECRET_KEY });
  for (const args of [["token", "inspect", token], ["keygen", token], ["token", token], [token], ["token", "inspect", `--${token}`]]) {
    const { status, stdout, stderr } = edgegate(args, token);
    assert.equal(status, 2, args.slice(0, -1).join(" "));
    assert(!`${stdout}${stderr}`.includes(token.slice(-20)), stderr);
  }
});

test("an error names the help of the command that was called, without its arguments", () => {
  for (const [args, help] of [
    [["hunter2"], "--help"],
    [["invite", "keygen", "--minutes", "x"], "invite --help"],
    [["users", "hunter2"], "users --help"],
    [["users", "add", "hunter2", "--db", "keygen"], "users add --help"],
    [["token", "inspect", "hunter2"], "token inspect --help"],
    [["users", "import", "postgres://user:hunter2@127.0.0.1/db"], "users import --help"],
    [["users", "stats", "--db", "sqlite:postgres://user:hunter2@127.0.0.1/db"], "users stats --help"],
    [["users", "stats", "--db", "d1:postgres://user:hunter2@127.0.0.1/db"], "users stats --help"],
    [["shadow", "report", "postgres://user:hunter2@127.0.0.1/db"], "shadow report --help"],
  ] as const) {
    const { status, stderr } = edgegate([...args]);
    assert.equal(status, 2);
    assert(stderr.endsWith(`\n\nNext: \`npx edgegate ${help}\` shows how it is used.\n`), stderr);
    assert(!stderr.includes("hunter2"));
  }
});

test("--help and --version print to stdout, and a missing command is a wrong call", () => {
  const help = edgegate(["--help"]);
  assert.equal(help.status, 0);
  assert.match(help.stdout, /\n {2}init .*\n {2}users .*\n {2}keygen .*\n {2}invite .*\n {2}token /s);
  assert.deepEqual([edgegate(["-h"]), edgegate(["help"])], [help, help]);
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  for (const option of ["--version", "-V"]) assert.deepEqual(edgegate([option]), { status: 0, stdout: `${version}\n`, stderr: "" });
  assert.deepEqual(edgegate([]), { status: 2, stdout: "", stderr: help.stdout });
});

test("times are explained by their distance from now", async () => {
  const now = Math.floor(Date.now() / 1000);
  const token = (claims: Record<string, number>) => signed({ alg: "HS256" }, new TextEncoder().encode(SECRET_KEY), claims);
  const future = inspect(await token({ nbf: now + 3 * 3600 + 60, iat: now + 300 })).stdout;
  assert.match(future, /valid in 3 hours/);
  assert.match(future, /issued 4 minutes ahead of this clock/);
  const past = inspect(await token({ nbf: now - 3 * 3600 - 60, iat: now - 7 * 86400 - 60 })).stdout;
  assert.match(past, /valid since 3 hours ago/);
  assert.match(past, /issued 7 days ago/);
  const others = inspect(await token({ nbf: now + 90 * 60 + 30, exp: 9e15 })).stdout;
  assert.match(others, /valid in 90 minutes/);
  assert.match(others, /9000000000000000  \(expires in \d+ days\)/);
});

test("the keys of a provider alone are keys, and a list is no payload", async () => {
  const { status, stdout, stderr } = inspect(await issueToken(7, { SECRET_KEY }), { JWKS_URL: "https://id.invalid/keys" });
  assert.notEqual(status, 0);
  assert(!stdout.includes("there is no key"), stdout + stderr);
  const list = ["eyJhbGciOiJIUzI1NiJ9", Buffer.from("[1]").toString("base64url"), "A".repeat(43)].join(".");
  const inspected = inspect(list);
  assert.equal(inspected.status, 1);
  assert.match(inspected.stdout, /refused: malformed/);
  assert(!inspected.stdout.includes("claims"), inspected.stdout);
});

test("an invitation is printed, and a gate with the same key accepts it", async () => {
  const { status, stdout, stderr } = edgegate(["invite", "ada@example.com", "--minutes", "5"], "", { SECRET_KEY });
  assert.deepEqual([status, stderr], [0, ""]);
  const gate = createGate({ SECRET_KEY, BCRYPT_COST: "10", RATE_LIMIT: "off", REGISTRATION: "invitation" }, memoryUsers());
  const signUp = async (email: string) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email, password: "correct horse", invitation: stdout.trim() }) };
    return (await gate.fetch(new Request("http://localhost/users", init))).status;
  };
  assert.deepEqual([await signUp("grace@example.com"), await signUp("ada@example.com")], [403, 201]);
  for (const [args, settings, message] of [
    [["invite"], { SECRET_KEY }, /missing required argument 'email'/],
    [["invite", "a@example.com", "b@example.com"], { SECRET_KEY }, /must not be passed as arguments/],
    [["invite", "nobody"], { SECRET_KEY }, /the text is not an e-mail address/],
    [["invite", "a@example.com", "--minutes", "x"], { SECRET_KEY }, /--minutes must be a whole number from 1 to 527040/],
    [["invite", "a@example.com", "--days", "1"], { SECRET_KEY }, /unknown option/],
    [["invite", "a@example.com"], {}, /SECRET_KEY is missing/],
  ] as const) {
    const ran = edgegate([...args], "", settings as Record<string, string>);
    assert.equal(ran.status, 2, ran.stderr);
    assert.match(ran.stderr, message);
    assert(!ran.stderr.includes(SECRET_KEY) && ran.stdout === "");
  }
});
