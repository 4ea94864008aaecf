// The lockout, over a real database.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createGate, hashPassword, type LogEntry, type UserStore } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";

const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: "10", RATE_LIMIT: "off", LOCKOUT: "on" };
const hash = await hashPassword("secret", { cost: 10 });

/** A gate over SQLite, with the statements and the reasons that it logs. */
function open(without: "attempts" | "" = "") {
  const database = new DatabaseSync(":memory:");
  const schema = sqliteSchema();
  database.exec(schema.users + (without === "" ? schema.attempts : ""));
  const insert = database.prepare("INSERT INTO users (email, password) VALUES (?, ?)");
  for (const [email, password] of [["ada@example.com", hash], ["broken@example.com", "no hash"]] as const) insert.run(email, password);
  const [statements, entries, reasons]: [string[], LogEntry[], string[]] = [[], [], []];
  const counted = {
    exec: (sql: string) => (statements.push(sql), database.exec(sql)),
    prepare: (sql: string) => (statements.push(sql), database.prepare(sql)),
  };
  const gate = createGate(settings, sqliteUsers(counted), { log: (entry) => (entries.push(entry), reasons.push(entry.reason)) });
  const login = async (username: string, password: string, address = "198.51.100.1") => {
    statements.length = 0;
    entries.length = 0;
    const body = new URLSearchParams({ username: `${username}@example.com`, password });
    const response = await gate.fetch(new Request("http://localhost/login", { method: "POST", body }), { address });
    return { status: response.status, headers: [...response.headers], body: await response.text(), statements: [...statements] };
  };
  return { database, gate, login, reasons, reason: () => entries[0]?.reason };
}

test("every refusal has the same statements, headers and bytes, also when the account is held up", async () => {
  const replies = [];
  for (const name of ["nobody", "ada", "broken"]) {
    const { login, reason } = open();
    for (let failures = 0; failures < 10; failures += 1) replies.push(await login(name, "wrong"));
    assert.notEqual(reason(), "held-up");
    for (const password of ["wrong", "secret"]) {
      replies.push(await login(name, password));
      assert.equal(reason(), "held-up", name);
    }
  }
  assert.equal(replies[0]?.status, 403);
  assert.equal(replies[0]?.statements.length, 5, "the user, a transaction, the count, the expired rows, the end");
  for (const reply of replies) assert.deepEqual(reply, replies[0]);
});

test("the owner logs in from a known address while others fail", async () => {
  const { login, database } = open();
  assert.equal((await login("ada", "secret", "203.0.113.7")).status, 200);
  for (let failures = 0; failures < 10; failures += 1) await login("ada", "wrong");
  assert.equal((await login("ada", "secret")).status, 403);
  assert.equal((await login("ada", "secret", "203.0.113.7")).status, 200);
  const stored = JSON.stringify(database.prepare("SELECT * FROM login_attempts").all());
  for (const secret of ["ada@", "203.0", "198.51", hash]) assert(!stored.includes(secret), secret);
});

test("of a hundred logins at once ten passwords are checked", async () => {
  const { login, reasons } = open();
  const replies = await Promise.all(Array.from({ length: 100 }, (_, at) => login("ada", `guess ${at}`)));
  assert.deepEqual([...new Set(replies.map(({ status }) => status))].toSorted(), [403, 503], "some are refused by the full queue");
  assert.equal(reasons.filter((reason) => reason === "wrong-password").length, 10);
  await login("ada", "secret");
  assert.equal(reasons.at(-1), "held-up");
});

test("right logins at once hold nobody up, and wrong ones at once not for longer than one after the other", async () => {
  for (const [password, status] of [["secret", 200], ["wrong", 403]] as const) {
    const { login, database } = open();
    const replies = await Promise.all(Array.from({ length: 40 }, () => login("ada", password)));
    assert.equal(replies.filter((reply) => reply.status === status).length >= 10, true);
    const failures = database.prepare("SELECT failures FROM login_attempts WHERE client = ''").get()?.["failures"];
    assert.equal(failures, password === "wrong" ? 11 : 1, password);
    assert.equal((await login("ada", "secret")).status, password === "wrong" ? 403 : 200);
  }
});

test("a database that cannot be written tells nobody which password is right", async () => {
  const { login, database } = open();
  database.exec("PRAGMA query_only = ON");
  for (const password of ["wrong", "secret"]) assert.equal((await login("ada", password)).status, 503);
});

test("without its table a login is answered 503, and the log names the table", async () => {
  const { login, database, gate } = open("attempts");
  const messages: unknown[] = [];
  const { error } = console;
  console.error = (...said: unknown[]) => void messages.push(said.map(String).join(" "));
  try {
    assert.equal((await login("ada", "secret")).status, 503);
    const logged = createGate(settings, sqliteUsers(database));
    const body = new URLSearchParams({ username: "ada@example.com", password: "secret" });
    assert.equal((await logged.fetch(new Request("http://localhost/login", { method: "POST", body }))).status, 503);
  } finally {
    console.error = error;
  }
  assert.match(messages.join("\n"), /login_attempts/);
  // It recovers without a restart.
  database.exec(sqliteSchema().attempts);
  assert.equal((await login("ada", "secret")).status, 200);
  assert.equal((await gate.login({ username: "ada@example.com", password: "secret" })).outcome, "accepted");
});

test("a store without attempts, and rows that are none, are errors that are named", async () => {
  const { attempts, ...rest } = memoryUsers([{ email: "ada@example.com", password: hash }]);
  const outcome = async (store: UserStore) => {
    const gate = createGate(settings, store, { log: () => {} });
    try {
      const verdict = await gate.login({ username: "ada@example.com", password: "secret" });
      return verdict.outcome === "refused" ? verdict.reason : verdict.outcome;
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(await outcome(rest), "edgegate: LOCKOUT needs a user store with `attempts`");
  assert.equal(await outcome({ ...rest, attempts }), "accepted");
  const found = (row: unknown) => ({ ...rest, attempts: { ...attempts, find: async () => row as never } });
  const [user, row] = [await rest.userByEmail("ada@example.com", { tokenVersion: false }), { client: "", failures: 0, failed_at: 0, expires_at: 0 }];
  assert.equal(await outcome(found({ user, attempts: row })), "accepted");
  for (const [column, value] of [["failures", "1"], ["failures", 1.5], ["failed_at", undefined], ["expires_at", null], ["client", 7], ["client", {}]] as const) {
    assert.equal(await outcome(found({ user, attempts: { ...row, [column]: value } })), `invalid-row:${column}`, column);
  }
  for (const nothing of [undefined, null, 7]) assert.match(await outcome(found(nothing)), /a store's login must be an object/);
  assert.equal(await outcome(found({ user: null, attempts: null })), "unknown-user");
});
