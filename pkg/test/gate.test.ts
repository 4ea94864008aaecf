import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type LogEntry, type UserStore } from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const settings = { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open", PASSWORD_MIN_LENGTH: 1 };
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

test("with a missing secret every request is 500, and the log says how to fix it", async () => {
  const entries: LogEntry[] = [];
  const gate = createGate({}, memoryUsers(), (entry) => entries.push(entry));
  for (const request of [form({}), new Request(url("/me")), new Request(url("/nowhere"))]) {
    const answer = await gate.fetch(request);
    assert.deepEqual([answer.status, await answer.text()], [500, '{"detail":"Internal Server Error"}']);
  }
  assert.equal(entries.length, 3);
  assert.match(String(entries[0]?.error), /SECRET_KEY is missing.*wrangler secret put SECRET_KEY/);
});

test("a store that fails is 503 over fetch, logged with its cause, and rejects otherwise", async () => {
  const entries: LogEntry[] = [];
  const fails = () => Promise.reject(new Error("the disk is full"));
  const store: UserStore = { userByEmail: fails, userById: fails, insertUser: fails };
  const gate = createGate(settings, store, (entry) => entries.push(entry));
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
