import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, EdgegateError, type LogEntry, type UserStore } from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const settings = { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open", PASSWORD_MIN_LENGTH: 1, COMMON_PASSWORDS: "accept" };
const url = (path: string) => `http://localhost${path}`;
const form = (fields: Record<string, string>) => new Request(url("/login"), { method: "POST", body: new URLSearchParams(fields) });
const json = (value: unknown) =>
  new Request(url("/users"), { method: "POST", body: JSON.stringify(value), headers: { "content-type": "application/json" } });

test("register, log in, get the user: over fetch and without it", async () => {
  const gate = createGate(settings, memoryUsers());
  const created = await gate.fetch(json({ email: "a@example.com", password: "secret" }));
  assert.equal(created.status, 201);
  const answer = await gate.fetch(form({ username: "A@example.com", password: "secret" }));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const { access_token } = (await answer.json()) as { access_token: string };
  const me = new Request(url("/me"), { headers: { authorization: `Bearer ${access_token}` } });
  assert.deepEqual(await (await gate.fetch(me)).json(), await created.json());

  const login = await gate.login({ username: "a@example.com", password: "secret" });
  assert(login.outcome === "accepted");
  for (const from of [me, `bearer ${login.access_token}`]) {
    const current = await gate.currentUser(from);
    assert(current.outcome === "accepted");
    assert.equal(current.user.email, "a@example.com");
  }
  assert.deepEqual(await gate.currentUser(null), { outcome: "refused", reason: "no-token" });
  const wrong = await gate.login({ username: "a@example.com", password: "x" });
  assert.deepEqual(wrong, { outcome: "refused", reason: "wrong-password" });
});

test("a FormData body is read as multipart", async () => {
  const gate = createGate(settings, memoryUsers());
  await gate.fetch(json({ email: "a@example.com", password: "sécret" }));
  const body = new FormData();
  body.set("username", "a@example.com");
  body.set("password", "sécret");
  assert.equal((await gate.fetch(new Request(url("/login"), { method: "POST", body }))).status, 200);
});

test("a missing, invalid or misspelt setting is an error at once, which says how to mend it and has no value", () => {
  const error = (settings: object) => {
    try {
      createGate(settings, memoryUsers());
    } catch (error) {
      assert(error instanceof EdgegateError && error.code === "setting", String(error));
      return error.message;
    }
    return undefined;
  };
  assert.match(error({}) ?? "", /^SECRET_KEY is missing.*wrangler secret put SECRET_KEY/);
  assert.match(error({ SECRET_KEY: "hunter2" }) ?? "", /^SECRET_KEY cannot be used/);
  assert.doesNotMatch(error({ SECRET_KEY: "hunter2" }) ?? "", /hunter2/);
  assert.equal(error({ SECRET_KEYS: SECRET_KEY }), "SECRET_KEY is misspelt: there is no setting SECRET_KEYS");
  const minutes = { SECRET_KEY, ACCESS_TOKEN_EXPIRE_MINUTE: "5" };
  assert.equal(error(minutes), "ACCESS_TOKEN_EXPIRE_MINUTES is misspelt: there is no setting ACCESS_TOKEN_EXPIRE_MINUTE");
  const others = { DB: {}, ASSETS: {}, STRIPE_SECRET_KEY: "x", JWT_KEY: "x", PATH: "/bin", "npm_config_x-y": "1", "a b": 1, "\ud800": 1 };
  assert.equal(error({ ...others, SECRET_KEY }), undefined);
});

test("a store that fails is 503 over fetch, logged with its cause, and rejects otherwise", async () => {
  const entries: LogEntry[] = [];
  const fails = () => Promise.reject(new Error("the disk is full"));
  const store: UserStore = { userByEmail: fails, userById: fails, insertUser: fails };
  const gate = createGate(settings, store, { log: (entry) => entries.push(entry) });
  const answer = await gate.fetch(form({ username: "a@example.com", password: "x" }));
  assert.equal(answer.status, 503);
  assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
  assert(entries.some(({ error }) => String(error).includes("the disk is full")));
  await assert.rejects(gate.login({ username: "a@example.com", password: "x" }), /the disk is full/);
});

test("a body of more than 16 KiB is refused without being read to its end", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(1024));
    },
  });
  const request = new Request(url("/login"), { method: "POST", body, duplex: "half" } as RequestInit);
  const answer = await createGate(settings, memoryUsers()).fetch(request);
  assert.equal(answer.status, 413);
  assert(pulled < 30, `${pulled} KiB were read`);
});
