// The published checks on the store of PostgreSQL, with both drivers and a server of the tests' own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { createGate } from "edgegate";
import { postgresSchema, postgresUsers, type PostgresConnect, type PostgresDatabase, type PostgresOptions } from "edgegate/postgres";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { postgresServer, type PostgresServer } from "./postgres.ts";
import { checks, numberedTexts } from "./stores.ts";
import { SECRET_KEY } from "./users.ts";

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

checks("pg, Pool, integer", setup(pool, schema("integer")), { ids: "integer" });
checks("pg, Pool, bigint", setup(pool, schema("bigint")), { ids: "integer" });
checks("pg, Pool, text", setup(pool, schema("text"), { newUser: numberedTexts() }), { ids: "text" });
checks("pg, Client", setup(client, schema()), { ids: "integer", without: ["failure"] });
checks("pg, a Client for each call", setup(connectingPg, schema()), { ids: "integer" });
checks("postgres, bigint", setup(js, schema("bigint")), { ids: "integer" });
checks("postgres, uuid", setup(js, schema("uuid")), { ids: "text" });
checks("postgres, one for each call", setup(connectingJs, schema()), { ids: "integer" });

checks("pg, a column of citext", setup(pool, `
  CREATE EXTENSION citext;
  CREATE TABLE users (id serial PRIMARY KEY, email citext NOT NULL UNIQUE, password varchar(60) NOT NULL, created_at timestamp DEFAULT now(), token_version int NOT NULL DEFAULT 0, email_verified boolean NOT NULL DEFAULT true);
  ${postgresSchema({ ids: "integer" }).sessions + postgresSchema({ ids: "integer" }).mailTokens + postgresSchema().attempts}`, { letterCase: "lower" }), { ids: "integer" });

// FastAPI's full-stack template: the defaults of SQLModel are not in the database.
const template = `
  CREATE TABLE "user" (
    email varchar(255) NOT NULL, is_active boolean NOT NULL, is_superuser boolean NOT NULL, full_name varchar(255),
    id uuid NOT NULL PRIMARY KEY, hashed_password varchar NOT NULL, created_at timestamptz DEFAULT now()
  );
  CREATE UNIQUE INDEX ix_user_email ON "user" (email);`;
const { tokenVersion, emailVerified, sessions, attempts, mailTokens } = postgresSchema({ users: "user", ids: "uuid" });
const options: PostgresOptions = {
  users: "user",
  columns: { password: "hashed_password" },
  further: ["full_name", "is_superuser"],
  letterCase: "lower",
  newUser: () => ({ id: crypto.randomUUID(), is_active: true, is_superuser: false }),
};
for (const [name, connect] of Object.entries({ pg: pool, postgres: js })) {
  checks(`${name}, a table of FastAPI`, setup(connect, template + tokenVersion + emailVerified + sessions + attempts + mailTokens, options), { ids: "text" });
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
          { id, email: "Ada@example.com", password: "x", created_at: expected, token_version: 3, is_active: "true", email_verified: "true", scopes: ["a", "b"] },
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

test("a login waits for a revocation that has not been committed", async () => {
  const { database, close } = pool(server.url);
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${schema()}`);
  const store = postgresUsers(database);
  const id = (await store.insertUser({ email: "ada@example.com", password: "hash" }))?.id ?? 0;
  await admin.query("BEGIN");
  await admin.query("UPDATE users SET token_version = token_version + 1");
  const session = { id: "s", userId: id, password: "hash", tokenVersion: 0, current: "a", now: 50, expiresAt: 500, endsAt: 1000, userAgent: undefined, address: undefined };
  let isDone = false;
  const inserted = store.sessions.insert(session).finally(() => (isDone = true));
  for (let waiting = 0; waiting === 0 && !isDone; ) {
    const { rows } = await admin.query("SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted");
    waiting = rows[0].waiting as number;
  }
  assert.equal(isDone, false);
  await admin.query("COMMIT");
  assert.equal(await inserted, false);
  assert.equal(await store.sessions.insert({ ...session, tokenVersion: 1 }), true);
  await Promise.all([admin.end(), close()]);
});

test("a deletion and a logout everywhere wait for each other in the same order", async () => {
  const { users, sessions, attempts } = postgresSchema();
  const { database, close } = pool(server.url);
  const store = postgresUsers(database);
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  try {
    await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${users}${sessions}${attempts}`);
    await admin.query("INSERT INTO users (email, password) VALUES ('ada@example.com', 'hash'); INSERT INTO sessions VALUES ('s', 1, 'c', NULL, NULL, 1, 1, 9000000000, 9000000000)");
    // Until both have begun, the row of the user is locked.
    await admin.query("BEGIN; SELECT 1 FROM users FOR UPDATE");
    const waiting = async (count: number) => {
      while ((await admin.query("SELECT 1 FROM pg_locks WHERE NOT granted")).rowCount !== count) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    const logout = store.revokeTokens({ id: 1, withSessions: true });
    await waiting(1);
    const deletion = store.deleteUser({ userId: 1, password: "hash", tokenVersion: undefined, withSessions: true, account: "account" });
    await waiting(2);
    await admin.query("COMMIT");
    assert.deepEqual(await Promise.all([logout, deletion]), [undefined, true]);
  } finally {
    await admin.end();
    await close();
  }
});

test("a lookup by address uses the index", async () => {
  const { database, close } = pool(server.url);
  const run = async (sql: string, values?: unknown[]) => (await (database as Pool).query(sql, values)).rows as Record<string, string>[];
  for (const [letterCase, index] of [["mixed", ""], ["lower", "CREATE UNIQUE INDEX users_email ON users (email);"]] as const) {
    await run(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${schema()} ${index && `DROP INDEX users_email; ${index}`}`);
    let plan = "";
    const explained = {
      async query(sql: string, values: unknown[]) {
        await run("SET enable_seqscan = off");
        plan = (await run(`EXPLAIN ${sql}`, values)).map((row) => row["QUERY PLAN"]).join("\n");
        return { rows: [] };
      },
    };
    await postgresUsers(explained, { letterCase }).userByEmail("ada@example.com", { tokenVersion: true });
    assert.match(plan, /Index Scan using users_email/, letterCase);
  }
  await close();
});

test("an error has nothing of the row that was refused", async () => {
  for (const connect of [pool, js]) {
    const { database, close } = connect(server.url);
    const run = async (sql: string) => void ("unsafe" in database ? await database.unsafe(sql) : await (database as Pool).query(sql));
    await run(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${schema()} ALTER TABLE users ADD COLUMN role text NOT NULL`);
    const error = await postgresUsers(database).insertUser({ email: "ada@example.com", password: "a hash" }).catch((error: unknown) => error);
    assert.match(inspect(error, { depth: 9, showHidden: true }), /null value in column "role"/);
    assert.equal((error as { code?: unknown }).code, "23502");
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /ada@|a hash/);
    await close();
  }
});

test("an integer id that JavaScript cannot represent is a row that the core refuses", async () => {
  const { database, close } = pool(server.url);
  await (database as Pool).query("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE users (id bigint, email text, password text, created_at text); INSERT INTO users VALUES (9007199254740993, 'ada@example.com', 'x', '')");
  const entries: { reason: string }[] = [];
  const gate = createGate({ SECRET_KEY }, postgresUsers(database), { log: (entry) => entries.push(entry) });
  const body = new URLSearchParams({ username: "ada@example.com", password: "secret" });
  assert.equal((await gate.fetch(new Request("http://localhost/login", { method: "POST", body }))).status, 503);
  assert.deepEqual(entries.map(({ reason }) => reason), ["invalid-row:id"]);
  await close();
});

test("on a connection of its own, a transaction of pg waits for each statement", async () => {
  const script = `
    import { Client, Pool } from "pg";
    import { postgresUsers } from "edgegate/postgres";
    const connectionString = process.env.DATABASE_URL;
    const pool = new Pool({ connectionString });
    const own = async () => { const client = new Client({ connectionString }); await client.connect(); return client; };
    for (const database of [pool, own]) await postgresUsers(database).changePassword({ userId: 1, old: "a", new: "b", withSessions: true, withMailTokens: false });
    await pool.end();`;
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  const { users, sessions } = postgresSchema();
  await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${users}${sessions}`);
  await admin.end();
  const { status, stderr } = spawnSync(process.execPath, ["--throw-deprecation", "--input-type=module", "--eval", script], { env: { ...process.env, DATABASE_URL: server.url }, encoding: "utf8" });
  assert.equal(status, 0, stderr);
});
