// User store in PostgreSQL, by the drivers `pg` and `postgres`.

import { lowerCase, quoted, sqlUsers, type Dialect, type Driver, type Row, type SqlOptions, type SqlStore, type Statement } from "./sql.js";
import type { Schema } from "./sqlite-dialect.js";

export type { ColumnNames, SqlOptions, SqlStore } from "./sql.js";
export type { Schema } from "./sqlite-dialect.js";

/** Options of {@link postgresUsers}. */
export interface PostgresOptions extends SqlOptions {
  /**
   * How the table has its addresses. `mixed`: in any letter case. It needs a unique index on `lower(email COLLATE "C")`, which
   * `postgresSchema` creates: without it each login reads the whole table, and the same address may register twice at once in two spellings.
   * `lower`: in lower case only; new ones are stored so. A unique index on the column itself is enough, but users whose stored address
   * has capitals cannot log in. Also for a column of type `citext`, and then all of them can. Default: `mixed`.
   */
  letterCase?: "mixed" | "lower";
}

/** The part of `Pool` of `pg` that is used. `Pool` of `@neondatabase/serverless` has it as well. */
export interface PgPool extends PgQueryable {
  readonly totalCount: number;
  connect(): Promise<PgQueryable & { release(error?: boolean): void }>;
}

/** The part of a connected `Client` of `pg` that is used. */
export interface PgQueryable {
  query(sql: string, values?: any[]): Promise<{ rows: any[] }>;
}

/** The part of what `postgres()` returns that is used. */
export interface PostgresJs {
  unsafe(sql: string, values?: any[], options?: { prepare: boolean }): PromiseLike<Iterable<any>>;
  begin(run: (transaction: any) => any): Promise<any>;
}

/** A database, as one of the drivers has it. */
export type PostgresDatabase = PgPool | PgQueryable | PostgresJs;

/** Opens a connection. {@link postgresUsers} calls it for each of its own calls, and then `end()`. */
export type PostgresConnect = () => Promise<Connection> | Connection;
type Connection = PostgresDatabase & { end(): Promise<unknown> };

/**
 * A user store in a table of PostgreSQL, by default `users(id, email, password, created_at)`. {@link postgresSchema} has the SQL that
 * creates it. Ids may be of the types `integer`, `bigint`, `uuid` and `text`. A `bigint` above 2^53 - 1 is refused: the reply is 503.
 * Times are returned as FastAPI writes them, with microseconds.
 *
 * The database is one of these:
 * - a `Pool` of `pg`. Handle its event `error`, which it emits when an idle connection is lost: without a handler, Node ends the process.
 * - a connected `Client` of `pg`. It does not connect again after a lost connection, so it is for one request, or a script.
 * - `postgres()` of `postgres`.
 * - a function that opens one of them. It is called for each method call of the store, and the connection is closed afterwards.
 *   Workers need it, because no connection may be used by two requests; with Hyperdrive connecting is fast.
 *
 * **Hyperdrive** caches the results of `SELECT` for a minute, and more. A logout or a new password would then not be noticed.
 * Create its configuration with `--caching-disabled`:
 * `npx wrangler hyperdrive create NAME --caching-disabled --connection-string=...`.
 *
 * The role needs `SELECT`, `INSERT` and `UPDATE` on the table of users, and `DELETE` as well on that of sessions, and on that of users for `ACCOUNT_DELETION=on`. The isolation level must be PostgreSQL's default, `READ COMMITTED`. The database must be the primary: a replica may be behind.
 *
 * @throws {TypeError} when the database is none of these, or a name in the options is no SQL identifier.
 *
 * @example
 * ```ts
 * import { createGate } from "edgegate";
 * import { postgresUsers } from "edgegate/postgres";
 * import { Pool } from "pg";
 *
 * const pool = new Pool({ connectionString: process.env["DATABASE_URL"] });
 * pool.on("error", (error) => console.error(error));
 * const gate = createGate(process.env, postgresUsers(pool));
 * ```
 *
 * @example On Workers with Hyperdrive
 * ```ts
 * import { createGate } from "edgegate";
 * import { postgresUsers } from "edgegate/postgres";
 * import postgres from "postgres";
 *
 * const connect = () => postgres(env.HYPERDRIVE.connectionString, { max: 1, fetch_types: false });
 * const gate = createGate(env, postgresUsers(connect));
 * ```
 *
 * @example A table that a FastAPI backend owns, as its full-stack template creates it
 * ```ts
 * const users = postgresUsers(pool, {
 *   users: "user",
 *   columns: { password: "hashed_password" },
 *   further: ["full_name", "is_superuser"],
 *   letterCase: "lower",
 *   newUser: () => ({ id: crypto.randomUUID(), is_active: true, is_superuser: false }),
 * });
 * ```
 */
export function postgresUsers(database: PostgresDatabase | PostgresConnect, options: PostgresOptions = {}): SqlStore {
  const { letterCase = "mixed", ...tables } = options;
  const store = sqlUsers(dialect(letterCase), withoutRows(driver(database)), tables);
  const { sessions, attempts, mailTokens } = store;
  const spelled = letterCase === "lower" ? lowerCase : (email: string) => email;
  const user = async (row: ReturnType<SqlStore["userById"]>) => corrected(await row);
  return {
    ...store,
    userByEmail: (email, columns) => user(store.userByEmail(spelled(email), columns)),
    userById: (id, columns) => ofExistingId(() => user(store.userById(id, columns)), null),
    moveUser: (row) => store.moveUser({ ...row, email: spelled(row.email) }),
    insertUser: (row) => user(store.insertUser({ ...row, email: spelled(row.email) })),
    mailTokens: {
      store: (token) => mailTokens.store({ ...token, email: spelled(token.email) }),
      user: (of) => user(mailTokens.user(of)),
      verifyEmail: (of) => mailTokens.verifyEmail(of),
    },
    deleteUser: (deletion) => ofExistingId(() => store.deleteUser(deletion), false),
    changePassword: (change) => ofExistingId(() => store.changePassword(change), false),
    attempts: {
      ...attempts,
      async find(login) {
        const { user, attempts: row } = await attempts.find({ ...login, email: spelled(login.email) });
        return { user: corrected(user), attempts: row && integers(row, ["failures", "failed_at", "expires_at"]) };
      },
      // Drivers return a `bigint` as a text.
      count: async (login) => Number(await attempts.count(login)),
    },
    sessions: {
      ...sessions,
      insert: (session) => ofExistingId(() => sessions.insert(session), false),
      rotate: async (rotation) => corrected(await sessions.rotate(rotation)),
      delete: (session) => ofExistingId(() => sessions.delete(session), false),
      list: (of) => ofExistingId(async () => (await sessions.list(of)).map((row) => integers(row, ["created_at", "last_used_at", "expires_at"])), []),
    },
  };
}

const dialect = (letterCase: "mixed" | "lower"): Dialect => {
  // The letters A to Z, whatever the collation of the database.
  const lower = (text: string) => `lower(${text} COLLATE "C")`;
  return {
    quote: '"',
    parameter: (number) => `$${number}`,
    least: "LEAST",
    greatest: "GREATEST",
    sameEmail: (column) => (letterCase === "lower" ? `${column} = :email` : `${lower(column)} = ${lower("CAST(:email AS text)")}`),
    // Drivers return a `bigint` as a text. JSON tells integers and texts apart, and is a text whatever parsers the driver is given.
    id: (column) => `CAST(to_json(${column}) AS text)`,
    createdAt: (column) => `CAST(to_json(${column}) AS text)`,
    // Without it, a session could be stored while the tokens of its user are being revoked, and be missed.
    typed(table, column, parameter) {
      const member = column.slice(1, -1);
      return `(jsonb_populate_record(CAST(NULL AS ${table}), jsonb_build_object('${member}', CAST(${parameter} AS text)))).${column}`;
    },
    lockUser: " FOR SHARE",
    lockDeleted: " FOR UPDATE",
    skipLocked: " FOR UPDATE SKIP LOCKED",
    both: (first, second) => [`WITH second AS (${second}) ${first}`],
  };
};

/** The columns that are read as JSON, and the integers. */
function corrected<R extends object>(row: R | null): R | null {
  if (row === null) return row;
  const columns = integers(row, ["token_version"]) as Row;
  for (const name of ["id", "user_id"]) if (name in columns) columns[name] = parsed(columns[name]);
  if ("created_at" in columns) columns["created_at"] = asFastApi(parsed(columns["created_at"]));
  return columns as R;
}

/** A table without `created_at` gives an empty text, which is no JSON. */
const parsed = (json: unknown): unknown => (typeof json === "string" && json !== "" ? JSON.parse(json) : json);

/** PostgreSQL leaves out the last zeros of a fraction; Python writes six digits, and pydantic `Z` for UTC. */
function asFastApi(time: unknown): unknown {
  const parts = typeof time === "string" ? /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?([+-]\d\d:\d\d)?$/.exec(time) : null;
  if (!parts) return time;
  const [, seconds, fraction = "", offset = ""] = parts;
  return `${seconds}${fraction && fraction.padEnd(7, "0")}${offset === "+00:00" ? "Z" : offset}`;
}

/** Drivers return a `bigint` as a text. What is no integer is left as it is, and the core refuses it. */
function integers<R extends object>(row: R, names: string[]): R {
  const columns: Row = Object.fromEntries(Object.entries(row));
  for (const name of names) {
    const value = columns[name];
    if (typeof value === "bigint" || (typeof value === "string" && /^-?\d{1,16}$/.test(value))) columns[name] = Number(value);
  }
  return columns as R;
}

/** An id that the type of the column cannot have is one of no user: "x" as an integer, 2^40 as a 32-bit one, a NUL in a text. */
async function ofExistingId<T>(ask: () => Promise<T>, none: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "22P02" || code === "22003" || code === "22021") return none;
    throw error;
  }
}

/** Errors of drivers have the row that was refused, the statement and its parameters as members, for a log that prints them all. */
function withoutRows({ all, transaction }: Driver): Driver {
  const plain = (error: unknown): never => {
    if (!(error instanceof Error)) throw error;
    const { message, code } = error as { message: string; code?: unknown };
    throw Object.assign(new Error(message), code === undefined ? {} : { code });
  };
  return {
    all: (statement) => all(statement).catch(plain),
    transaction: (statements) => transaction(statements).catch(plain),
  };
}

/** `isOwn` says that nobody else has the connection. */
function driver(database: PostgresDatabase | PostgresConnect, isOwn = false): Driver {
  if (isPostgresJs(database)) return postgresJs(database);
  if (typeof database === "function") return connecting(database);
  if (typeof database === "object" && database !== null && "query" in database) return pg(database, isOwn);
  throw new TypeError("edgegate: the database must be a Pool or a Client of `pg`, what `postgres()` returns, or a function");
}

function isPostgresJs(database: unknown): database is PostgresJs {
  return typeof database === "function" && "unsafe" in database && "begin" in database;
}

function pg(database: PgPool | PgQueryable, isOwn: boolean): Driver {
  const all = async ({ sql, values }: Statement): Promise<Row[]> => (await database.query(sql, values)).rows;
  if (!("totalCount" in database)) return { all, transaction: (statements) => (isOwn ? ownTransaction : sharedTransaction)(database, statements) };
  return {
    all,
    async transaction(statements) {
      const client = await database.connect();
      let isUsable = false;
      try {
        const rows = await ownTransaction(client, statements);
        isUsable = true;
        return rows;
      } finally {
        client.release(!isUsable);
      }
    },
  };
}

/** On a connection that nobody else has. pg 9 takes no statement while another one is executed. */
async function ownTransaction(client: PgQueryable, statements: Statement[]): Promise<Row[][]> {
  const all: Row[][] = [];
  await client.query("BEGIN", []);
  try {
    for (const { sql, values } of statements) all.push((await client.query(sql, values)).rows as Row[]);
    await client.query("COMMIT", []);
  } catch (error) {
    await client.query("ROLLBACK", []).catch(() => {});
    throw error;
  }
  return all;
}

/**
 * All statements are queued at once, so that those of another request cannot come between them on the same connection. After an
 * error the others fail as well, and COMMIT rolls back.
 */
async function sharedTransaction(client: PgQueryable, statements: Statement[]): Promise<Row[][]> {
  const queued = [{ sql: "BEGIN", values: [] }, ...statements, { sql: "COMMIT", values: [] }];
  const results = await Promise.allSettled(queued.map(({ sql, values }) => client.query(sql, values)));
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value.rows as Row[];
  }).slice(1, -1);
}

function postgresJs(database: PostgresJs): Driver {
  // `prepare` does nothing where the driver was created with `prepare: false`.
  const run = async (on: PostgresJs, { sql, values }: Statement): Promise<Row[]> => [...(await on.unsafe(sql, values, { prepare: true }))];
  return {
    all: (statement) => run(database, statement),
    transaction: (statements) => database.begin((transaction: PostgresJs) => Promise.all(statements.map((one) => run(transaction, one)))),
  };
}

function connecting(connect: PostgresConnect): Driver {
  const on = async <T>(use: (driver: Driver) => Promise<T>): Promise<T> => {
    const connection = await connect();
    try {
      return await use(driver(connection, true));
    } finally {
      // A lost connection may fail to close; what it was used for has failed before.
      await connection.end().catch(() => {});
    }
  };
  return {
    all: (statement) => on((driver) => driver.all(statement)),
    transaction: (statements) => on((driver) => driver.transaction(statements)),
  };
}

/** Options of {@link postgresSchema}. */
export interface PostgresSchemaOptions extends Pick<SqlOptions, "users" | "sessions" | "attempts" | "mailTokens" | "audit"> {
  /**
   * The type of the users' ids. If a backend owns the table of users, it must be that of its ids. `integer` and `bigint` are counted
   * by the database, `uuid` and `text` are random UUIDs. Default: `bigint`.
   */
  ids?: "integer" | "bigint" | "uuid" | "text";
  /** The column of the users' ids, to which the sessions refer. Default: `id`. */
  id?: string;
}

/**
 * SQL that creates the tables in PostgreSQL, as the migrations of the crate `edgegate-axum` do. If a backend owns the table of users, only `sessions`, `attempts` and `tokenVersion` are of use.
 *
 * @throws {TypeError} when a name is no SQL identifier.
 *
 * @example
 * ```ts
 * import { postgresSchema } from "edgegate/postgres";
 *
 * const { users, sessions } = postgresSchema({ ids: "uuid" });
 * await pool.query(users + sessions);
 * ```
 */
export function postgresSchema(options: PostgresSchemaOptions = {}): Schema {
  const { users = "users", sessions = "sessions", attempts = "login_attempts", mailTokens = "mail_tokens", audit = "audit", ids = "bigint", id = "id" } = options;
  const name = (text: string): string => quoted('"', text);
  const index = (table: string, column: string): string => name(`${table.split(".").at(-1)}_${column}`);
  const key = {
    integer: "integer GENERATED BY DEFAULT AS IDENTITY",
    bigint: "bigint GENERATED BY DEFAULT AS IDENTITY",
    uuid: "uuid DEFAULT gen_random_uuid()",
    text: "text DEFAULT gen_random_uuid()",
  }[ids];
  const version = "token_version bigint NOT NULL DEFAULT 0";
  const active = "is_active boolean NOT NULL DEFAULT true";
  const verified = "email_verified boolean NOT NULL DEFAULT true";
  return {
    users: `CREATE TABLE IF NOT EXISTS ${name(users)} (
  ${name(id)} ${key} PRIMARY KEY,
  email text NOT NULL,
  password text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ${version},
  ${active},
  ${verified}
);
CREATE UNIQUE INDEX IF NOT EXISTS ${index(users, "email")} ON ${name(users)} (lower(email COLLATE "C"));
`,
    tokenVersion: `ALTER TABLE ${name(users)} ADD COLUMN IF NOT EXISTS ${version};\n`,
    isActive: `ALTER TABLE ${name(users)} ADD COLUMN IF NOT EXISTS ${active};\n`,
    emailVerified: `ALTER TABLE ${name(users)} ADD COLUMN IF NOT EXISTS ${verified};\n`,
    sessions: `CREATE TABLE IF NOT EXISTS ${name(sessions)} (
  id text PRIMARY KEY,
  user_id ${ids} NOT NULL REFERENCES ${name(users)} (${name(id)}) ON DELETE CASCADE,
  current text NOT NULL,
  previous text,
  sealed text,
  created_at bigint NOT NULL,
  rotated_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  ends_at bigint NOT NULL,
  user_agent text,
  address text
);
CREATE INDEX IF NOT EXISTS ${index(sessions, "user_id")} ON ${name(sessions)} (user_id);
`,
    mailTokens: `CREATE TABLE IF NOT EXISTS ${name(mailTokens)} (
  account text NOT NULL,
  kind text NOT NULL,
  created_at bigint NOT NULL,
  hash text NOT NULL UNIQUE,
  user_id ${ids} NOT NULL,
  email text NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (account, kind, created_at)
);
CREATE INDEX IF NOT EXISTS ${index(mailTokens, "expires_at")} ON ${name(mailTokens)} (expires_at);
`,
    attempts: `CREATE TABLE IF NOT EXISTS ${name(attempts)} (
  account text NOT NULL,
  client text NOT NULL,
  failures bigint NOT NULL,
  failed_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (account, client)
);
CREATE INDEX IF NOT EXISTS ${index(attempts, "expires_at")} ON ${name(attempts)} (expires_at);
`,
    audit: `CREATE TABLE IF NOT EXISTS ${name(audit)} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  kind text NOT NULL,
  user_id text,
  account text,
  client text,
  reason text
);
CREATE INDEX IF NOT EXISTS ${index(audit, "at")} ON ${name(audit)} (at);
`,
  };
}
