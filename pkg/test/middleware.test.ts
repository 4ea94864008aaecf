// The middleware, with the frameworks themselves.

import assert from "node:assert/strict";
import { createServer, request as send, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { createGate, hashPassword, type Bearer, type Gate, type LogEntry } from "edgegate";
import * as forExpress from "edgegate/express";
import * as forHono from "edgegate/hono";
import { memoryUsers } from "edgegate/memory";
import express5 from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { createRequire } from "node:module";
import { SECRET_KEY } from "./users.ts";

// Express 4 has the types of Express 5 here: the package `express4` has none.
const express4 = createRequire(import.meta.url)("express4") as typeof express5;

const settings = { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open", REVOCATION: "on", REFRESH_TOKEN_EXPIRE_MINUTES: 60 };
const password = await hashPassword("sécret & more", { cost: 10 });
const users = () => memoryUsers([{ id: 1, email: "ada@example.com", password, role: "admin" } as never]);
const credentials = { username: "ada@example.com", password: "sécret & more" };

/** Serves until the end of the test. */
async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  context.after(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** Logs in by every kind of form, and uses the routes and the guarded `/orders`. */
async function use(ask: (path: string, init?: RequestInit) => Promise<Response>, prefix = ""): Promise<void> {
  const multipart = new FormData();
  for (const [name, value] of Object.entries(credentials)) multipart.set(name, value);
  let token = "";
  for (const body of [multipart, new URLSearchParams(credentials)]) {
    const login = await ask(`${prefix}/login`, { method: "POST", body });
    assert.equal(login.status, 200, await login.clone().text());
    assert.equal(login.headers.get("cache-control"), "no-store");
    token = ((await login.json()) as { access_token: string }).access_token;
  }
  const wrong = await ask(`${prefix}/login`, { method: "POST", body: new URLSearchParams({ ...credentials, password: "x" }) });
  assert.deepEqual([wrong.status, await wrong.text()], [403, '{"detail":"Invalid Credentials"}']);
  const missing = await ask(`${prefix}/login`, { method: "POST", body: new URLSearchParams({ username: "a" }) });
  assert.equal(missing.status, 422);
  const email = `new${Math.random()}@example.com`;
  const json = { method: "POST", body: JSON.stringify({ email, password: "sécret & more" }), headers: { "content-type": "application/json" } };
  assert.deepEqual([(await ask(`${prefix}/users`, json)).status, (await ask(`${prefix}/users`, json)).status], [201, 409]);
  assert.equal((await ask(`${prefix}/users`, { ...json, body: "{}" })).status, 422);

  assert.equal(((await (await ask(`${prefix}/me`, bearer(token))).json()) as { id: number }).id, 1);
  assert.deepEqual(await (await ask("/orders", bearer(token))).json(), { of: "ada@example.com", role: "admin" });
  for (const init of [{}, bearer(`${token}x`)]) {
    const [refused, ofMe] = [await ask("/orders", init), await ask(`${prefix}/me`, init)];
    assert.deepEqual([refused.status, await refused.text()], [401, '{"detail":"Could not validate credentials"}']);
    for (const name of ["www-authenticate", "content-type", "cache-control"]) assert.equal(refused.headers.get(name), ofMe.headers.get(name));
  }
  const wrongMethod = await ask(`${prefix}/login`);
  assert.deepEqual([wrongMethod.status, wrongMethod.headers.get("allow")], [405, "POST"]);
  const slash = await ask(`${prefix}/login/?a=b`, { method: "POST", redirect: "manual" });
  assert.equal(slash.status, 307);
  assert.equal(new URL(slash.headers.get("location") ?? "").pathname + new URL(slash.headers.get("location") ?? "").search, `${prefix}/login?a=b`);
  assert.equal(await (await ask("/other")).text(), "other");
  assert.equal(await (await ask("/loginx")).text(), "not found");
  if (prefix) assert.equal(await (await ask("/login", { method: "POST" })).text(), "not found");
  assert.equal((await ask(`${prefix}/logout`, { method: "POST", ...bearer(token) })).status, 204);
  assert.equal((await ask("/orders", bearer(token))).status, 401);
}

function hono(gate: Gate, prefix?: string) {
  const app = new Hono();
  app.use(forHono.gate(gate, prefix === undefined ? {} : { prefix }));
  app.get("/orders", forHono.requireUser(), (c) => c.json({ of: c.var.user.email, role: c.var.user.role }));
  app.get("/other", (c) => c.text("other"));
  app.notFound((c) => c.text("not found", 404));
  return app;
}

test("Hono: the routes, and a guarded one", async () => {
  const app = hono(createGate(settings, users()));
  await use(async (path, init) => app.request(`http://localhost${path}`, init));
  const below = hono(createGate(settings, users()), "/auth");
  await use(async (path, init) => below.request(`http://localhost${path}`, init), "/auth");
});

test("Hono: a gate from `c.env` is created once for each `env`, and a body that another middleware has read is read again", async () => {
  let created = 0;
  const app = new Hono<{ Bindings: { SECRET_KEY: string } }>();
  app.use(async (c, next) => {
    if (c.req.method === "POST") await c.req.parseBody();
    await next();
  });
  app.use(
    forHono.gate((c) => {
      created += 1;
      return createGate({ ...settings, SECRET_KEY: (c.env as { SECRET_KEY: string }).SECRET_KEY }, users());
    }),
  );
  app.get("/orders", forHono.requireUser(), (c) => c.text(c.var.user.email));
  const [one, other] = [{ SECRET_KEY }, { SECRET_KEY: `${SECRET_KEY} 2` }];
  const login = await app.request("/login", { method: "POST", body: new URLSearchParams(credentials) }, one);
  const { access_token } = (await login.json()) as { access_token: string };
  assert.equal(await (await app.request("/orders", bearer(access_token), one)).text(), "ada@example.com");
  assert.equal((await app.request("/orders", bearer(access_token), other)).status, 401);
  assert.equal(created, 2);
});

test("Hono: a form that another middleware has read is encoded again", async () => {
  const multipart = new FormData();
  for (const [name, value] of Object.entries(credentials)) multipart.set(name, value);
  for (const read of ["formData", "parseBody", "text", "arrayBuffer"] as const) {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req[read]();
      await next();
    });
    app.use(forHono.gate(createGate(settings, users())));
    for (const body of [multipart, new URLSearchParams(credentials)]) {
      const login = await app.request("/login", { method: "POST", body });
      assert.equal(login.status, 200, `${read}: ${await login.text()}`);
    }
  }
});

test("Hono: where `c.env` is of a request, the gate is created once", async () => {
  const remoteAddr = { hostname: "127.0.0.1" };
  const env = { SECRET_KEY };
  const envs = {
    none: () => undefined,
    empty: () => ({}),
    node: () => ({ incoming: {}, outgoing: {} }),
    deno: () => ({ remoteAddr, completed: Promise.resolve() }),
    lambda: () => ({ event: {}, requestContext: {}, lambdaContext: {} }),
    netlify: () => ({ context: {} }),
    pages: () => ({ ...env, eventContext: { env } }),
  };
  for (const [name, envOf] of Object.entries(envs)) {
    let created = 0;
    const app = new Hono().use(forHono.gate(() => ((created += 1), createGate(settings, users()))));
    for (let request = 0; request < 3; request += 1) await app.request("/me", {}, envOf());
    assert.equal(created, 1, name);
  }
});

test("Hono: requireUser without a gate says so; a store that fails is 503", async () => {
  const errors: unknown[] = [];
  const app = new Hono();
  app.onError((error, c) => {
    errors.push(error);
    return c.text("error", 500);
  });
  app.get("/orders", forHono.requireUser(), (c) => c.text("never"));
  assert.equal((await app.request("/orders")).status, 500);
  assert.match(String(errors[0]), /requireUser\(\) needs a gate/);
  const log: LogEntry[] = [];
  const gate = createGate(settings, { ...users(), userById: () => Promise.reject(new Error("the disk is full")) }, { log: (entry) => log.push(entry) });
  const failing = hono(gate);
  const answer = await failing.request("/orders", bearer(await gate.issueToken(1)));
  // Without `token_version` the token is of version 0.
  assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "2"]);
  // The path is the app's, and not logged.
  assert.deepEqual(log.map(({ reason, path }) => [reason, path]), [["store", undefined], ["store-unavailable", undefined]]);
});

type ExpressApp = ReturnType<typeof express5>;

function guarded(app: ExpressApp, gate: Gate): ExpressApp {
  app.get("/orders", forExpress.requireUser(gate), (request, response) => {
    const { email, role } = forExpress.userOf(request);
    response.json({ of: email, role });
  });
  app.get("/other", (_, response) => void response.send("other"));
  app.use((_, response) => void response.status(404).send("not found"));
  return app;
}

for (const [version, express] of [["4", express4], ["5", express5]] as const) {
  test(`Express ${version}: the routes, and a guarded one`, async (context) => {
    const gate = createGate(settings, users());
    const base = await serve(context, guarded(express().use(forExpress.gate(gate)), gate));
    await use((path, init) => fetch(base + path, init));
  });

  test(`Express ${version}: below a path, with a router, and behind body parsers`, async (context) => {
    for (const parsers of [
      [express.json(), express.urlencoded({ extended: false })],
      [express.json(), express.urlencoded({ extended: true })],
      [express.text({ type: "*/*" })],
      [express.raw({ type: "*/*" })],
    ]) {
      const gate = createGate(settings, users());
      const app = express();
      for (const parser of parsers) app.use(parser);
      app.use("/auth", forExpress.gate(gate));
      const base = await serve(context, guarded(app, gate));
      // These parsers make nothing of multipart, and leave it unread.
      await use((path, init) => fetch(base + path, init), "/auth");
    }
  });

  test(`Express ${version}: a repeated field, a cookie, and a failing gate`, async (context) => {
    const gate = createGate({ ...settings, TOKEN_COOKIE: "on" }, users());
    const app = express();
    app.use(express.urlencoded({ extended: false }));
    const base = await serve(context, guarded(app.use(forExpress.gate(gate)), gate));
    const twice = new URLSearchParams([["username", "x"], ...Object.entries(credentials)]);
    const login = await fetch(`${base}/login`, { method: "POST", body: twice });
    assert.equal(login.status, 200);
    const cookies = login.headers.getSetCookie();
    assert.equal(cookies.length, 2);
    const cookie = cookies.map((line) => line.split(";")[0]).join("; ");
    assert.equal((await fetch(`${base}/orders`, { headers: { cookie } })).status, 200);
    const origin = { cookie, origin: "https://evil.example" };
    assert.equal((await fetch(`${base}/logout`, { method: "POST", headers: origin })).status, 403);
    assert.equal((await fetch(`${base}/logout`, { method: "POST", headers: { ...origin, origin: base } })).status, 204);

    const broken = { ...gate, fetch: () => Promise.reject(new Error("broken")), requireUser: () => Promise.reject(new Error("broken")) } as Gate;
    const errors: unknown[] = [];
    const failing = express().use(forExpress.gate(broken));
    failing.get("/x", forExpress.requireUser(broken));
    failing.use(((error: unknown, _request: never, response: { status(code: number): { end(): void } }, _next: never) => {
      errors.push(error);
      response.status(500).end();
    }) as never);
    assert.equal((await fetch(`${await serve(context, failing)}/x`)).status, 500);
    assert.match(String(errors[0]), /broken/);
  });
}

test("Express: a client that goes away is `client-closed`, and the next request is answered", async (context) => {
  const log: LogEntry[] = [];
  const gate = createGate(settings, users(), { log: (entry) => log.push(entry) });
  const base = await serve(context, guarded(express5().use(forExpress.gate(gate)), gate));
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": "100" };
  const request = send(`${base}/login`, { method: "POST", headers });
  request.on("error", () => {});
  request.write("username=");
  await new Promise((resolve) => setTimeout(resolve, 50));
  request.destroy();
  while (log.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(log[0]?.reason, "client-closed");
  assert.equal((await fetch(`${base}/me`)).status, 401);
  const long = await fetch(`${base}/login`, { method: "POST", body: new URLSearchParams({ username: "x".repeat(100_000) }) });
  assert.equal(long.status, 413);
});

test("Express: what a client sends as Host or path is no error, and does not change the route", async (context) => {
  const log: LogEntry[] = [];
  const gate = createGate(settings, users(), { log: (entry) => log.push(entry) });
  // Without Express: a server of Node calls the middleware itself.
  const handler = forExpress.gate(gate);
  const base = await serve(context, (request, response) => handler(request, response, () => response.writeHead(404).end("next")));
  const guardedBase = await serve(context, guarded(express5(), gate));
  const status = (url: string, method: string, path: string, host: string) =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const request = send({ hostname, port, method, path, headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject).end();
    });
  for (const host of ["", "[", "a b", "x/login?", "x/me#", "x\\login", "user@x", "x:99999"]) {
    assert.equal(await status(base, "GET", "/other", host), 404, host);
    assert.equal(await status(base, "GET", "/me", host), 401, host);
    assert.equal(await status(guardedBase, "GET", "/orders", host), 401, host);
  }
  assert.equal(await status(base, "OPTIONS", "*", "x:80"), 404);
  assert.equal(await status(base, "GET", "http://x/me", "x"), 401);
  assert.equal(await status(base, "GET", "//x/me", "x"), 404);
  assert.equal(await status(base, "HEAD", "/me", "x"), 405);
  assert.deepEqual(new Set(log.map(({ level }) => level)), new Set(["info"]));
});

test("Express: a page of another origin neither uses a cookie nor sets one, whatever form it posts", async (context) => {
  const gate = createGate({ ...settings, TOKEN_COOKIE: "on" }, users(), { log: () => {} });
  const app = express5().set("trust proxy", true);
  app.use(express5.urlencoded({ extended: true }), express5.text());
  app.use("/auth", forExpress.gate(gate));
  app.post("/orders", forExpress.requireUser(gate), (_, response) => void response.send("ordered"));
  const base = await serve(context, app);
  const form = new URLSearchParams(credentials);
  const login = await fetch(`${base}/auth/login`, { method: "POST", body: form });
  const [access = "", refresh = ""] = login.headers.getSetCookie().map((line) => line.split(";")[0]);
  const cookie = `${access}; ${refresh}`;
  const post = async (path: string, headers: Record<string, string>, body: BodyInit = "") => {
    const response = await fetch(base + path, { method: "POST", headers, body });
    return [response.status, response.headers.getSetCookie().length];
  };
  const multipart = new FormData();
  multipart.set("username", "x");
  const { host } = new URL(base);
  const crossSite: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `https://${host}` },
    { origin: `http://x.${host}` },
    { origin: `http://${host}.evil.example` },
    { origin: base, "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "same-origin, cross-site" },
  ];
  for (const headers of crossSite) {
    for (const body of [form, multipart, "username=ada@example.com"]) {
      assert.deepEqual(await post("/auth/login", { cookie, ...headers }, body), [403, 0]);
      assert.deepEqual(await post("/auth/login", headers, body), [403, 0]);
      assert.deepEqual(await post("/auth/logout", { cookie, ...headers }, body), [403, 0]);
      assert.deepEqual(await post("/orders", { cookie, ...headers }, body), [403, 0]);
    }
  }
  for (const tossed of [`x=a,${access}`, `\u{a0}${access}`, `x="${access}"`, access.toLowerCase(), `${access}; ${access}`, `${access}${"a".repeat(10_000)}`]) {
    assert.deepEqual(await post("/orders", { cookie: tossed, origin: base }), [401, 0], tossed.slice(0, 40));
  }
  assert.deepEqual(await post("/orders", { cookie, origin: base }), [200, 0]);
  assert.deepEqual(await post("/orders", { cookie, origin: `https://${host}`, "x-forwarded-proto": "https" }), [200, 0]);
  assert.deepEqual(await post("/auth/login", { origin: base }, form), [200, 2]);
  assert.deepEqual(await post("/auth/logout", { cookie: refresh, origin: base }), [204, 2]);
});

test("userOf throws for a request that was not guarded", () => {
  assert.throws(() => forExpress.userOf({}), /use requireUser\(\) before/);
});

test("currentUser takes the requests of Hono, Express, Fastify, Koa and Node", async (context) => {
  const gate = createGate({ ...settings, TOKEN_COOKIE: "on" }, users());
  const token = await gate.issueToken(1);
  const emailOf = async (from: Bearer) => {
    const verdict = await gate.currentUser(from);
    return verdict.outcome === "accepted" ? verdict.user.email : verdict.reason;
  };
  const hono = new Hono();
  hono.all("/", async (c) => c.text(`${await emailOf(c)} ${await emailOf(c.req)} ${await emailOf(c.req.raw)}`));
  const fastify = Fastify();
  fastify.all("/", async (request) => `${await emailOf(request)} ${await emailOf(request.raw)}`);
  await fastify.ready();
  context.after(() => fastify.close());
  const koa = new Koa();
  koa.use(async (ctx) => void (ctx.body = `${await emailOf(ctx)} ${await emailOf(ctx.request)} ${await emailOf(ctx.req)}`));
  const answering = (times: number) => async (request: IncomingMessage & forExpress.ExpressRequest, response: { end(text: string): unknown }) => {
    response.end(Array(times).fill(await emailOf(request)).join(" "));
  };
  const koaListener = koa.callback();
  const listeners: [string, RequestListener][] = [
    ["node", answering(1) as RequestListener],
    ["express", express5().use(answering(1) as never)],
    ["fastify", (request, response) => fastify.routing(request, response)],
    ["koa", (request, response) => void koaListener(request, response)],
  ];
  const bases = await Promise.all(listeners.map(async ([name, listener]) => [name, await serve(context, listener)] as const));
  const ask = [
    ...bases.map(([name, base]) => [name, (init: RequestInit) => fetch(base, init), base] as const),
    ["hono", async (init: RequestInit) => hono.request("http://localhost/", init), "http://localhost"] as const,
  ];
  for (const [name, get, base] of ask) {
    const answers = async (init: RequestInit) => new Set((await (await get(init)).text()).split(" "));
    const cookie = `a=b; __Host-access_token=${token}`;
    for (const [init, answer] of [
      [bearer(token), "ada@example.com"],
      [{ headers: { cookie } }, "ada@example.com"],
      [{ method: "POST", headers: { cookie, origin: base } }, "ada@example.com"],
      [{ method: "POST", headers: { cookie, origin: "http://evil.example" } }, "cross-site"],
      [{ method: "POST", headers: { cookie, "sec-fetch-site": "same-site" } }, "cross-site"],
      [{ headers: { cookie: `${cookie}; ${cookie}` } }, "malformed"],
      [{}, "no-token"],
    ] as const) {
      assert.deepEqual(await answers(init), new Set([answer]), `${name} ${JSON.stringify(init)}`);
    }
  }
  const ofHttp2 = { method: "POST", url: "/", headers: { ":authority": "app.example", cookie: `__Host-access_token=${token}`, origin: "https://app.example" }, socket: { encrypted: true } };
  assert.equal(await emailOf(ofHttp2), "ada@example.com");
  for (const from of [{ headers: { authorization: [`Bearer ${token}`] } }, new Headers({ authorization: `Bearer ${token}` }), `Bearer ${token}`]) {
    assert.equal(await emailOf(from as never), "ada@example.com");
  }
  for (const from of [{ headers: { cookie: `__Host-access_token=${token}` } }, new Headers({ cookie: `__Host-access_token=${token}` }), {}, { req: {} }, { raw: 1 }, { headers: null }, 1]) {
    assert.equal(await emailOf(from as never), "no-token");
  }
});

test("a prefix is a path that starts with a slash", async () => {
  const entries: LogEntry[] = [];
  const gate = createGate(settings, memoryUsers(), { log: (entry) => entries.push(entry) });
  for (const prefix of ["auth", "/auth?a", "/auth#a", "https://h/auth"]) {
    assert.equal((await gate.fetch(new Request("http://localhost/auth/me"), { prefix })).status, 500, prefix);
  }
  assert.deepEqual(entries.map(({ error }) => String(error)), Array(4).fill("TypeError: edgegate: prefix must start with a slash"));
  assert.equal((await gate.fetch(new Request("http://localhost/auth/me"), { prefix: "/auth" })).status, 401);
});
