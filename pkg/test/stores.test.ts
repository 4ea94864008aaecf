// The published checks on the stores of SQLite's engines and of memory. Those of PostgreSQL are in postgres.test.ts.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { createClient } from "@libsql/client";
import { d1Users } from "edgegate/d1";
import { libsqlUsers } from "edgegate/libsql";
import { memoryUsers } from "edgegate/memory";
import { postgresSchema, postgresUsers } from "edgegate/postgres";
import { sqliteSchema, sqliteUsers, type SqlOptions, type SqliteDatabase } from "edgegate/sqlite";
import { storeChecks, type StoreUnderTest } from "edgegate/store-test";
import Libsql from "libsql";
import { d1Database, sqliteDatabase, type Opened } from "./databases.ts";
import { checks, numberedTexts } from "./stores.ts";

const folder = mkdtempSync(join(tmpdir(), "edgegate-stores-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const file = () => join(folder, `${(files += 1)}.db`);

checks("memory", () => ({ store: memoryUsers() }), { ids: "integer", without: ["failure", "deletedUsers"] });

type Connection = SqliteDatabase & { close(): unknown };

const HIDE = ["ALTER TABLE users RENAME TO gone", "ALTER TABLE sessions RENAME TO gone_sessions", "ALTER TABLE login_attempts RENAME TO gone_attempts"];
const SHOW = ["ALTER TABLE gone RENAME TO users", "ALTER TABLE gone_sessions RENAME TO sessions", "ALTER TABLE gone_attempts RENAME TO login_attempts"];

/**
 * Another connection to the same file. It must be of the same driver: locks of POSIX belong to a process, so two copies of SQLite
 * in one process do not see each other's. It locks the file, or removes the tables: after libsql has found the file locked, it
 * refuses to commit until the statement that found it is collected.
 */
function another(other: Connection, locks: boolean) {
  // So that the sessions of a deleted user remain.
  other.exec("PRAGMA foreign_keys = OFF");
  return {
    fail: () => void other.exec(locks ? "BEGIN EXCLUSIVE" : HIDE.join(";")),
    recover: () => void other.exec(locks ? "ROLLBACK" : SHOW.join(";")),
    deleteUser: (id: number | string) => void other.prepare("DELETE FROM users WHERE id = ? RETURNING id").all(id),
    close: () => void other.close(),
  };
}

const drivers: Record<string, (path: string) => Connection> = {
  "node:sqlite": (path) => new DatabaseSync(path),
  // The interface of better-sqlite3, in a package that is installed without a compiler.
  "libsql, as better-sqlite3": (path) => new Libsql(path),
};

for (const [driver, connect] of Object.entries(drivers)) {
  for (const ids of ["integer", "text"] as const) {
    const open = () => {
      const path = file();
      const database = connect(path);
      const { users, sessions, attempts, mailTokens } = sqliteSchema({ ids });
      database.exec(users + sessions + attempts + mailTokens);
      const { close, ...hooks } = another(connect(path), driver === "node:sqlite" && ids === "integer");
      const options: SqlOptions = ids === "text" ? { newUser: numberedTexts() } : {};
      return { store: sqliteUsers(database, options), ...hooks, close: () => (close(), void database.close()) };
    };
    checks(`${driver}, ${ids} ids`, open, { ids });
  }
}

checks("libSQL", async () => {
  const path = file();
  const client = createClient({ url: `file:${path}` });
  const { users, sessions, attempts, mailTokens } = sqliteSchema();
  await client.executeMultiple(users + sessions + attempts + mailTokens);
  const { close, ...hooks } = another(new Libsql(path), false);
  return { store: libsqlUsers(client), ...hooks, close: () => (close(), client.close()) };
}, { ids: "integer" });

describe("D1", () => {
  let opened: Opened;
  before(async () => void (opened = await d1Database()));
  after(() => opened.close());
  const run = async (...statements: string[]) => {
    for (const sql of statements) await opened.all(sql);
  };
  for (const replicas of [false, true]) {
    const open = () => ({
      store: d1Users(opened.database, { replicas }),
      deleteUser: (id: number | string) => run(`DELETE FROM users WHERE id = ${id}`),
      fail: () => run(...HIDE),
      recover: () => run(...SHOW),
      close: () => run("DELETE FROM login_attempts", "DELETE FROM sessions", "DELETE FROM mail_tokens", "DELETE FROM users"),
    });
    checks(replicas ? "with replicas" : "primary", open, { ids: "integer" });
  }
});

test("a name that is no SQL identifier, and what is no database, are TypeErrors", () => {
  const database = new DatabaseSync(":memory:");
  for (const users of ["", "users; DROP TABLE users", "users`", 'us"ers', "a..b", "1a", " users", "a:b"]) {
    assert.throws(() => sqliteUsers(database, { users }), TypeError, users);
    assert.throws(() => sqliteSchema({ users }), TypeError, users);
    assert.throws(() => postgresSchema({ users }), TypeError, users);
  }
  assert.throws(() => sqliteUsers(database, { columns: { email: "e mail" } }), TypeError);
  assert.throws(() => sqliteUsers(database, { further: ["*"] }), TypeError);
  assert.throws(() => postgresUsers({} as never), TypeError);
  assert.throws(() => postgresUsers(undefined as never), TypeError);
});

test("a missing column is an error of the database, and not the text of its name", async () => {
  const database = new DatabaseSync(":memory:", { enableDoubleQuotedStringLiterals: true });
  database.exec(sqliteSchema().users);
  await assert.rejects(sqliteUsers(database, { further: ["role"] }).userByEmail("ada@example.com", { tokenVersion: false }), /no such column/);
});

test("the SQL of sqliteSchema and the migrations of the Worker create the same tables", async () => {
  const migrated = await sqliteDatabase();
  const database = new DatabaseSync(":memory:");
  const { users, sessions, attempts, mailTokens, tokenVersion, isActive, emailVerified } = sqliteSchema();
  database.exec(users + sessions + attempts + mailTokens);
  for (const table of ["users", "sessions", "login_attempts", "mail_tokens"]) {
    for (const what of [`pragma_table_info('${table}')`, `pragma_index_list('${table}')`, `pragma_foreign_key_list('${table}')`]) {
      assert.deepEqual(database.prepare(`SELECT * FROM ${what}`).all(), await migrated.all(`SELECT * FROM ${what}`), what);
    }
  }
  database.exec("ALTER TABLE users DROP COLUMN token_version; ALTER TABLE users DROP COLUMN is_active; ALTER TABLE users DROP COLUMN email_verified");
  database.exec(tokenVersion + isActive + emailVerified);
  assert.equal(database.prepare("SELECT 1 FROM pragma_table_info('users') WHERE name IN ('token_version', 'is_active', 'email_verified')").all().length, 3);
  await migrated.close();
});

test("the checks fail for a store that breaks a rule, or lacks what is checked", async () => {
  const good = memoryUsers;
  const broken: [string, () => StoreUnderTest["store"]][] = [
    ["the letter case of an address is ignored", () => ({ ...good(), userByEmail: async () => null })],
    ["simultaneous uses of a refresh token get the same answer", () => {
      const { sessions, ...store } = good();
      return { ...store, sessions: { ...sessions, rotate: async (rotation) => ((await sessions.rotate(rotation)) && { user_id: 1, sealed: rotation.sealed }) } };
    }],
    ["no session is stored past a simultaneous revocation", () => ({ ...good(), revokeTokens: async () => {} })],
    ["logins are counted, and forgotten after a time", () => {
      const { attempts, ...store } = good();
      return { ...store, attempts: { ...attempts, count: (login) => attempts.count({ ...login, counts: true }) } };
    }],
    ["while the database fails every method rejects, and afterwards all work", () => good()],
  ];
  for (const [name, store] of broken) {
    const check = storeChecks(() => ({ store: store(), fail() {}, recover() {} }), { ids: "integer" }).find((one) => one.name === name);
    assert(check, name);
    await assert.rejects(check.run(), Error, name);
  }
  const { sessions: _, ...without } = good();
  const results = await Promise.allSettled(storeChecks(() => ({ store: without }), { ids: "integer", without: ["failure", "deletedUsers"] }).map(({ run }) => run()));
  assert(results.some((result) => result.status === "rejected" && /does not have sessions/.test(String(result.reason))));
});
