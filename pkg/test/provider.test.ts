// An identity provider's keys over real HTTPS: when they are fetched, and which responses are refused.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, test } from "node:test";
import { EdgegateError, issueToken, verifyToken, type Settings } from "edgegate";
import { Asker, AUDIENCE, ISSUER, Provider } from "./https/provider.ts";
import { jwkSet, pair, refused, secret, signed, type Pair } from "./keys.ts";

/** A time in 2023; the tokens expire later. */
const NOW = 1_700_000_000;
const DAY = 86_400;
const COOL_DOWN = 30;
const SET_MAX_BYTES = 128 * 1024;

const key = await pair("RS256", "first");
const published = jwkSet(key.publicJwk);

const asker = new Asker();
after(() => asker.end());

const json = (body: () => string, headers: Record<string, string> = {}) => (response: ServerResponse) =>
  void response.writeHead(200, { "content-type": "application/json", ...headers }).end(body());
const fixed = (body: string, headers?: Record<string, string>) => json(() => body, headers);

let rotating = published;
let endlessBytes = 0;
const provider = new Provider({
  "/keys": fixed(published),
  "/ten-minutes": fixed(published, { "cache-control": "public, max-age=600" }),
  "/half-gone": fixed(published, { "cache-control": "max-age=600", age: "300" }),
  "/rotating": json(() => rotating, { "cache-control": "max-age=3600" }),
  "/moved": (response) => void response.writeHead(302, { location: "/target" }).end(),
  "/target": fixed(published),
  "/created": (response) => void response.writeHead(201).end(published),
  "/error": (response) => void response.writeHead(500).end(published),
  "/no-set": fixed("<!doctype html>"),
  "/just-fits": fixed(published.padEnd(SET_MAX_BYTES)),
  "/too-long": fixed(published.padEnd(SET_MAX_BYTES + 1)),
  "/endless": endless,
});
before(() => provider.open());
after(() => provider.close());

function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, " ");
  const more = (): void => {
    if (response.destroyed) return;
    endlessBytes += chunk.length;
    response.write(chunk, () => setImmediate(more));
  };
  more();
}

const theirs = (by: Pair, claims: Record<string, unknown> = {}) =>
  signed({ alg: by.alg, kid: by.kid }, by.privateKey, { iss: ISSUER, aud: AUDIENCE, sub: "auth|7", ...claims });
const token = await theirs(key);

const ask = (path: string, asked = token, at = NOW) => asker.ask({ settings: provider.settings(path), token: asked, at });
const outcome = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).outcome;

test("a provider's token is accepted with its claims, and our own tokens too", async () => {
  const verdict = await ask("/keys");
  assert(verdict.outcome === "accepted");
  assert.deepEqual([verdict.claims["iss"], verdict.claims["sub"]], [ISSUER, "auth|7"]);
  assert.deepEqual([verdict.issuer, "userId" in verdict], ["provider", false]);
  const own = await ask("/keys", await issueToken(7, provider.settings("/keys")));
  assert(own.outcome === "accepted");
  assert.deepEqual([own.issuer, own.userId], ["own", 7]);
});

test("a provider's user_id is not one of ours", async () => {
  const verdict = await ask("/keys", await theirs(key, { user_id: 1 }));
  assert(verdict.outcome === "accepted");
  assert.deepEqual([verdict.issuer, "userId" in verdict, verdict.claims["user_id"]], ["provider", false, 1]);
});

test("a token of another issuer or for another audience is refused", async () => {
  const impostor = await pair("RS256", "first");
  assert.deepEqual(await ask("/keys", await theirs(impostor)), refused("signature"));
  assert.deepEqual(await ask("/keys", await theirs(key, { aud: "another" })), refused("claim:aud"));
  assert.deepEqual(await ask("/keys", await theirs(key, { exp: NOW })), refused("expired"));
  // A key of the provider must not verify tokens of this service.
  assert.deepEqual(await ask("/keys", await theirs(key, { iss: "https://other.example" })), refused("algorithm"));
});

test("a secret that a provider publishes is refused", async () => {
  const { jwk, bytes } = secret("HS256", "shared");
  rotating = jwkSet(jwk, key.publicJwk);
  const forged = await signed({ alg: "HS256", kid: "shared" }, bytes, { iss: ISSUER, aud: AUDIENCE });
  assert.deepEqual(await ask("/rotating", forged), refused("unknown-key"));
  assert.equal(await outcome("/rotating"), "accepted");
});

test("the keys are fetched once, and again when their max-age is over", async () => {
  for (const at of [NOW, NOW + 1, NOW + 599]) assert.equal(await outcome("/ten-minutes", token, at), "accepted");
  assert.equal(provider.counts["/ten-minutes"], 1);
  assert.equal(await outcome("/ten-minutes", token, NOW + 600), "accepted");
  assert.equal(provider.counts["/ten-minutes"], 2);
});

test("the Age of a response is subtracted from its max-age", async () => {
  for (const at of [NOW, NOW + 299]) assert.equal(await outcome("/half-gone", token, at), "accepted");
  assert.equal(provider.counts["/half-gone"], 1);
  assert.equal(await outcome("/half-gone", token, NOW + 300), "accepted");
  assert.equal(provider.counts["/half-gone"], 2);
});

test("an unknown kid is fetched once, and not again within the cool-down", async () => {
  const settings = { ...provider.settings("/rotating"), JWT_LEEWAY_SECONDS: 1 };
  const [next, nobodys] = [await pair("ES256", "second"), await theirs(await pair("ES256", "nobody's"))];
  rotating = published;
  const start = provider.counts["/rotating"] ?? 0;
  const asked = async (token: string, at: number) => {
    const verdict = await asker.ask({ settings, token, at });
    return [verdict.outcome === "accepted" ? "accepted" : verdict.reason, (provider.counts["/rotating"] ?? 0) - start];
  };
  assert.deepEqual(await asked(token, NOW), ["accepted", 1]);
  assert.deepEqual(await asked(nobodys, NOW + COOL_DOWN - 1), ["unknown-key", 1]);
  assert.deepEqual(await asked(nobodys, NOW + COOL_DOWN), ["unknown-key", 2]);
  rotating = jwkSet(next.publicJwk, key.publicJwk);
  const young = await theirs(next);
  assert.deepEqual(await asked(young, NOW + 2 * COOL_DOWN - 1), ["unknown-key", 2]);
  assert.deepEqual(await asked(young, NOW + 2 * COOL_DOWN), ["accepted", 3]);
  assert.deepEqual(await asked(token, NOW + 2 * COOL_DOWN), ["accepted", 3]);
});

test("a redirect is not followed", async () => {
  assert.deepEqual(await ask("/moved"), refused("keys-unavailable"));
  assert.deepEqual([provider.counts["/moved"], provider.counts["/target"]], [1, undefined]);
});

test("a status other than 200 or an invalid JWK set counts as a failure", async () => {
  for (const path of ["/error", "/no-set", "/nowhere"]) assert.deepEqual(await ask(path), refused("keys-unavailable"), path);
});

test("a body of more than 128 KiB is refused and not read to its end", async () => {
  assert.equal(await outcome("/just-fits"), "accepted");
  assert.deepEqual(await ask("/too-long"), refused("keys-unavailable"));
  assert.deepEqual(await ask("/endless"), refused("keys-unavailable"));
  assert(endlessBytes < 16 * 1024 * 1024, `${endlessBytes} bytes were taken`);
});

test("while the provider is down its keys are used, for a day after they are stale", async () => {
  const mortal = new Provider({ "/keys": fixed(published, { "cache-control": "max-age=600" }) });
  await mortal.open();
  const asked = (at: number) => asker.ask({ settings: mortal.settings("/keys"), token, at });
  assert.equal((await asked(NOW)).outcome, "accepted");
  await mortal.close();
  for (const at of [NOW + 600, NOW + 600 + DAY - 1]) assert.equal((await asked(at)).outcome, "accepted");
  assert.deepEqual(await asked(NOW + 600 + DAY), refused("keys-unavailable"));
  assert.equal(mortal.counts["/keys"], 1);
});

test("a provider that is down at first is asked again after the cool-down", async () => {
  const late = new Provider({ "/keys": fixed(published) });
  await late.open();
  await late.close();
  const asked = (at: number) => asker.ask({ settings: late.settings("/keys"), token, at });
  assert.deepEqual(await asked(NOW), refused("keys-unavailable"));
  await late.open();
  try {
    assert.deepEqual(await asked(NOW + COOL_DOWN - 1), refused("keys-unavailable"));
    assert.equal(late.counts["/keys"], undefined);
    assert.equal((await asked(NOW + COOL_DOWN)).outcome, "accepted");
  } finally {
    await late.close();
  }
});

test("a server with an untrusted certificate is not asked", async () => {
  // This process does not trust the certificate.
  const before = provider.counts["/keys"];
  assert.deepEqual(await verifyToken(token, provider.settings("/keys")), refused("keys-unavailable"));
  assert.equal(provider.counts["/keys"], before);
});

test("a provider without TLS, issuer or audience is a setting error", async () => {
  const good = provider.settings("/keys");
  const wrong: [string, Settings][] = [
    ["JWKS_URL", { ...good, JWKS_URL: String(good.JWKS_URL).replace("https:", "http:") }],
    ["JWKS_URL", { ...good, JWKS_URL: "https://" }],
    ["JWKS_ISSUER", { ...good, JWKS_ISSUER: "" }],
    ["JWKS_ISSUER", { ...good, JWT_ISSUER: ISSUER }],
    ["JWKS_AUDIENCE", { ...good, JWKS_AUDIENCE: "" }],
  ];
  for (const [setting, settings] of wrong) {
    const named = (error: unknown) => error instanceof EdgegateError && error.code === "setting" && error.message.startsWith(setting);
    await assert.rejects(verifyToken(token, settings), named, setting);
  }
});

test("a JWK set is asked for by its type, and only 200 is an answer", async () => {
  assert.equal(await outcome("/created"), "refused");
  assert.equal(provider.counts["/created"], 1);
  assert.equal(provider.accept, "application/jwk-set+json, application/json");
});
