// Refresh tokens and logging out, over fetch and without it.

import assert from "node:assert/strict";
import { after, mock, test } from "node:test";
import { createGate, type Gate, type LogEntry, type LoginVerdict, type UserStore } from "edgegate";
import { decodeJwt } from "jose";
import { jwkSet, pair, refused } from "./keys.ts";
import { d1Users } from "edgegate/d1";
import { d1Database, interrupted, sqliteDatabase, type Opened } from "./databases.ts";
import { memoryUsers, SECRET_KEY } from "./users.ts";

/** A time in 2023, in seconds since 1970; the clock advances only where a test sets it. */
const NOW = 1_700_000_000;
const GRACE = 30;
const settings = { SECRET_KEY, BCRYPT_COST: 10, REVOCATION: "on", REFRESH_TOKEN_EXPIRE_MINUTES: 60 };
const password = "correct horse";
/** Of `password`, at bcrypt's least cost. */
const hash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const alice = { email: "alice@example.com", password: hash };
const invalidGrant = '{"error":"invalid_grant","detail":"Invalid refresh token"}';

mock.timers.enable({ apis: ["Date"] });
const at = (seconds: number): void => mock.timers.setTime(seconds * 1000);

async function begin(more = {}) {
  at(NOW);
  const { database, all } = await sqliteDatabase();
  const store = d1Users(database);
  const log: LogEntry[] = [];
  const gate = createGate({ ...settings, ...more }, store, { log: (entry) => log.push(entry) });
  await store.insertUser(alice);
  return { gate, store, all, sessions: () => all("SELECT * FROM sessions"), log };
}

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

const post = (gate: Gate, fields: Record<string, string>) =>
  gate.fetch(new Request("http://localhost/login", { method: "POST", body: new URLSearchParams(fields) }));
const logIn = async (gate: Gate) => (await (await post(gate, { username: alice.email, password })).json()) as Tokens;
const useToken = (gate: Gate, refresh_token: string) => post(gate, { grant_type: "refresh_token", refresh_token });
const request = (path: string, token: string, method = "GET") =>
  new Request(`http://localhost${path}`, { method, headers: { authorization: `Bearer ${token}` } });
const statusOfMe = async (gate: Gate, token: string) => (await gate.fetch(request("/me", token))).status;

function accepted(verdict: LoginVerdict): Tokens {
  assert(verdict.outcome === "accepted" && verdict.refresh_token && verdict.expires_in);
  return verdict as Tokens & { outcome: "accepted" };
}

test("each use of a refresh token gives the next, over fetch and without it", async () => {
  const { gate, sessions } = await begin();
  const first = await logIn(gate);
  assert.equal(first.expires_in, 1800);
  at(NOW + 100);
  const answer = await useToken(gate, first.refresh_token);
  assert.deepEqual([answer.status, answer.headers.get("cache-control")], [200, "no-store"]);
  const second = (await answer.json()) as Tokens;
  assert.deepEqual(Object.keys(second), ["access_token", "token_type", "expires_in", "refresh_token"]);
  const third = accepted(await gate.refresh(second.refresh_token));
  assert.equal(new Set([first, second, third].map(({ refresh_token }) => refresh_token)).size, 3);
  assert.deepEqual(decodeJwt(third.access_token), { user_id: 1, exp: NOW + 1900, token_version: 0 });
  assert.equal(await statusOfMe(gate, third.access_token), 200);
  assert.equal((await sessions()).length, 1);
});

test("a login without HTTP begins a session too", async () => {
  const { gate } = await begin();
  const { refresh_token } = accepted(await gate.login({ username: alice.email, password }));
  accepted(await gate.refresh(refresh_token));
});

test("the store gets hashes and no tokens", async () => {
  const { gate, sessions } = await begin();
  const first = await logIn(gate);
  const second = (await (await useToken(gate, first.refresh_token)).json()) as Tokens;
  const stored = JSON.stringify(await sessions());
  for (const { refresh_token } of [first, second]) {
    const [family = "", secret = ""] = refresh_token.split(".");
    assert(stored.includes(family) && !stored.includes(secret));
  }
});

test("within the grace, the same use gives the same next token", async () => {
  const { gate } = await begin();
  const { refresh_token } = await logIn(gate);
  const all = await Promise.all(Array.from({ length: 8 }, () => gate.refresh(refresh_token)));
  const [next, ...others] = new Set(all.map((verdict) => accepted(verdict).refresh_token));
  assert(next && others.length === 0);
  at(NOW + GRACE - 1);
  assert.equal(accepted(await gate.refresh(refresh_token)).refresh_token, next);
  accepted(await gate.refresh(next));
});

test("a token used again after the grace ends the session", async () => {
  const { gate, sessions } = await begin();
  const { refresh_token } = await logIn(gate);
  const next = accepted(await gate.refresh(refresh_token)).refresh_token;
  at(NOW + GRACE);
  const answer = await useToken(gate, refresh_token);
  assert.deepEqual([answer.status, await answer.text()], [400, invalidGrant]);
  assert.equal((await sessions()).length, 0);
  assert.deepEqual(await gate.refresh(next), refused("refresh-token-unknown"));
});

test("a token two rotations old ends the session at once, and no other one", async () => {
  const { gate, sessions } = await begin();
  const [stolen, other] = [(await logIn(gate)).refresh_token, (await logIn(gate)).refresh_token];
  const second = accepted(await gate.refresh(stolen)).refresh_token;
  const third = accepted(await gate.refresh(second)).refresh_token;
  assert.deepEqual(await gate.refresh(stolen), refused("refresh-token-reused"));
  assert.deepEqual(await gate.refresh(third), refused("refresh-token-unknown"));
  assert.equal((await sessions()).length, 1);
  accepted(await gate.refresh(other));
});

test("an unused session ends after REFRESH_TOKEN_EXPIRE_MINUTES, and each use extends it", async () => {
  const { gate } = await begin();
  let { refresh_token } = await logIn(gate);
  for (const now of [NOW + 3599, NOW + 7198]) {
    at(now);
    ({ refresh_token } = accepted(await gate.refresh(refresh_token)));
  }
  at(NOW + 7198 + 3600);
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-expired"));
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-unknown"));
});

test("a session ends REFRESH_TOKEN_MAX_DAYS after its login, however often it is used", async () => {
  const { gate } = await begin({ REFRESH_TOKEN_MAX_DAYS: 1 });
  let { refresh_token } = await logIn(gate);
  for (let now = NOW + 3000; now < NOW + 24 * 3600; now += 3000) {
    at(now);
    ({ refresh_token } = accepted(await gate.refresh(refresh_token)));
  }
  at(NOW + 24 * 3600 - 1);
  ({ refresh_token } = accepted(await gate.refresh(refresh_token)));
  at(NOW + 24 * 3600);
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-expired"));
});

test("a repeated use prolongs neither the grace nor the session", async () => {
  const { gate, sessions } = await begin();
  const { refresh_token } = await logIn(gate);
  accepted(await gate.refresh(refresh_token));
  const [before] = await sessions();
  at(NOW + GRACE - 1);
  accepted(await gate.refresh(refresh_token));
  assert.deepEqual((await sessions())[0], before);
  at(NOW + GRACE);
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-reused"));
});

test("a login deletes the expired sessions of its user, and no others", async () => {
  const { gate, sessions, store } = await begin();
  await store.insertUser({ email: "bob@example.com", password: hash });
  await logIn(gate);
  await gate.login({ username: "bob@example.com", password });
  at(NOW + 1800);
  await logIn(gate);
  at(NOW + 3600);
  await logIn(gate);
  assert.deepEqual((await sessions()).map(({ user_id, created_at }) => [user_id, created_at]).sort(), [[1, NOW + 1800], [1, NOW + 3600], [2, NOW]]);
});

test("the list of sessions, and the end of one", async () => {
  const { gate, store } = await begin();
  await store.insertUser({ email: "bob@example.com", password: hash });
  const body = new URLSearchParams({ username: alice.email, password });
  const headers = { "user-agent": "A".repeat(300) };
  const addresses = ["203.0.113.77", "2001:db8:1:2::3", "::1", "no address", undefined];
  for (const [number, address] of addresses.entries()) {
    at(NOW + number);
    await gate.fetch(new Request("http://localhost/login", { method: "POST", body, headers }), { address });
  }
  const bob = accepted(await gate.login({ username: "bob@example.com", password }));
  at(NOW + 10);
  const { access_token, refresh_token } = await logIn(gate);
  const listed = (await (await gate.fetch(request("/me/sessions", access_token))).json()) as Record<string, unknown>[];
  assert.deepEqual(listed.map(({ address }) => address), [null, null, null, "0:0:0::/48", "2001:db8:1::/48", "203.0.113.0/24"]);
  assert.deepEqual(listed[1], { id: listed[1]?.["id"], created_at: NOW + 4, last_used_at: NOW + 4, expires_at: NOW + 3604, user_agent: "A".repeat(256), address: null });
  const theirs = bob.refresh_token.split(".")[0];
  const end = async (id: unknown, token = access_token) => (await gate.fetch(request(`/me/sessions/${id}`, token, "DELETE"))).status;
  assert.equal(await end(theirs), 404, "of another user");
  assert.equal(await end(refresh_token.split(".")[0]), 204);
  assert.equal(await end(refresh_token.split(".")[0]), 404);
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-unknown"));
  accepted(await gate.refresh(bob.refresh_token));
  const revoke = (token: string) => gate.fetch(new Request("http://localhost/revoke", { method: "POST", body: new URLSearchParams({ token }) }));
  assert.deepEqual([(await revoke("x")).status, (await revoke(bob.refresh_token)).status], [200, 200]);
  assert.deepEqual(await gate.refresh(bob.refresh_token), refused("refresh-token-unknown"));
});

test("reuse revokes the access tokens; expiry does not", async () => {
  const { gate, all } = await begin();
  const version = async () => (await all("SELECT token_version FROM users"))[0]?.["token_version"];
  const { refresh_token } = await logIn(gate);
  const thief = accepted(await gate.refresh(refresh_token));
  at(NOW + 60);
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-reused"));
  assert.equal(await statusOfMe(gate, thief.access_token), 401);
  assert.equal(await version(), 1);
  const other = await logIn(gate);
  at(NOW + 60 + 3600);
  assert.deepEqual(await gate.refresh(other.refresh_token), refused("refresh-token-expired"));
  assert.equal(await version(), 1);
});

test("a deleted user has no session", async () => {
  const { gate, all } = await begin();
  const { refresh_token } = await logIn(gate);
  await all("PRAGMA foreign_keys = OFF");
  await all("DELETE FROM users");
  assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-reused"), "and the row is deleted");
  assert.equal((await all("SELECT * FROM sessions")).length, 0);
});

test("a column of users that is named user_id changes nothing", async () => {
  const { gate, store, all } = await begin();
  await store.insertUser({ email: "bob@example.com", password: hash });
  await all("ALTER TABLE users ADD COLUMN user_id INTEGER");
  await all("UPDATE users SET user_id = 3 - id");
  await all("UPDATE users SET token_version = 9 WHERE id = 2");
  const { refresh_token } = await logIn(gate);
  const refreshed = accepted(await gate.refresh(refresh_token));
  assert.deepEqual(decodeJwt(refreshed.access_token)["token_version"], 0);
  assert.equal(await statusOfMe(gate, refreshed.access_token), 200);
  await all("PRAGMA foreign_keys = OFF");
  await all("DELETE FROM users WHERE id = 1");
  assert.equal((await gate.refresh(refreshed.refresh_token)).outcome, "refused");
});

test("ids that are texts keep their exact text", async () => {
  at(NOW);
  const { database, all } = await sqliteDatabase();
  const id = "123e4567-e89b-12d3-a456-426614174000";
  await all("DROP TABLE users");
  await all("CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, password TEXT, created_at TEXT, token_version INTEGER NOT NULL DEFAULT 0)");
  for (const one of [id, "00123", "5e1"]) await all(`INSERT INTO users (id, email, password, created_at) VALUES ('${one}', '${one}@example.com', '${hash}', '')`);
  const gate = createGate(settings, d1Users(database));
  for (const one of [id, "00123", "5e1"]) {
    const login = accepted(await gate.login({ username: `${one}@example.com`, password }));
    const refreshed = accepted(await gate.refresh(login.refresh_token));
    assert.equal(decodeJwt(refreshed.access_token)["user_id"], one);
    assert.equal(await statusOfMe(gate, refreshed.access_token), 200);
  }
});

test("a value that cannot be a refresh token is refused without asking the store", async () => {
  const asked = { ...memoryUsers(), get sessions(): never { throw new Error("the store was asked"); } };
  const gate = createGate(settings, asked);
  const [id, secret] = ["A".repeat(22), "A".repeat(43)];
  for (const token of ["", ".", "x", "a.b", "..", `${id}.${secret}`, `${id}.${secret}.${id}`, `${id}.${secret}.`]) {
    assert.deepEqual(await gate.refresh(token), refused("refresh-token-malformed"), token);
  }
});

test("rotating keys does not affect a session", async () => {
  const [old, young] = [await pair("EdDSA", "old"), await pair("EdDSA", "young")];
  const { store, sessions } = await begin();
  const before = createGate({ ...settings, JWT_KEYS: jwkSet(old.privateJwk) }, store);
  const after = createGate({ ...settings, JWT_KEYS: jwkSet(young.privateJwk, old.publicJwk) }, store);
  const { refresh_token } = await logIn(before);
  const second = accepted(await after.refresh(refresh_token)).refresh_token;
  accepted(await after.refresh(second));
  assert.equal((await sessions()).length, 1);
});

test("a token that may be of a retired key ends a session only if the row knows it", async () => {
  const [old, young] = [await pair("EdDSA", "old"), await pair("EdDSA", "young")];
  const { store, sessions } = await begin();
  const before = createGate({ ...settings, JWT_KEYS: jwkSet(old.privateJwk) }, store);
  const after = createGate({ ...settings, JWT_KEYS: jwkSet(young.privateJwk, old.publicJwk) }, store);
  const revoke = (token: string) => after.fetch(new Request("http://localhost/revoke", { method: "POST", body: new URLSearchParams({ token }) }));
  const count = async () => (await sessions()).length;
  const first = (await logIn(before)).refresh_token;
  accepted(await after.refresh(first));
  const forged = `${first.split(".")[0]}.${"A".repeat(43)}.mac`;
  assert.deepEqual(await after.refresh(forged), refused("refresh-token-unknown"));
  await revoke(forged);
  assert.equal(await count(), 1);
  at(NOW + GRACE);
  assert.deepEqual(await after.refresh(first), refused("refresh-token-reused"));
  assert.equal(await count(), 0);
  const [current, previous] = [(await logIn(before)).refresh_token, (await logIn(before)).refresh_token];
  accepted(await after.refresh(previous));
  for (const [number, token] of [current, previous].entries()) {
    await revoke(token);
    assert.equal(await count(), 1 - number);
  }
});

test("a logout ends all tokens and sessions of its user, and of no other user", async () => {
  const { gate, store, sessions } = await begin();
  await store.insertUser({ email: "bob@example.com", password: hash });
  const [phone, laptop] = [await logIn(gate), await logIn(gate)];
  const bob = accepted(await gate.login({ username: "bob@example.com", password }));
  const answer = await gate.fetch(request("/logout", phone.access_token, "POST"));
  assert.deepEqual([answer.status, await answer.text(), answer.headers.get("cache-control")], [204, "", "no-store"]);
  for (const { access_token, refresh_token } of [phone, laptop]) {
    assert.equal(await statusOfMe(gate, access_token), 401);
    assert.deepEqual(await gate.currentUser(`Bearer ${access_token}`), refused("revoked"));
    assert.deepEqual(await gate.refresh(refresh_token), refused("refresh-token-unknown"));
    assert.deepEqual(await gate.logOut(`Bearer ${access_token}`), refused("revoked"));
  }
  assert.equal(await statusOfMe(gate, bob.access_token), 200);
  assert.equal((await sessions()).length, 1);
  assert.equal(await statusOfMe(gate, (await logIn(gate)).access_token), 200);
});

test("without HTTP: sessions are listed, ended one by one, and ended by their refresh token", async () => {
  const { gate, store } = await begin();
  await store.insertUser({ email: "bob@example.com", password: hash });
  const bob = accepted(await gate.login({ username: "bob@example.com", password }));
  const [phone, laptop, watch] = [await logIn(gate), await logIn(gate), await logIn(gate)];
  const idOf = ({ refresh_token }: Tokens) => refresh_token.split(".")[0] ?? "";
  const list = async () => {
    const verdict = await gate.sessions(request("/", phone.access_token));
    assert(verdict.outcome === "accepted");
    const json = JSON.stringify(verdict.sessions, (_, value: unknown) => value ?? null);
    assert.equal(json, await (await gate.fetch(request("/me/sessions", phone.access_token))).text());
    return verdict.sessions.map(({ id }) => id).sort();
  };
  const idsOf = (...tokens: Tokens[]) => tokens.map(idOf).sort();
  assert.deepEqual(await list(), idsOf(phone, laptop, watch));
  for (const wrong of [idOf(bob), "", "x", "\0", "a/b", 42 as unknown as string]) {
    assert.deepEqual(await gate.endSession(`Bearer ${phone.access_token}`, wrong), refused("unknown-session"));
  }
  assert.deepEqual(await gate.endSession(null, idOf(laptop)), refused("no-token"));
  assert.deepEqual(await gate.sessions(null), refused("no-token"));
  assert.deepEqual(await gate.endSession(`Bearer ${phone.access_token}`, idOf(laptop)), { outcome: "accepted" });
  assert.deepEqual(await list(), idsOf(phone, watch));
  for (const token of ["x", "", 42 as unknown as string, watch.refresh_token, watch.refresh_token]) {
    assert.deepEqual(await gate.revoke(token), { outcome: "accepted" }, "RFC 7009 2.2");
  }
  assert.deepEqual(await list(), idsOf(phone));
  accepted(await gate.refresh(bob.refresh_token));
});

test("after logging out, in and out within one second no token is valid", async () => {
  const { gate } = await begin();
  for (let time = 0; time < 3; time += 1) {
    const { access_token } = await logIn(gate);
    assert.equal(await statusOfMe(gate, access_token), 200);
    assert.deepEqual(await gate.logOut(request("/me", access_token)), { outcome: "accepted" });
    assert.equal(await statusOfMe(gate, access_token), 401);
  }
});

test("without its setting there is no logout and no refresh", async () => {
  const { gate } = await begin({ REVOCATION: "off", REFRESH_TOKEN_EXPIRE_MINUTES: undefined });
  const answer = await post(gate, { username: alice.email, password });
  const { access_token, ...rest } = (await answer.json()) as Tokens;
  assert.deepEqual(rest, { token_type: "bearer" });
  assert.equal((await gate.fetch(request("/logout", access_token, "POST"))).status, 404);
  assert.deepEqual(await gate.logOut(`Bearer ${access_token}`), refused("unknown-path"));
  const fastApis = await useToken(gate, "x");
  assert.equal(fastApis.status, 422);
  assert.deepEqual(await gate.refresh("x"), refused("refresh-token-malformed"));
  assert.deepEqual(await gate.revoke("x"), refused("unknown-path"));
  assert.deepEqual(await gate.sessions(`Bearer ${access_token}`), refused("unknown-path"));
  assert.deepEqual(await gate.endSession(`Bearer ${access_token}`, "x"), refused("unknown-path"));
});

test("a store without a method that a setting needs is 503, and the log names the method once", async () => {
  const log: LogEntry[] = [];
  const gate = createGate(settings, memoryUsers([{ id: 1, ...alice, created_at: "", token_version: 0 }]), { log: (entry) => log.push(entry) });
  const token = await gate.issueToken(1);
  const lacking: [string, string, () => Promise<Response>][] = [
    ["sessions", "REFRESH_TOKEN_EXPIRE_MINUTES", () => post(gate, { username: alice.email, password })],
    ["sessions", "REFRESH_TOKEN_EXPIRE_MINUTES", async () => useToken(gate, (await logIn((await begin()).gate)).refresh_token)],
    ["revokeTokens", "REVOCATION", () => gate.fetch(request("/logout", token, "POST"))],
  ];
  for (const [method, setting, send] of lacking) {
    log.length = 0;
    const answer = await send();
    assert.deepEqual([answer.status, await answer.text()], [503, '{"detail":"Service Unavailable"}']);
    assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
    const says = log.filter(({ error }) => String(error).includes(`\`${method}\``) && String(error).includes(setting));
    assert.equal(says.length, 1, JSON.stringify(log.map(({ reason, error }) => [reason, String(error)])));
  }
});

test("a failed store is 503 for a refresh, and the session continues afterwards", async () => {
  const { store } = await begin();
  let fails = false;
  const sessions = { ...store.sessions, rotate: (...args) => (fails ? Promise.reject(new Error("the disk is full")) : store.sessions!.rotate(...args)) } as UserStore["sessions"] & {};
  const gate = createGate(settings, { ...store, sessions }, { log: () => {} });
  const { refresh_token } = await logIn(gate);
  fails = true;
  assert.equal((await useToken(gate, refresh_token)).status, 503);
  await assert.rejects(gate.refresh(refresh_token), /the disk is full/);
  fails = false;
  accepted(await gate.refresh(refresh_token));
});

test("the log says what happened, and no part of a token", async () => {
  const { gate, log } = await begin();
  const first = await logIn(gate);
  const second = (await (await useToken(gate, first.refresh_token)).json()) as Tokens;
  const third = (await (await useToken(gate, second.refresh_token)).json()) as Tokens;
  await useToken(gate, first.refresh_token);
  await useToken(gate, third.refresh_token);
  await useToken(gate, "x");
  await gate.fetch(request("/me", third.access_token));
  assert.deepEqual(log.map(({ level, reason, status }) => [level, reason, status]), [
    ["warn", "refresh-token-reused", 400],
    ["info", "refresh-token-unknown", 400],
    ["info", "refresh-token-malformed", 400],
    ["info", "revoked", 401],
  ]);
  const written = JSON.stringify(log);
  for (const { access_token, refresh_token } of [first, second, third]) {
    for (const part of [...access_token.split("."), ...refresh_token.split(".")]) assert(!written.includes(part), written);
  }
});

/** What a user, or somebody else, does while a login or a refresh is under way. */
const CHANGES = {
  "a logout everywhere": "UPDATE users SET token_version = token_version + 1; DELETE FROM sessions",
  "a new password": "UPDATE users SET password = 'another', token_version = token_version + 1; DELETE FROM sessions",
  "a new password by hand": "UPDATE users SET password = 'another'",
  "the end of the user": "DELETE FROM users",
};

for (const [engine, open] of Object.entries({ "node:sqlite": sqliteDatabase, D1: d1Database })) {
  const opened: Opened[] = [];
  after(() => Promise.all(opened.map((one) => one.close())));

  test(`nothing in flight survives a change between two statements, on ${engine}`, async () => {
    mock.timers.reset();
    const { database, all } = await open().then((one) => (opened.push(one), one));
    const reset = async () => {
      for (const table of ["sessions", "users"]) await all(`DELETE FROM ${table}`);
      await d1Users(database).insertUser(alice);
    };
    let cases = 0;
    for (const [change, sql] of Object.entries(CHANGES)) {
      for (const kind of ["login", "refresh"]) {
        for (let moment = 1; ; moment += 1) {
          await reset();
          const quiet = createGate(settings, d1Users(database));
          const before = accepted(await quiet.login({ username: alice.email, password }));
          let statements = 0;
          const apply = async () => {
            for (const statement of sql.split("; ")) await all(statement);
          };
          const busy = createGate(settings, d1Users(interrupted(database, async () => {
            statements += 1;
            if (statements === moment) await apply();
          })), { log: () => {} });
          const verdict = kind === "login" ? await busy.login({ username: alice.email, password }) : await busy.refresh(before.refresh_token);
          const reached = statements >= moment;
          if (!reached) await apply();
          cases += 1;
          const name = `${change}, ${kind}, before statement ${moment}`;
          if (verdict.outcome === "accepted") {
            const tokens = accepted(verdict);
            const me = (await quiet.currentUser(`Bearer ${tokens.access_token}`)).outcome;
            const again = (await quiet.refresh(tokens.refresh_token)).outcome;
            // A login that began after a logout is a new login. A password changed by hand has no version: only new sessions know.
            const isNewLogin = kind === "login" && reached && change === "a logout everywhere";
            const byHand = change === "a new password by hand" && (kind === "refresh" || !reached);
            if (isNewLogin) assert.deepEqual([me, again], ["accepted", "accepted"], `${name}: all of it, or nothing`);
            else if (!byHand) assert.deepEqual([me, again], ["refused", "refused"], name);
          }
          if (!reached) break;
        }
      }
    }
    assert.equal(cases, 20, "login: two statements and the end; refresh: one and the end");
  });
}
