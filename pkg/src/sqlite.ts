// User store in SQLite, by a driver of this process: node:sqlite, better-sqlite3 or bun:sqlite.

import { sqlUsers, type Row, type SqlOptions, type SqlStore, type Statement } from "./sql.js";
import { SQLITE } from "./sqlite-dialect.js";

export type { ColumnNames, SqlOptions, SqlStore } from "./sql.js";
export { sqliteSchema, type Schema, type SqliteSchemaOptions } from "./sqlite-dialect.js";

/**
 * What `DatabaseSync` of `node:sqlite`, better-sqlite3 and `Database` of `bun:sqlite` have in common. Their statements are
 * synchronous: while one runs, the event loop waits.
 */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): { all(...values: any[]): unknown[] };
}

/**
 * A user store in a table `users(id, email, password, created_at)` of SQLite. {@link sqliteSchema} has the SQL that creates it.
 *
 * Where another process writes to the same file, let the driver wait for its lock: `node:sqlite` only does so with the option
 * `timeout` in milliseconds, better-sqlite3 waits 5 seconds by default. Otherwise a method rejects when the file is locked.
 *
 * @throws {TypeError} when a name in the options is no SQL identifier.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { createGate } from "edgegate";
 * import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
 *
 * const database = new DatabaseSync("users.db", { timeout: 5000 });
 * database.exec(sqliteSchema().users);
 * const gate = createGate(process.env, sqliteUsers(database));
 * ```
 */
export function sqliteUsers(database: SqliteDatabase, options: SqlOptions = {}): SqlStore {
  const run = ({ sql, values }: Statement): Row[] => database.prepare(sql).all(...values) as Row[];
  return sqlUsers(
    SQLITE,
    {
      all: async (statement) => run(statement),
      async transaction(statements) {
        // IMMEDIATE takes the lock for writing before anything is read.
        database.exec("BEGIN IMMEDIATE");
        try {
          const rows = statements.map(run);
          database.exec("COMMIT");
          return rows;
        } catch (error) {
          try {
            database.exec("ROLLBACK");
          } catch {
            // Some errors, such as a full disk, have ended the transaction.
          }
          throw error;
        }
      },
    },
    options,
  );
}
