// User store in Cloudflare D1.

import { sqlUsers, type Driver, type Row, type SqlOptions, type SqlStore } from "./sql.js";
import { SQLITE } from "./sqlite-dialect.js";

export type { ColumnNames, SqlOptions, SqlStore } from "./sql.js";
export { sqliteSchema, type Schema, type SqliteSchemaOptions } from "./sqlite-dialect.js";

/** The part of `D1Database` that is used, so that the package does not depend on the types of Workers. */
export interface Database extends Queryable {
  withSession(constraint: "first-unconstrained"): Queryable;
  batch<Row>(statements: Statement[]): Promise<{ results: Row[] }[]>;
}

interface Queryable {
  prepare(sql: string): Statement;
}

interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row>(): Promise<{ results: Row[] }>;
}

/** Options of {@link d1Users}. */
export interface D1Options extends SqlOptions {
  /**
   * Reads the user of a token from the nearest replica, and from the primary if the replica does not have the user, who
   * may be new. For databases with read replication. Without it, every read goes to the primary, which is faster where
   * the primary is near. Default: false.
   */
  replicas?: boolean;
}

/**
 * A user store in a D1 table `users(id, email, password, created_at)`. The project's migrations create it, and the columns and
 * tables that some settings need; so does the SQL of {@link sqliteSchema}.
 *
 * Every query goes to the primary, unless `replicas` is set.
 *
 * @throws {TypeError} when a name in the options is no SQL identifier.
 *
 * @example
 * ```ts
 * import { createGate } from "edgegate";
 * import { d1Users } from "edgegate/d1";
 *
 * const gate = createGate(env, d1Users(env.DB));
 * const response = await gate.fetch(request);
 * ```
 */
export function d1Users(database: Database, { replicas = false, ...options }: D1Options = {}): SqlStore {
  const store = sqlUsers(SQLITE, driver(database, () => database), options);
  if (!replicas) return store;
  const near = sqlUsers(SQLITE, driver(database, () => database.withSession("first-unconstrained")), options);
  return {
    ...store,
    // A replica may not have the last revocation yet.
    userById: async (id, columns) => (!columns.tokenVersion && (await near.userById(id, columns))) || store.userById(id, columns),
  };
}

function driver(database: Database, from: () => Queryable): Driver {
  return {
    all: async ({ sql, values }) => (await from().prepare(sql).bind(...values).all<Row>().catch(explain)).results,
    async transaction(statements) {
      const results = await database.batch<Row>(statements.map(({ sql, values }) => database.prepare(sql).bind(...values))).catch(explain);
      return results.map(({ results }) => results);
    },
  };
}

/** The migrations of this project, by the table or column that each one adds. */
const MIGRATIONS = new Map([
  ["users", "0001_users"],
  ["token_version", "0002_token_version"],
  ["sessions", "0003_sessions"],
  ["login_attempts", "0004_login_attempts"],
  ["audit", "0005_audit"],
  ["mail_tokens", "0007_mail_tokens"],
  ["email_verified", "0007_mail_tokens"],
]);

/** @throws the error, with what to run if a table or a column is missing. */
function explain(error: unknown): never {
  const { message = "" } = error as Partial<Error>;
  const missing = /no such (?:table|column): (?:\w+\.)?(\w+)|has no column named (\w+)/.exec(message);
  if (!missing) throw error;
  const migration = MIGRATIONS.get(missing[1] ?? missing[2] ?? "");
  const what = migration === undefined ? "a migration" : `the migration ${migration}.sql`;
  throw new Error(`${message}; ${what} is not applied: \`npx wrangler d1 migrations apply DB --remote\`, or \`--local\` for \`wrangler dev\``, { cause: error });
}
