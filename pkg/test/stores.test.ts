// The published checks on every store, with real engines.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { createClient } from "@libsql/client";
import { d1Users } from "edgegate/d1";
import { libsqlUsers } from "edgegate/libsql";
import { memoryUsers } from "edgegate/memory";
import { postgresSchema, postgresUsers, type PostgresConnect, type PostgresDatabase, type PostgresOptions } from "edgegate/postgres";
import { sqliteSchema, sqliteUsers, type SqlOptions, type SqliteDatabase } from "edgegate/sqlite";
import { storeChecks, type StoreCheckOptions, type StoreUnderTest } from "edgegate/store-test";
import Libsql from "libsql";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { d1Database, type Opened } from "./databases.ts";
import { postgresServer, type PostgresServer } from "./postgres.ts";

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
      const { close, ...hooks } = another(connect(path), driver === "node:sqlite");
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
});
