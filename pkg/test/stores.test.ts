// The published checks on every store, with real engines.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { createClient } from "@libsql/client";
import { createGate } from "edgegate";
import { d1Users } from "edgegate/d1";
import { libsqlUsers } from "edgegate/libsql";
import { memoryUsers } from "edgegate/memory";
import { postgresSchema, postgresUsers, type PostgresConnect, type PostgresDatabase, type PostgresOptions } from "edgegate/postgres";
import { sqliteSchema, sqliteUsers, type SqlOptions, type SqliteDatabase } from "edgegate/sqlite";
import { storeChecks, type StoreCheckOptions, type StoreUnderTest } from "edgegate/store-test";
import Libsql from "libsql";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { d1Database, sqliteDatabase, type Opened } from "./databases.ts";
import { postgresServer, type PostgresServer } from "./postgres.ts";
import { SECRET_KEY } from "./users.ts";

const folder = mkdtempSync(join(tmpdir(), "edgegate-stores-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const file = () => join(folder, `${(files += 1)}.db`);

function checks(name: string, open: () => Promise<StoreUnderTest> | StoreUnderTest, options: StoreCheckOptions): void {
  describe(name, () => {
    for (const { name, run } of storeChecks(open, options)) test(name, run);
  });
}

checks("memory", () => ({ store: memoryUsers() }), { ids: "integer", without: ["failure", "deletedUsers"] });

/** Ids that an INTEGER column, or a number, would change. */
const numberedTexts = () => {
  let last = 0;
  return () => ({ id: `00${(last += 1)}` });
};

type Connection = SqliteDatabase & { close(): unknown };

const HIDE = ["ALTER TABLE users RENAME TO gone", "ALTER TABLE sessions RENAME TO gone_sessions"];
const SHOW = ["ALTER TABLE gone RENAME TO users", "ALTER TABLE gone_sessions RENAME TO sessions"];

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
      const { users, sessions } = sqliteSchema({ ids });
      database.exec(users + sessions);
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
  const { users, sessions } = sqliteSchema();
  await client.executeMultiple(users + sessions);
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
      close: () => run("DELETE FROM sessions", "DELETE FROM users"),
    });
    checks(replicas ? "with replicas" : "primary", open, { ids: "integer" });
  }
});

describe("PostgreSQL", () => {
  let server: PostgresServer;
  before(async () => void (server = await postgresServer()));
  after(() => server.stop());

  type Connected = { database: PostgresDatabase | PostgresConnect; close(): Promise<unknown> };
  const pool = (connectionString: string): Connected => {
    const database = new Pool({ connectionString, max: 6 });
    database.on("error", () => {});
    return { database, close: () => database.end() };
  };
  const js = (url: string): Connected => {
    const database = postgres(url, { max: 6, onnotice: () => {}, backoff: () => 0.05 });
    return { database, close: () => database.end() };
  };
  const client = async (connectionString: string): Promise<Connected> => {
    const database = new Client({ connectionString });
    database.on("error", () => {});
    await database.connect();
    return { database, close: () => database.end() };
  };
  const connectingJs = (url: string): Connected => ({ database: () => postgres(url, { max: 1 }), close: async () => {} });
  const connectingPg = (connectionString: string): Connected => ({
    async database() {
      const database = new Client({ connectionString });
      database.on("error", () => {});
      await database.connect();
      return database;
    },
    close: async () => {},
  });

  const setup = (connect: (url: string) => Connected | Promise<Connected>, schema: string, options: PostgresOptions = {}) => async () => {
    const url = server.url;
    const run = async (sql: string, values: unknown[] = []) => {
      const admin = new Client({ connectionString: url });
      await admin.connect();
      await (values.length > 0 ? admin.query(sql, values) : admin.query(sql));
      await admin.end();
    };
    await run(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${schema}`);
    const { database, close } = await connect(url);
    return {
      store: postgresUsers(database, options),
      deleteUser: (id: number | string) => run(`DELETE FROM "${options.users ?? "users"}" WHERE id = $1`, [id]),
      fail: () => server.halt(),
      recover: () => server.start(),
      close: async () => void (await close()),
    };
  };
  const schema = (ids?: "integer" | "bigint" | "uuid" | "text") => Object.values(postgresSchema(ids ? { ids } : {})).join("");

  checks("pg, Pool, integer", setup(pool, schema()), { ids: "integer" });
  checks("pg, Pool, bigint", setup(pool, schema("bigint")), { ids: "integer" });
  checks("pg, Pool, text", setup(pool, schema("text"), { newUser: numberedTexts() }), { ids: "text" });
  checks("pg, Client", setup(client, schema()), { ids: "integer", without: ["failure"] });
  checks("pg, a Client for each call", setup(connectingPg, schema()), { ids: "integer" });
  checks("postgres, bigint", setup(js, schema("bigint")), { ids: "integer" });
  checks("postgres, uuid", setup(js, schema("uuid")), { ids: "text" });
  checks("postgres, one for each call", setup(connectingJs, schema()), { ids: "integer" });

  // FastAPI's full-stack template: the defaults of SQLModel are not in the database.
  const template = `
    CREATE TABLE "user" (
      email varchar(255) NOT NULL, is_active boolean NOT NULL, is_superuser boolean NOT NULL, full_name varchar(255),
      id uuid NOT NULL PRIMARY KEY, hashed_password varchar NOT NULL, created_at timestamptz DEFAULT now()
    );
    CREATE UNIQUE INDEX ix_user_email ON "user" (email);`;
  const { tokenVersion, sessions } = postgresSchema({ users: "user", ids: "uuid" });
  const options: PostgresOptions = {
    users: "user",
    columns: { password: "hashed_password" },
    further: ["full_name", "is_superuser"],
    letterCase: "lower",
    newUser: () => ({ id: crypto.randomUUID(), is_active: true, is_superuser: false }),
  };
  for (const [name, connect] of Object.entries({ pg: pool, postgres: js })) {
    checks(`${name}, a table of FastAPI`, setup(connect, template + tokenVersion + sessions, options), { ids: "text" });
  }

  test("ids are integers or texts as the column is, and times are as FastAPI writes them", async () => {
    const columns = { id: "key", email: "login", password: "hash", token_version: "version" };
    const TIMES = [
      ["timestamptz", "2021-08-29 00:00:00+00", "2021-08-29T00:00:00Z"],
      ["timestamptz", "2021-08-29 00:00:00.25+00", "2021-08-29T00:00:00.250000Z"],
      ["timestamptz", "2021-08-29 02:00:00.123456+02", "2021-08-29T00:00:00.123456Z"],
      ["timestamp", "2021-08-29 00:00:00.5", "2021-08-29T00:00:00.500000"],
      ["text", "2021-08-29", "2021-08-29"],
    ] as const;
    const IDS = [["integer", 7], ["bigint", 2 ** 53 - 1], ["text", "7"], ["uuid", "0f8fad5b-d9cb-469f-a165-70867728950e"]] as const;
    for (const [driver, connect] of Object.entries({ pg: pool, postgres: js })) {
      for (const [idType, id] of IDS) {
        for (const [timeType, time, expected] of TIMES) {
          // A new connection for each table: a prepared statement keeps the types of its parameters.
          const { database, close } = connect(server.url);
          const run = async (sql: string) => void ("unsafe" in database ? await database.unsafe(sql) : await (database as Pool).query(sql));
          await run(`DROP SCHEMA IF EXISTS auth CASCADE; CREATE SCHEMA auth; CREATE TABLE auth.accounts
            (key ${idType}, login varchar(99), hash varchar, "madeAt" ${timeType}, version bigint, scopes text[]);
            INSERT INTO auth.accounts VALUES ('${id}', 'Ada@example.com', 'x', '${time}', 3, '{a,b}')`);
          const options = { users: "auth.accounts", columns: { ...columns, created_at: "madeAt" }, further: ["scopes"] };
          assert.deepEqual(
            await postgresUsers(database, options).userById(id, { tokenVersion: true }),
            { id, email: "Ada@example.com", password: "x", created_at: expected, token_version: 3, scopes: ["a", "b"] },
            `${driver} ${idType}`,
          );
          const timeless = { ...options, columns: { ...columns, created_at: null } };
          const row = await postgresUsers(database, timeless).userByEmail("ada@example.com", { tokenVersion: false });
          assert.equal(row?.created_at, "");
          await close();
        }
      }
    }
  });

  test("an integer id that JavaScript cannot represent is a row that the core refuses", async () => {
    const { database, close } = pool(server.url);
    await (database as Pool).query("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE users (id bigint, email text, password text, created_at text); INSERT INTO users VALUES (9007199254740993, 'ada@example.com', 'x', '')");
    const entries: { reason: string }[] = [];
    const gate = createGate({ SECRET_KEY }, postgresUsers(database), (entry) => entries.push(entry));
    const body = new URLSearchParams({ username: "ada@example.com", password: "secret" });
    assert.equal((await gate.fetch(new Request("http://localhost/login", { method: "POST", body }))).status, 503);
    assert.deepEqual(entries.map(({ reason }) => reason), ["invalid-row:id"]);
    await close();
  });
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
  const { users, sessions, tokenVersion } = sqliteSchema();
  database.exec(users + sessions);
  for (const table of ["users", "sessions"]) {
    for (const what of [`pragma_table_info('${table}')`, `pragma_index_list('${table}')`, `pragma_foreign_key_list('${table}')`]) {
      assert.deepEqual(database.prepare(`SELECT * FROM ${what}`).all(), await migrated.all(`SELECT * FROM ${what}`), what);
    }
  }
  database.exec("ALTER TABLE users DROP COLUMN token_version");
  database.exec(tokenVersion);
  assert.equal(database.prepare("SELECT 1 FROM pragma_table_info('users') WHERE name = 'token_version'").all().length, 1);
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
