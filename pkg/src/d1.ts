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
    all: async ({ sql, values }) => (await from().prepare(sql).bind(...values).all<Row>()).results,
    async transaction(statements) {
      const results = await database.batch<Row>(statements.map(({ sql, values }) => database.prepare(sql).bind(...values)));
      return results.map(({ results }) => results);
    },
  };
}
