// A backend that ran before this one, over real HTTPS: requests that are handed on, users who move, passwords that go to both.

import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { createGate, EdgegateError, hashPassword, type Settings } from "edgegate";
import { gate as middleware } from "edgegate/express";
import { memoryUsers, type MemoryUser } from "edgegate/memory";
import type { Answered, Behind } from "./https/behind.ts";
import type { Moved, Moving } from "./https/mover.ts";
import { SECRET_KEY } from "./users.ts";

const file = (name: string) => fileURLToPath(new URL(`./https/${name}`, import.meta.url));
const PASSWORD = "correct horse";
const ada = { id: 41, email: "ada@example.com", password: await hashPassword(PASSWORD, { cost: 10 }), created_at: "2020-01-02T03:04:05Z" };
const LOGIN = "username=ada%40example.com&password=correct+horse";
const FORM: [string, string] = ["content-type", "application/x-www-form-urlencoded"];
const settings = { SECRET_KEY, BCRYPT_COST: "10", RATE_LIMIT: "off" };

/** The other backend: the same gate, with a store of its own, and routes of an app. */
const old = memoryUsers([ada]);
const oldGate = createGate({ ...settings, PASSWORD_CHANGE: "on" }, old, { log: () => {} });
const seen: IncomingMessage[] = [];
const byGate = middleware(oldGate);
const asBefore = (request: IncomingMessage, response: ServerResponse) => void byGate(request, response, () => void response.writeHead(404).end());
let answer = asBefore;
const server = createServer({ cert: readFileSync(file("localhost.cert.pem")), key: readFileSync(file("localhost.key.pem")) }, (request, response) => {
  seen.push(request);
  answer(request, response);
});
const child = fork(file("mover.ts"), { env: { ...process.env, NODE_EXTRA_CA_CERTS: file("localhost.cert.pem") } });
const ended = once(child, "exit").then(() => Promise.reject(new Error("the process of the gate has ended")));
ended.catch(() => {});
before(() => once(server.listen(0, "localhost"), "listening"));
after(() => {
  child.kill();
  server.close();
  server.closeAllConnections();
});

const upstream = () => `https://localhost:${(server.address() as AddressInfo).port}`;

class Edge {
  static #count = 0;
  readonly #name = `edge ${(Edge.#count += 1)}`;
  readonly #settings: Settings;
  readonly #users: MemoryUser[];

  constructor(more: Settings, users: MemoryUser[] = [], base: Settings = {}) {
    this.#settings = { ...settings, UPSTREAM: upstream(), ...base, ...more };
    this.#users = users;
    seen.length = 0;
    answer = asBefore;
  }

  async send(method: string, path: string, headers: [string, string][] = [], body?: string, address?: string): Promise<Moved> {
    const request = { method, path, headers, ...(body === undefined ? {} : { body }) };
    child.send({ name: this.#name, settings: this.#settings, users: this.#users, request, ...(address ? { address } : {}) } satisfies Moving);
    const [moved] = (await Promise.race([once(child, "message"), ended])) as [Moved];
    return moved;
  }

  logIn(form = LOGIN, address?: string): Promise<Moved> {
    return this.send("POST", "/login", [FORM], form, address);
  }
}

const via = () => `1.1 edgegate-for-${new URL(upstream()).host}`;
const token = ({ body }: Moved) => (JSON.parse(body) as { access_token: string }).access_token;
const asked = () => seen.map(({ method, url }) => `${method} ${url}`);

test("a user who is unknown logs in at the other backend once, and is stored", async () => {
  const edge = new Edge({ TRICKLE: "on" });
  const first = await edge.logIn(LOGIN, "203.0.113.7");
  assert.equal(first.status, 200);
  assert.deepEqual(asked(), ["POST /login", "GET /me"]);
  assert.deepEqual(seen.map(({ headers }) => [headers["x-forwarded-for"], headers.via, headers.cookie]), [0, 1].map(() => ["203.0.113.7", via(), undefined]));
  const { id, created_at, password } = first.user as { id: number; created_at: string; password: string };
  assert.deepEqual([id, created_at, password === ada.password], [41, ada.created_at, false]);
  assert.equal((await edge.logIn()).status, 200);
  assert.equal((await edge.logIn(LOGIN.replace("horse", "cow"))).status, 403);
  assert.equal(seen.length, 2, "the user is known");
  const me = await oldGate.currentUser(`Bearer ${token(first)}`);
  assert.equal(me.outcome, "accepted", "the token is valid there");
  const unknown = await edge.logIn(LOGIN.replace("ada", "eve"));
  assert.deepEqual([unknown.status, unknown.body, unknown.log.map(({ reason }) => reason)], [403, '{"detail":"Invalid Credentials"}', ["unknown-user"]]);
});

test("a backend that is down, slow, or answers nonsense refuses only those who are unknown, and no log has a password", async () => {
  const edge = new Edge({ TRICKLE: "on" }, [{ ...ada, email: "known@example.com", id: 1 }]);
  for (const [failing, status, logged] of [
    [(_: IncomingMessage, response: ServerResponse) => void response.destroy(), 502, [["upstream", "UpstreamError: edgegate: the backend of UPSTREAM cannot be reached (UND_ERR_SOCKET)"], ["upstream-unavailable", undefined]]],
    [(_: IncomingMessage, response: ServerResponse) => void response.writeHead(500).end("secret"), 502, [["upstream-status:500", undefined]]],
    [(_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { location: "http://localhost/elsewhere" }).end(), 502, [["upstream-status:302", undefined]]],
    [(_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).end("<!doctype html>"), 502, [["upstream-answer", undefined]]],
    [(_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).end(Buffer.alloc(1_000_000, " ")), 502, [["upstream-answer", undefined]]],
    [(_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).write("{"), 504, [["upstream", "UpstreamError: edgegate: the backend of UPSTREAM has not answered in time"], ["upstream-timeout", undefined]]],
  ] as const) {
    answer = failing;
    const started = edge.logIn();
    const refused = await started;
    assert.deepEqual([refused.status, refused.log.map(({ reason, error }) => [reason, error])], [status, logged]);
    assert.deepEqual([refused.user, JSON.stringify(refused.log).match(/correct|horse|ada|secret/)], [null, null]);
    assert.equal((await edge.logIn(LOGIN.replace("ada", "known"))).status, 200, "who is known does not need it");
  }
  answer = asBefore;
  assert.equal((await edge.logIn()).status, 200, "it recovers");
});

test("a certificate that is not trusted is no answer, and nothing is sent", async () => {
  const edge = new Edge({ TRICKLE: "on", UPSTREAM: upstream().replace("localhost", "127.0.0.1") });
  const { status, log } = await edge.logIn();
  assert.deepEqual([status, log[0]?.["error"]], [502, "UpstreamError: edgegate: the backend of UPSTREAM cannot be reached (ERR_TLS_CERT_ALTNAME_INVALID)"]);
  assert.equal(seen.length, 0);
});

test("a new password goes to both backends, or to none", async () => {
  const edge = new Edge({ WRITE_BACK: "on", PASSWORD_CHANGE: "on" }, [ada]);
  const change = async (from: string, to: string) =>
    edge.send("PATCH", "/me/password", [["content-type", "application/json"], ["authorization", `Bearer ${token(await edge.logIn(LOGIN.replace("correct+horse", encodeURIComponent(from))))}`]], JSON.stringify({ current_password: from, new_password: to }));
  assert.equal((await change(PASSWORD, "battery staple")).status, 200);
  assert.equal((await oldGate.login({ username: ada.email, password: "battery staple" })).outcome, "accepted");
  answer = (_, response) => void response.writeHead(503).end();
  const refused = await change("battery staple", "another one here");
  assert.deepEqual([refused.status, refused.body], [502, '{"detail":"Bad Gateway"}']);
  answer = asBefore;
  assert.equal((await edge.logIn(LOGIN.replace("correct+horse", "battery+staple"))).status, 200);
  assert.equal((await change("battery staple", PASSWORD)).status, 200);
  assert.equal((await oldGate.login({ username: ada.email, password: PASSWORD })).outcome, "accepted");
});

test("all requests are handed on, and answered as the other backend does", async () => {
  const edge = new Edge({ SHADOW: "on" });
  answer = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(418, "Teapot", [["content-type", "application/octet-stream"], ["set-cookie", "a=1"], ["set-cookie", "b=2; Path=/"], ["x-own", "own"], ["connection", "x-hop"], ["x-hop", "hop"]].flat());
      response.end(Buffer.concat([Buffer.from([0xff, 0x00]), ...chunks]));
    });
  };
  const headers: [string, string][] = [["authorization", "Basic x"], ["cookie", "c=3"], ["x-forwarded-for", "1.2.3.4"], ["forwarded", "for=1.2.3.4"], ["x-real-ip", "1.2.3.4"], ["x-custom", "kept"], ["content-type", "text/plain"]];
  const { status, body, headers: answered, log } = await edge.send("PUT", "/orders/7?page=%202", headers, "an order", "203.0.113.7");
  assert.deepEqual([status, body.slice(2)], [418, "an order"]);
  assert.deepEqual(answered.filter(([name]) => ["set-cookie", "x-own", "x-hop", "content-type"].includes(name)), [["content-type", "application/octet-stream"], ["set-cookie", "a=1"], ["set-cookie", "b=2; Path=/"], ["x-own", "own"]]);
  const [{ method, url, headers: got }] = seen as [IncomingMessage];
  assert.deepEqual([got["forwarded"], got["x-real-ip"]], [undefined, undefined]);
  assert.deepEqual([method, url, got.authorization, got.cookie, got["x-custom"], got["x-forwarded-for"], got["x-forwarded-host"], got["x-forwarded-proto"]], ["PUT", "/orders/7?page=%202", "Basic x", "c=3", "kept", "203.0.113.7", "edge.example", "http"]);
  assert.deepEqual(log, [], "what is not compared is not logged");
});

test("what was compressed on the way is answered as it is", async () => {
  const edge = new Edge({ SHADOW: "on" });
  answer = (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("some text"));
  const { body, headers } = await edge.send("GET", "/orders");
  assert.deepEqual([body, headers.some(([name]) => name === "content-encoding")], ["some text", false]);
  answer = (_, response) => void response.writeHead(304).end();
  assert.equal((await edge.send("GET", "/orders")).status, 304);
});

test("the log says whether both backends agree, and nothing of what they answer", async () => {
  const edge = new Edge({ SHADOW: "on" }, [ada]);
  const logged = ({ log }: Moved) => log.map(({ reason, path, status, upstream_status, difference, refusal }) => [reason, path, status, upstream_status, difference, refusal]);
  const good = await edge.logIn();
  assert.equal(good.status, 200);
  assert.deepEqual(logged(good), [["shadow-agreed", "/login", 200, 200, undefined, undefined]]);
  assert.deepEqual(logged(await edge.logIn(LOGIN.replace("horse", "cow"))), [["shadow-agreed", "/login", 403, 403, undefined, "wrong-password"]]);
  assert.deepEqual(logged(await edge.send("GET", "/me", [["authorization", `Bearer ${token(good)}`]])), [["shadow-agreed", "/me", 200, 200, undefined, undefined]]);
  const other = new Edge({ SHADOW: "on" });
  const differing = await other.logIn();
  assert.equal(differing.status, 200, "the other backend answers");
  assert.deepEqual(logged(differing), [["shadow-disagreed", "/login", 403, 200, "status", "unknown-user"]]);
  assert.equal(differing.log[0]?.["level"], "warn");
  assert.equal(JSON.stringify(differing.log).match(/ada|horse|eyJ/), null);
});

test("users move while the other backend answers", async () => {
  const edge = new Edge({ SHADOW: "on", TRICKLE: "on" });
  const reasons = ({ log }: Moved) => log.map(({ reason }) => reason);
  const first = await edge.logIn();
  // The second login proves that the password is still right.
  assert.deepEqual([reasons(first), asked()], [["shadow-stored"], ["POST /login", "POST /login", "GET /me"]]);
  assert.equal((first.user as { id: number }).id, 41);
  assert.deepEqual(reasons(await edge.logIn()), ["shadow-agreed"]);
  assert.equal(seen.length, 4);
});

test("an empty body, an answer of an unknown encoding, HEAD and redirects are handed on as they are", async () => {
  const edge = new Edge({ SHADOW: "on" });
  const empty = await edge.send("POST", "/login", [FORM], "");
  assert.deepEqual([empty.status, empty.log.map(({ reason }) => reason)], [422, ["shadow-agreed"]]);
  answer = (_, response) => void response.writeHead(200, { "content-encoding": "x-own" }).end("as it is");
  const encoded = await edge.send("GET", "/orders");
  assert.deepEqual([encoded.body, encoded.headers.find(([name]) => name === "content-encoding")?.[1]], ["as it is", "x-own"]);
  answer = (_, response) => void response.writeHead(200, { "content-length": "123" }).end();
  const { headers } = await edge.send("HEAD", "/orders");
  assert.equal(headers.find(([name]) => name === "content-length")?.[1], "123");
  for (const [to, location] of [
    [`${upstream()}/me?a`, "http://edge.example/me?a"],
    [`${upstream().replace("https", "http")}/me`, "http://edge.example/me"],
    [`${upstream()}.else.example/me`, `${upstream()}.else.example/me`],
    ["https://else.example/", "https://else.example/"],
    ["/me", "/me"],
  ] as const) {
    answer = (_, response) => void response.writeHead(307, { location: to }).end();
    const redirect = await edge.send("GET", "/me/");
    assert.deepEqual([redirect.status, redirect.headers.find(([name]) => name === "location")?.[1]], [307, location]);
  }
  answer = (_, response) => void response.writeHead(999).end();
  const impossible = await edge.send("GET", "/orders");
  assert.deepEqual([impossible.status, impossible.log[0]?.["error"]], [502, "UpstreamError: edgegate: the backend of UPSTREAM has answered the status 999"]);
});

test("a page of an allowed origin can read that the other backend has failed", async () => {
  const edge = new Edge({ SHADOW: "on", CORS_ORIGINS: "https://app.example" });
  answer = (_, response) => void response.destroy();
  const { status, headers } = await edge.send("GET", "/me", [["origin", "https://app.example"]]);
  assert.deepEqual([status, headers.find(([name]) => name === "access-control-allow-origin")?.[1]], [502, "https://app.example"]);
});

test("an address of a client that is none is not sent, and no log has it", async () => {
  for (const more of [{ SHADOW: "on" }, { TRICKLE: "on" }]) {
    const edge = new Edge(more);
    const { status, log } = await edge.logIn(LOGIN, "203.0.113.7\nx");
    assert.deepEqual([status, seen[0]?.headers["x-forwarded-for"], JSON.stringify(log).includes("203.0")], [200, undefined, false]);
  }
});

/** Asks the frameworks in a process of their own. */
async function behind(more: Partial<Behind> = {}): Promise<Answered> {
  const frameworks = fork(file("behind.ts"), { env: { ...process.env, NODE_EXTRA_CA_CERTS: file("localhost.cert.pem") } });
  try {
    const gone = once(frameworks, "exit").then(() => Promise.reject(new Error("the process of the frameworks has ended")));
    gone.catch(() => {});
    frameworks.send({ settings: { ...settings, UPSTREAM: upstream(), SHADOW: "on" }, form: LOGIN, ...more } satisfies Behind);
    const [answered] = (await Promise.race([once(frameworks, "message"), gone])) as [Answered];
    return answered;
  } finally {
    frameworks.kill();
  }
}

test("Express and Hono hand requests on with all header fields and bodies, and compare", async () => {
  answer = asBefore;
  const { logins, reasons } = await behind();
  for (const [name, got] of Object.entries(logins)) assert.deepEqual(got, [200, 403, 200, ada.email], name);
  // The edge has no users there: it agrees about a wrong password only.
  assert.deepEqual([Object.keys(logins).length, new Set(reasons)], [4, new Set(["shadow-agreed", "shadow-disagreed"])]);
});
test("a backend that does not answer what is handed on is a bad gateway", async () => {
  const edge = new Edge({ SHADOW: "on" }, [ada]);
  answer = (_, response) => void response.destroy();
  for (const path of ["/login", "/a/secret/path"]) {
    const { status, body, log } = await edge.send("POST", path, [FORM], LOGIN);
    assert.deepEqual([status, body], [502, '{"detail":"Bad Gateway"}']);
    const at = path === "/login" ? { path } : {};
    assert.deepEqual(log, [
      { level: "error", reason: "upstream", ...at, error: "UpstreamError: edgegate: the backend of UPSTREAM cannot be reached (UND_ERR_SOCKET)" },
      { level: "error", reason: "upstream-unavailable", status: 502, ...at },
    ]);
  }
});

test("a request that comes back is not handed on again", async () => {
  const edge = new Edge({ SHADOW: "on" }, [ada]);
  const trickling = new Edge({ TRICKLE: "on" });
  for (const [one, method, path, body] of [[edge, "GET", "/me", undefined], [trickling, "POST", "/login", LOGIN]] as const) {
    const { status, log } = await one.send(method, path, [["via", `1.0 proxy, ${via()}`], FORM], body);
    assert.deepEqual([status, seen.length], [502, 0]);
    assert.match(String(log[0]?.["error"]), /the request has been here already/);
  }
  // Another gate may be in front of this one.
  assert.equal((await edge.send("GET", "/me", [["via", "1.1 edgegate-for-this.example"]])).status, 401);
  assert.equal(seen[0]?.headers.via, `1.1 edgegate-for-this.example, ${via()}`);
});

test("a long login is handed on without a comparison", async () => {
  const edge = new Edge({ SHADOW: "on" }, [ada]);
  const { status, log } = await edge.logIn(`${LOGIN}&x=${"x".repeat(20_000)}`);
  assert.deepEqual([status, log.map(({ reason }) => reason)], [413, ["shadow-skipped"]]);
  assert.equal(seen[0]?.headers["transfer-encoding"], "chunked");
});

test("a stream arrives as it is sent, also by Express, and what it breaks off does", async () => {
  const events = async (ask: (path: string) => Promise<{ times: number[]; ended: string }>) => {
    answer = (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write("data: x\n\n"), 100);
      setTimeout(() => (clearInterval(timer), response.destroy()), 900);
    };
    const { times, ended } = await ask("/me");
    assert.equal(ended, "broken");
    assert.ok(times.length >= 3 && (times.at(-1) ?? 0) - (times[0] ?? 0) > 300, times.join());
  };
  await events(async (path) => (await behind({ stream: path })).streamed);
});

test("TRICKLE needs a store that can store who moves", () => {
  const { userByEmail, userById, insertUser } = memoryUsers();
  assert.throws(
    () => createGate({ ...settings, UPSTREAM: "https://old.example", TRICKLE: "on" }, { userByEmail, userById, insertUser }),
    (error) => error instanceof EdgegateError && error.code === "setting" && /moveUser/.test(error.message),
  );
});

test("`edgegate shadow report` counts what the log says", () => {
  const entry = (more: object) => JSON.stringify({ source: "edgegate", level: "info", path: "/login", ...more });
  const agreed = entry({ reason: "shadow-agreed", status: 200, upstream_status: 200 });
  const refused = entry({ reason: "shadow-agreed", status: 403, refusal: "wrong-password", upstream_status: 403 });
  const differing = entry({ reason: "shadow-disagreed", status: 403, difference: "status", refusal: "unknown-user", upstream_status: 200 });
  const report = (lines: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL("../dist/cli.js", import.meta.url)), "shadow", "report", "-"], { input: lines.join("\n"), encoding: "utf8" });
    return { status, stdout, stderr };
  };
  // As the console, `wrangler dev` and `wrangler tail --format json` have them.
  const good = report([agreed, `[wrangler:info] ${refused}`, JSON.stringify({ logs: [{ message: [agreed] }] }, null, 2), "no entry", entry({ reason: "wrong-password", status: 403 })]);
  assert.deepEqual([good.status, good.stderr], [0, ""]);
  assert.equal(good.stdout, "requests  route   old  edge\n       2  /login  200  200   agreed\n       1  /login  403  403   agreed\n\n3 compared: 3 agreed, 0 disagreed\n");
  const bad = report([agreed, differing, differing, entry({ reason: "upstream", status: 502, error: "edgegate: {down}" }), entry({ reason: "shadow-stored", status: 403, upstream_status: 200 })]);
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /2 {2}\/login {2}200 {2}403 {3}disagreed, status, unknown-user\n/);
  assert.match(bad.stdout, /4 compared: 1 agreed, 1 will the next time, because the user or the password was stored, 2 disagreed\n1 requests were not answered by the other backend\n\nstatus: .*\n\nunknown-user: .*TRICKLE/);
  // A header field of a client in the log of a platform is no entry.
  const forged = JSON.stringify({ event: { request: { headers: { "user-agent": differing, "x-own": `["${differing}"` } } }, logs: [{ message: [agreed] }] });
  assert.equal(report([forged, ...JSON.stringify(JSON.parse(forged), null, 2).split("\n")]).stdout.split("\n").at(-2), "2 compared: 2 agreed, 0 disagreed");
  assert.match(report([entry({ reason: "shadow-agreed", status: 200, upstream_status: 200, path: "/\x1b[31m" })]).stdout, /\/\?\[31m/);
  const none = report(["nothing"]);
  assert.deepEqual([none.status, none.stdout], [2, ""]);
  assert.match(none.stderr, /there is no comparison in this log: SHADOW=on logs one/);
});
