// Keys of JWT_KEYS, with jose as the other party.

import assert from "node:assert/strict";
import { constants, createPrivateKey, sign } from "node:crypto";
import { mock, test } from "node:test";
import { createGate, EdgegateError, issueToken, verifyToken } from "edgegate";
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
  type CryptoKey,
  type JSONWebKeySet,
} from "jose";
import { FAR, jwkSet, pair, pairAs, PAIRS, refused, secret, SECRETS, signed, withBitChanged } from "./keys.ts";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const rsa = await pair("RS256");
const pairs = await Promise.all(PAIRS.map((alg) => (/^[RP]S/.test(alg) ? pairAs(alg, rsa) : pair(alg))));
const ours = await pair("EdDSA", "ours");

test("an EdDSA key signs under its kid, and both we and jose verify it", async () => {
  const settings = { JWT_KEYS: jwkSet(ours.privateJwk) };
  const token = await issueToken(7, settings);
  assert.deepEqual(decodeProtectedHeader(token), { alg: "EdDSA", kid: "ours", typ: "JWT" });
  const verdict = await verifyToken(token, settings);
  assert(verdict.outcome === "accepted");
  const { payload } = await jwtVerify(token, (await importJWK(ours.publicJwk)) as CryptoKey, { algorithms: ["EdDSA"] });
  assert.deepEqual(payload, verdict.claims);
  assert.equal(payload["user_id"], 7);
});

test("/.well-known/jwks.json is sufficient for jose and contains no private member", async () => {
  const settings = { JWT_KEYS: jwkSet(ours.privateJwk, secret("HS256").jwk, rsa.publicJwk), SECRET_KEY };
  const answer = await createGate(settings, memoryUsers()).fetch(new Request("http://localhost/.well-known/jwks.json"));
  assert.deepEqual([answer.status, answer.headers.get("cache-control")], [200, "public, max-age=300"]);
  const published = (await answer.json()) as JSONWebKeySet;
  assert.deepEqual(published, { keys: [ours, rsa].map(({ publicJwk }) => ({ ...publicJwk, use: "sig" })) });
  const { payload } = await jwtVerify(await issueToken(7, settings), createLocalJWKSet(published));
  assert.equal(payload["user_id"], 7);
});

test("secrets of every algorithm sign what jose verifies, and the other way round", async () => {
  for (const alg of Object.keys(SECRETS) as (keyof typeof SECRETS)[]) {
    const { jwk, bytes } = secret(alg);
    const text = "secret".repeat(11).slice(0, SECRETS[alg]);
    const named = { settings: { JWT_KEYS: jwkSet(jwk) }, key: bytes, header: { alg, kid: `${alg} key` } };
    const nameless = { settings: { SECRET_KEY: text, ALGORITHM: alg }, key: new TextEncoder().encode(text), header: { alg } };
    for (const { settings, key, header } of [named, nameless]) {
      const token = await issueToken(7, settings);
      assert.deepEqual(decodeProtectedHeader(token), { ...header, typ: "JWT" });
      assert.equal((await jwtVerify(token, key, { algorithms: [alg] })).payload["user_id"], 7);
      const theirs = await signed(header, key);
      assert.deepEqual(await verifyToken(theirs, settings), { outcome: "accepted", issuer: "own", userId: 7, claims: { user_id: 7, exp: FAR } });
      const signatureBits = SECRETS[alg] * 8;
      for (let bit = 0; bit < signatureBits; bit += 1) {
        assert.deepEqual(await verifyToken(withBitChanged(theirs, bit), settings), refused("signature"), `${alg}, bit ${bit}`);
      }
    }
    await assert.rejects(issueToken(7, { SECRET_KEY: text.slice(1), ALGORITHM: alg }), EdgegateError);
  }
});

for (const { alg, kid, privateKey, publicJwk } of pairs) {
  test(`${alg}: what jose signs is accepted, and with a bit changed it is not`, async () => {
    const settings = { JWT_KEYS: jwkSet(publicJwk) };
    const token = await signed({ alg, kid }, privateKey);
    assert.deepEqual(await verifyToken(token, settings), { outcome: "accepted", issuer: "own", userId: 7, claims: { user_id: 7, exp: FAR } });
    const bits = Buffer.from(token.split(".")[2] ?? "", "base64url").length * 8;
    assert(bits >= 512);
    for (let bit = 0; bit < bits; bit += 7) {
      assert.deepEqual(await verifyToken(withBitChanged(token, bit), settings), refused("signature"), `bit ${bit}`);
    }
    assert.deepEqual(await verifyToken(token.replace(/\.[^.]+$/, "."), settings), refused("signature"));
    const others = await verifyToken(await signed({ alg, kid }, (await pair(alg)).privateKey), settings);
    assert.deepEqual(others, refused("signature"));
  });
}

test("a key verifies only its own algorithm, whatever the token's header says", async () => {
  const settings = { JWT_KEYS: jwkSet(...pairs.map(({ publicJwk }) => publicJwk)) };
  const asRs384 = (await pairAs("RS384", rsa)).privateKey;
  assert.deepEqual(await verifyToken(await signed({ alg: "RS384", kid: "RS256 key" }, asRs384), settings), refused("algorithm"));
  // The public key as an HMAC secret (RFC 8725 2.1).
  const asSecret = new TextEncoder().encode(JSON.stringify(rsa.publicJwk));
  assert.deepEqual(await verifyToken(await signed({ alg: "HS256", kid: "RS256 key" }, asSecret), settings), refused("algorithm"));
});

test("the salt of RSA-PSS has the length of the hash (RFC 7518 3.5)", async () => {
  const ps256 = await pairAs("PS256", rsa);
  const message = (await signed({ alg: "PS256", kid: ps256.kid }, ps256.privateKey)).replace(/\.[^.]+$/, "");
  const key = createPrivateKey({ key: ps256.privateJwk as never, format: "jwk" });
  const verdictFor = (saltLength: number) => {
    const signature = sign("sha256", Buffer.from(message), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
    return verifyToken(`${message}.${signature.toString("base64url")}`, { JWT_KEYS: jwkSet(ps256.publicJwk) });
  };
  assert.equal((await verdictFor(32)).outcome, "accepted");
  assert.deepEqual(await verdictFor(20), refused("signature"));
});

test("an ECDSA signature is r and s concatenated, not DER (RFC 7518 3.4)", async () => {
  const es256 = await pair("ES256");
  const message = (await signed({ alg: "ES256", kid: es256.kid }, es256.privateKey)).replace(/\.[^.]+$/, "");
  const key = createPrivateKey({ key: es256.privateJwk as never, format: "jwk" });
  const verdictFor = (dsaEncoding: "der" | "ieee-p1363") => {
    const signature = sign("sha256", Buffer.from(message), { key, dsaEncoding });
    return verifyToken(`${message}.${signature.toString("base64url")}`, { JWT_KEYS: jwkSet(es256.publicJwk) });
  };
  assert.equal((await verdictFor("ieee-p1363")).outcome, "accepted");
  assert.deepEqual(await verdictFor("der"), refused("signature"));
});

test("a rotation invalidates no token: the new key signs, the old one verifies until it is removed", async () => {
  const next = await pair("EdDSA", "next");
  const before = { JWT_KEYS: jwkSet(ours.privateJwk) };
  const announced = { JWT_KEYS: jwkSet(ours.privateJwk, next.privateJwk) };
  const changed = { JWT_KEYS: jwkSet(next.privateJwk, ours.publicJwk) };
  const after = { JWT_KEYS: jwkSet(next.privateJwk) };
  const [old, young] = [await issueToken(7, announced), await issueToken(8, changed)];
  assert.deepEqual([old, young].map((token) => decodeProtectedHeader(token).kid), ["ours", "next"]);
  for (const settings of [announced, changed]) {
    for (const token of [old, young]) assert.equal((await verifyToken(token, settings)).outcome, "accepted");
  }
  assert.deepEqual(await verifyToken(young, before), refused("unknown-key"));
  assert.deepEqual(await verifyToken(old, after), refused("unknown-key"));
});

test("SECRET_KEY together with JWT_KEYS verifies tokens without a kid and signs none", async () => {
  const alone = { JWT_KEYS: jwkSet(ours.privateJwk) };
  const beside = { ...alone, SECRET_KEY };
  const bytes = new TextEncoder().encode(SECRET_KEY);
  const nameless = await signed({ alg: "HS256" }, bytes);
  assert.equal((await verifyToken(nameless, beside)).outcome, "accepted");
  assert.equal((await verifyToken(await issueToken(7, { SECRET_KEY }), beside)).outcome, "accepted");
  assert.equal(decodeProtectedHeader(await issueToken(7, beside)).kid, "ours");
  assert.deepEqual(await verifyToken(nameless, alone), refused("unknown-key"));
  assert.deepEqual(await verifyToken(withBitChanged(nameless, 0), beside), refused("signature"));
  // A key without a `kid` verifies a backend's tokens.
  assert.equal((await verifyToken(await signed({ alg: "HS256", kid: "theirs" }, bytes), beside)).outcome, "accepted");
  assert.deepEqual(await verifyToken(await signed({ alg: "HS256", kid: "ours" }, bytes), beside), refused("algorithm"));
  assert.deepEqual(await verifyToken(await signed({ alg: "EdDSA" }, ours.privateKey), beside), refused("algorithm"));
});

test("a point outside the curve verifies nothing and does not throw", async () => {
  for (const alg of ["ES256", "ES384"]) {
    const { privateKey, publicJwk, kid } = await pair(alg);
    const y = Buffer.from(publicJwk.y ?? "", "base64url");
    y[y.length - 1]! ^= 1;
    const settings = { JWT_KEYS: jwkSet({ ...publicJwk, y: y.toString("base64url") }) };
    for (let time = 0; time < 2; time += 1) {
      assert.deepEqual(await verifyToken(await signed({ alg, kid }, privateKey), settings), refused("signature"));
    }
  }
});

test("the caller's claims precede those of JWT_CLAIMS", async () => {
  const settings = {
    JWT_KEYS: jwkSet(ours.privateJwk),
    JWT_ISSUER: "https://edge.example",
    JWT_AUDIENCE: "api",
    JWT_CLAIMS: '{"role":"user","tenant":4}',
  };
  const claims = { role: "admin", scopes: ["a", "ü"], deep: { a: [1.5, null, true] } };
  const token = await issueToken(7, settings, { claims });
  const { exp, ...rest } = decodeJwt(token);
  assert(Number.isInteger(exp));
  assert.deepEqual(rest, { user_id: 7, iss: "https://edge.example", aud: "api", ...claims, tenant: 4 });
  const verdict = await verifyToken(token, settings);
  assert(verdict.outcome === "accepted");
  assert.deepEqual(verdict.claims, { exp, ...rest });
  const expected = { issuer: "https://edge.example", audience: "api" };
  await jwtVerify(token, (await importJWK(ours.publicJwk)) as CryptoKey, expected);
  assert.deepEqual(await verifyToken(token, { ...settings, JWT_AUDIENCE: "other" }), refused("claim:aud"));
  assert.deepEqual(await verifyToken(token, { ...settings, JWT_ISSUER: "other" }), refused("claim:iss"));
});

test("a claim that a setting determines is refused, and the error names it", async () => {
  const code = (expected: string) => (error: unknown) => error instanceof EdgegateError && error.code === expected;
  for (const settings of [{ SECRET_KEY }, { JWT_KEYS: jwkSet(ours.privateJwk) }]) {
    for (const name of ["exp", "iat", "nbf", "iss", "aud", "user_id"]) {
      await assert.rejects(issueToken(7, settings, { claims: { [name]: 1 } }), code(`claim:${name}`), name);
    }
    const inSub = { ...settings, USER_ID_CLAIM: "sub" };
    await assert.rejects(issueToken(7, inSub, { claims: { sub: "8" } }), code("claim:sub"));
    assert.equal(decodeJwt(await issueToken(7, inSub, { claims: { user_id: 8 } })).sub, "7");
  }
});

test("public keys alone cannot sign", async () => {
  const settings = { JWT_KEYS: jwkSet(ours.publicJwk, rsa.publicJwk) };
  const gate = createGate(settings, memoryUsers());
  for (const issued of [issueToken(7, settings), gate.issueToken(7)]) {
    await assert.rejects(issued, (error: unknown) => error instanceof EdgegateError && error.code === "no-signing-key");
  }
});

test("JWT_KEYS that cannot be used are a setting error that repeats nothing of them", async () => {
  const { jwk } = secret("HS256");
  const k = "aHVudGVyMg";
  for (const [text, secrets] of [
    ["hunter2", ["hunter2"]],
    ['{"keys":"hunter2"}', ["hunter2"]],
    [jwkSet(), []],
    [JSON.stringify(jwk), [jwk.k]],
    [jwkSet({ ...jwk, k }), [k]],
    [jwkSet({ ...jwk, k: `${jwk.k}=` }), [jwk.k]],
    [jwkSet({ ...jwk, alg: "HS384" }), [jwk.k]],
    [jwkSet({ ...jwk, alg: "none" }), [jwk.k]],
    [jwkSet({ ...jwk, use: "enc" }), [jwk.k]],
    [jwkSet(jwk, jwk), [jwk.k]],
    [jwkSet({ kty: "oct", kid: "a", k: jwk.k as string }), [jwk.k]],
    [jwkSet({ ...ours.privateJwk, d: `${ours.privateJwk.d}AA` }), [ours.privateJwk.d]],
    [jwkSet(rsa.privateJwk), [rsa.privateJwk.d]],
    [jwkSet(...Array.from({ length: 33 }, (_, at) => ({ ...jwk, kid: String(at) }))), [jwk.k]],
  ] as [string, string[]][]) {
    const named = (error: unknown) =>
      error instanceof EdgegateError &&
      error.code === "setting" &&
      error.message.startsWith("JWT_KEYS") &&
      secrets.every((part) => !error.message.includes(part));
    await assert.rejects(verifyToken("x", { JWT_KEYS: text }), named, text);
    assert.throws(() => createGate({ JWT_KEYS: text }, memoryUsers()), named, text);
  }
});

test("the user of a token with a changed signature is not returned", async () => {
  const made = await pair("EdDSA");
  const users = memoryUsers([{ id: 7, email: "a@example.com", password: null, created_at: "" }]);
  const gate = createGate({ JWT_KEYS: jwkSet(made.privateJwk) }, users);
  const token = await gate.issueToken(7);
  assert.equal((await gate.currentUser(`Bearer ${token}`)).outcome, "accepted");
  assert.deepEqual(await gate.currentUser(`Bearer ${withBitChanged(token, 3)}`), refused("signature"));
});

test("a key is imported once, cannot be exported, and the oldest of a hundred is forgotten", async () => {
  const imported = mock.method(crypto.subtle, "importKey");
  const key = await pair("EdDSA", "imported");
  imported.mock.resetCalls();
  const settings = { JWT_KEYS: jwkSet(key.privateJwk) };
  for (let round = 0; round < 3; round += 1) assert.equal((await verifyToken(await issueToken(7, settings), settings)).outcome, "accepted");
  const usages = imported.mock.calls.map(({ arguments: [, , , extractable, usages] }) => [extractable, ...usages]);
  assert.deepEqual(usages, [[false, "sign"], [false, "verify"]]);
  for (let other = 0; other < 100; other += 1) await issueToken(7, { JWT_KEYS: jwkSet({ ...key.privateJwk, kid: `other ${other}` }) });
  imported.mock.resetCalls();
  await issueToken(7, settings);
  assert.equal(imported.mock.callCount(), 1);
  imported.mock.restore();
});

test("a key that the platform refuses signs nothing", async () => {
  const key = await pair("EdDSA", "refused");
  const refusing = mock.method(crypto.subtle, "importKey", () => Promise.reject(new DOMException("not a point", "DataError")));
  await assert.rejects(issueToken(7, { JWT_KEYS: jwkSet(key.privateJwk) }), /the signing key cannot be imported/);
  refusing.mock.restore();
});
