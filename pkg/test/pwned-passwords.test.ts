// Passwords of data breaches, with a range search over real HTTPS.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { SignedUp, SigningUp } from "./https/sign-up.ts";
import { SECRET_KEY } from "./users.ts";

const file = (name: string) => fileURLToPath(new URL(`./https/${name}`, import.meta.url));
const BREACHED = ["correct horse", "hunter2 hunter2"];
const digits = (password: string) => createHash("sha1").update(password).digest("hex").toUpperCase();

/** As the service answers: a line for each hash of the range, and padding. */
function range(prefix: string): string {
  const hashes = BREACHED.map(digits).filter((hash) => hash.startsWith(prefix)).map((hash) => `${hash.slice(5)}:23`);
  return [...hashes, ...Array.from({ length: 800 }, (_, at) => `${digits(String(at)).slice(5)}:0`)].join("\r\n");
}

const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
let answer: (response: ServerResponse, prefix: string) => void = (response, prefix) => void response.writeHead(200).end(range(prefix));
const server = createServer({ cert: readFileSync(file("localhost.cert.pem")), key: readFileSync(file("localhost.key.pem")) }, ({ url = "", headers }, response) => {
  seen.push({ url, headers });
  answer(response, url.slice(-5));
});
const child = fork(file("sign-up.ts"), { env: { ...process.env, NODE_EXTRA_CA_CERTS: file("localhost.cert.pem") } });
before(() => once(server.listen(0, "localhost"), "listening"));
after(() => {
  child.kill();
  server.close();
  server.closeAllConnections();
});

async function signUp(password: string, more: Record<string, string> = {}): Promise<SignedUp> {
  const url = `https://localhost:${(server.address() as AddressInfo).port}/range/`;
  const settings = { SECRET_KEY, BCRYPT_COST: "10", RATE_LIMIT: "off", REGISTRATION: "open", PWNED_PASSWORDS: url, ...more };
  child.send({ settings, password } satisfies SigningUp);
  const [signedUp] = (await once(child, "message")) as [SignedUp];
  return signedUp;
}

test("a password of a data breach is refused, and five digits of its hash leave the process", async () => {
  for (const password of BREACHED) {
    const { status, body } = await signUp(password);
    assert.equal(status, 422);
    assert.deepEqual(JSON.parse(body), {
      detail: [{ type: "value_error", loc: ["body", "password"], msg: "Value error, this password has appeared in a data breach", input: "**********", ctx: { error: {} } }],
    });
  }
  assert.deepEqual(seen.map(({ url }) => url), BREACHED.map((password) => `/range/${digits(password).slice(0, 5)}`));
  assert.equal(seen[0]?.headers["add-padding"], "true");
  // Its hash is in the padding, with the count 0.
  assert.equal((await signUp("an unknown password")).status, 201);
});

test("a password on the list of common ones is refused without a request", async () => {
  seen.length = 0;
  const { status, body } = await signUp("Password1");
  assert.deepEqual([status, JSON.parse(body).detail[0].msg, seen.length], [422, "Value error, this password is too common", 0]);
  assert.equal((await signUp("Password1", { COMMON_PASSWORDS: "accept", PWNED_PASSWORDS: "off" })).status, 201);
  assert.equal(seen.length, 0);
});

test("a service that fails lets the password pass, and the log says why", async () => {
  const normal = answer;
  for (const [failing, error] of [
    [(response: ServerResponse) => void response.writeHead(503).end("x"), "Error: edgegate: the service of PWNED_PASSWORDS answered 503"],
    [(response: ServerResponse) => void response.writeHead(302, { location: "/elsewhere" }).end(), "Error: edgegate: the service of PWNED_PASSWORDS answered 302"],
    [(response: ServerResponse) => void response.destroy(), "Error: edgegate: the service of PWNED_PASSWORDS has not answered (TypeError)"],
    [() => {}, "Error: edgegate: the service of PWNED_PASSWORDS has not answered (TimeoutError)"],
  ] as const) {
    answer = failing;
    const { status, logged } = await signUp(BREACHED[0] ?? "");
    assert.deepEqual([status, logged], [201, [["pwned-passwords", error]]]);
  }
  const noRange = [["pwned-passwords", "Error: edgegate: the service of PWNED_PASSWORDS has not answered with a range"]];
  for (const body of ["<!doctype html>", "x".repeat(200_000), "", `${range("")}\r\n`.repeat(20)]) {
    answer = (response) => void response.writeHead(200).end(body);
    assert.deepEqual(await signUp(BREACHED[0] ?? "").then(({ status, logged }) => [status, logged]), [201, noRange]);
  }
  answer = normal;
  assert.equal((await signUp(BREACHED[0] ?? "")).status, 422, "it recovers");
});
