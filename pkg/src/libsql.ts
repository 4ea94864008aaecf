// User store in libSQL or Turso, by @libsql/client.

import { sqlUsers, type Row, type SqlOptions, type SqlStore, type Statement } from "./sql.js";
import { SQLITE } from "./sqlite-dialect.js";

export type { ColumnNames, SqlOptions, SqlStore } from "./sql.js";
export { sqliteSchema, type Schema, type SqliteSchemaOptions } from "./sqlite-dialect.js";

/** The part of `Client` of `@libsql/client` that is used, so that the package does not depend on it. */
export interface LibsqlClient {
  execute(statement: { sql: string; args: any[] }): Promise<{ rows: object[] }>;
  batch(statements: { sql: string; args: any[] }[], mode: "write"): Promise<{ rows: object[] }[]>;
}

/**
 * A user store in a table `users(id, email, password, created_at)` of libSQL, by `@libsql/client` or `@libsql/client/web`.
 * {@link sqliteSchema} has the SQL that creates it.
 *
 * The client's option `intMode` must be `"number"`, its default, or `"bigint"`: `"string"` would turn integer ids into texts. An
 * embedded replica sends writes to the primary but reads from the local copy, so a logout elsewhere counts only after the next
 * synchronization: use a client without `syncUrl`. For a local file that other processes write to, use `edgegate/sqlite`: after
 * the client has found the file locked, it may refuse transactions for a while.
 *
 * @throws {TypeError} when a name in the options is no SQL identifier.
 *
 * @example
 * ```ts
 * import { createClient } from "@libsql/client";
 * import { createGate } from "edgegate";
 * import { libsqlUsers, sqliteSchema } from "edgegate/libsql";
 *
 * const client = createClient({ url: "file:users.db" });
 * await client.executeMultiple(sqliteSchema().users);
 * const gate = createGate(process.env, libsqlUsers(client));
 * ```
 */
export function libsqlUsers(client: LibsqlClient, options: SqlOptions = {}): SqlStore {
  const prepared = ({ sql, values }: Statement) => ({ sql, args: values });
  // The client's rows also have their columns by number, which are no columns of the user.
  const plain = ({ rows }: { rows: object[] }): Row[] => rows.map((row) => ({ ...row }));
  return sqlUsers(
    SQLITE,
    {
      all: async (statement) => plain(await client.execute(prepared(statement))),
      transaction: async (statements) => (await client.batch(statements.map(prepared), "write")).map(plain),
    },
    options,
  );
}
