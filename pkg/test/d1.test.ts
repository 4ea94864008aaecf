// The store for D1 by itself: its statements, on SQLite.

import assert from "node:assert/strict";
import { test } from "node:test";
import { d1Users, type Database } from "edgegate/d1";
import { sqliteDatabase } from "./databases.ts";

const alice = { email: "alice@example.com", password: "old" };
const bob = { email: "bob@example.com", password: "old" };
const nothing = { tokenVersion: false };

test("a user is found by the address in any letter case, and inserted once", async () => {
  const { database } = await sqliteDatabase();
  const store = d1Users(database);
  const inserted = await store.insertUser(alice);
  assert.deepEqual([inserted?.id, inserted?.email, inserted?.password, typeof inserted?.created_at], [1, alice.email, "old", "string"]);
  assert.equal(await store.insertUser({ ...alice, email: "Alice@EXAMPLE.com" }), null);
  const found = { ...inserted, is_active: "1", email_verified: "1" };
  assert.deepEqual({ ...(await store.userByEmail("ALICE@example.com", nothing)) }, found);
  assert.deepEqual({ ...(await store.userById(1, nothing)) }, found);
  assert.equal(await store.userByEmail("bob@example.com", nothing), null);
  assert.equal((await store.userByEmail(alice.email, { tokenVersion: true }))?.token_version, 0);
});

test("a hash is replaced for its user only, and only if it is still the old one", async () => {
  const { database, all } = await sqliteDatabase();
  const store = d1Users(database);
  for (const user of [alice, bob]) await store.insertUser(user);
  await store.replaceHash?.({ id: 1, old: "other", new: "new" });
  const passwords = async () => (await all("SELECT password FROM users ORDER BY id")).map(({ password }) => password);
  assert.deepEqual(await passwords(), ["old", "old"]);
  await store.replaceHash?.({ id: 1, old: "old", new: "new" });
  assert.deepEqual(await passwords(), ["new", "old"]);
});

test("an id is bound as a text, so that a column of either type has it", async () => {
  for (const type of ["TEXT", "INTEGER"]) {
    const { database, all } = await sqliteDatabase();
    await all("DROP TABLE users");
    await all(`CREATE TABLE users (id ${type} PRIMARY KEY, email TEXT, password TEXT, created_at TEXT)`);
    await all("INSERT INTO users (id, email) VALUES ('7', 'a@example.com')");
    for (const id of [7, "7"]) assert.equal((await d1Users(database).userById(id, nothing))?.email, "a@example.com", `${type} ${typeof id}`);
  }
});

test("the nearest replica is asked for a user by id, and the primary for one that it lacks or that may be revoked", async () => {
  const [primary, replica, empty] = await Promise.all([sqliteDatabase(), sqliteDatabase(), sqliteDatabase()]);
  await d1Users(primary.database).insertUser(alice);
  await d1Users(replica.database).insertUser({ ...alice, email: "replica@example.com" });
  let asked: string[] = [];
  const emailOf = async (near: Database, replicas: boolean | undefined, tokenVersion: boolean) => {
    asked = [];
    const withSession = (constraint: string) => (asked.push(constraint), near);
    const options = replicas === undefined ? {} : { replicas };
    const row = await d1Users({ ...primary.database, withSession }, options).userById(1, { tokenVersion });
    assert.equal(row && "token_version" in row, tokenVersion);
    return row?.email;
  };
  assert.deepEqual([await emailOf(replica.database, true, false), asked], ["replica@example.com", ["first-unconstrained"]]);
  assert.deepEqual([await emailOf(empty.database, true, false), asked], [alice.email, ["first-unconstrained"]]);
  assert.deepEqual([await emailOf(replica.database, true, true), asked], [alice.email, []]);
  for (const off of [false, undefined]) assert.deepEqual([await emailOf(replica.database, off, false), asked], [alice.email, []]);
});


/** A session of Alice that was rotated once, from the token `a` to `b`, at 100. */
async function rotated() {
  const { database, all } = await sqliteDatabase();
  const store = d1Users(database);
  await store.insertUser(alice);
  const { sessions } = store;
  assert(sessions);
  const session = { id: "s", userId: 1, password: "old", tokenVersion: 0, current: "a", now: 50, expiresAt: 500, endsAt: 1000, userAgent: undefined, address: undefined };
  assert.equal(await sessions.insert(session), true);
  const rotation = { id: "s", old: "a", new: "b", sealed: "sealed", now: 100, expiresAt: 600, graceSince: 70, withTokenVersion: true };
  assert.deepEqual({ ...(await sessions.rotate(rotation)) }, { user_id: 1, sealed: "sealed", is_active: "1", token_version: 0 });
  const row = async () => (await all("SELECT * FROM sessions"))[0];
  const version = async () => (await all("SELECT token_version FROM users"))[0]?.["token_version"];
  return { sessions, session, rotation, row, version, all };
}

test("a reused token ends its session, unless it was replaced within the grace", async () => {
  const end = { id: "s", old: "a", now: 120, graceSince: 99, isVerified: true, raiseTokenVersion: true };
  for (const [change, ended, raised] of [
    [{}, null, 0],
    [{ graceSince: 100 }, { expired: 0 }, 1],
    [{ graceSince: 100, raiseTokenVersion: false }, { expired: 0 }, 0],
    [{ graceSince: 100, isVerified: false }, { expired: 0 }, 1],
    [{ old: "x" }, { expired: 0 }, 1],
    [{ old: "x", isVerified: false }, null, 0],
    [{ old: "b", isVerified: false }, null, 0],
    [{ old: "x", now: 599 }, { expired: 0 }, 1],
    [{ old: "x", now: 600 }, { expired: 1 }, 0],
    [{ id: "t", old: "x" }, null, 0],
  ] as const) {
    const { sessions, row, version } = await rotated();
    const found = await sessions.end({ ...end, ...change });
    assert.deepEqual([found && { ...found }, await version()], [ended, raised], JSON.stringify(change));
    assert.equal((await row()) === undefined, ended !== null, JSON.stringify(change));
  }
});

test("a session that was never rotated is ended by another token of its name", async () => {
  const { sessions, session, version } = await rotated();
  await sessions.insert({ ...session, id: "t" });
  const end = { id: "t", old: "x", now: 120, graceSince: 90, isVerified: true, raiseTokenVersion: true };
  assert.deepEqual({ ...(await sessions.end(end)) }, { expired: 0 });
  assert.equal(await version(), 1);
});

test("a repeated use changes nothing, and no use outlives the end of the session", async () => {
  const { sessions, rotation, row } = await rotated();
  const before = await row();
  assert.deepEqual([before?.["rotated_at"], before?.["expires_at"]], [100, 600]);
  const again = { ...rotation, new: "c", sealed: "other", now: 120, expiresAt: 620, graceSince: 99 };
  assert.deepEqual({ ...(await sessions.rotate(again)) }, { user_id: 1, sealed: "sealed", is_active: "1", token_version: 0 });
  assert.deepEqual(await row(), before);
  assert.equal(await sessions.rotate({ ...again, graceSince: 100 }), null);
  assert.equal(await sessions.rotate({ ...again, old: "b", now: 600 }), null, "it has expired");
  assert.notEqual(await sessions.rotate({ ...again, old: "b", now: 599, expiresAt: 1099 }), null);
  assert.equal((await row())?.["expires_at"], 1000);
});

test("a session is stored only for the password and the token version that were read", async () => {
  const { sessions, session } = await rotated();
  for (const [id, change, inserted] of [
    ["1", {}, true],
    ["2", { password: "new" }, false],
    ["3", { tokenVersion: 1 }, false],
    ["4", { tokenVersion: undefined }, true],
    ["5", { userId: 2 }, false],
  ] as const) {
    assert.equal(await sessions.insert({ ...session, id, ...change } as typeof session), inserted, id);
  }
});

test("the list has the hundred sessions that were used last, and none that has expired", async () => {
  const { sessions, session } = await rotated();
  const [used] = await sessions.list({ userId: 1, now: 300 });
  assert.deepEqual([used?.created_at, used?.last_used_at], [50, 100]);
  for (let number = 1; number <= 101; number += 1) {
    await sessions.insert({ ...session, id: `s${number}`, now: 200 + number, expiresAt: 1000, userAgent: "agent", address: "net" });
  }
  const listed = await sessions.list({ userId: 1, now: 300 });
  assert.deepEqual([listed.length, listed[0]?.id, listed[99]?.id], [100, "s101", "s2"]);
  assert.deepEqual({ ...listed[0] }, { id: "s101", created_at: 301, last_used_at: 301, expires_at: 1000, user_agent: "agent", address: "net" });
  assert.deepEqual([(await sessions.list({ userId: 1, now: 999 })).length, (await sessions.list({ userId: 1, now: 1000 })).length], [100, 0]);
  assert.deepEqual(await sessions.list({ userId: 2, now: 300 }), []);
});

test("an error for what a migration adds names the migration and the command, and another error is as it was", async () => {
  const { sessions, session, rotation, all } = await rotated();
  await all("ALTER TABLE users DROP COLUMN token_version");
  const version = await sessions.rotate({ ...rotation, old: "b" }).catch((error: Error) => error);
  assert(version instanceof Error && version.cause instanceof Error);
  assert.equal(version.message, `${version.cause.message}; the migration 0002_token_version.sql is not applied: \`npx wrangler d1 migrations apply DB --remote\`, or \`--local\` for \`wrangler dev\``);
  await all("DROP TABLE sessions");
  await assert.rejects(sessions.insert({ ...session, id: "u" }), /no such table: sessions; the migration 0003_sessions\.sql is not applied/);
  const { database, all: run } = await sqliteDatabase();
  await assert.rejects(d1Users(database, { further: ["role"] }).userById(1, nothing), /no such column: role; a migration is not applied/);
  await run("ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'x' CHECK (role <> 'no such table')");
  await assert.rejects(d1Users(database, { newUser: () => ({ role: "no such table" }) }).insertUser(alice), (error: Error) => /CHECK/.test(error.message) && !error.message.includes("migration"));
});
