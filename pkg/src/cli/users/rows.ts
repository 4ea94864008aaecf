// The rows of the table of users: what columns it has, and SQL that reads and writes them.

import { UsageError } from "../usage.js";
import type { CheckOptions, ImportedUser, StoredUser } from "./check.js";
import { literal, quoted, type Database, type Row } from "./table.js";

/** What a table of users has. */
export interface Table {
  database: Database;
  name: string;
  columns: ReadonlySet<string>;
  ids: CheckOptions["ids"];
  /** Whether the database gives an id to a user who has none. */
  givesIds: boolean;
}

/** Rows in a list of statements: for D1 that is one file, after which it can be interrupted. */
const LIST_ROWS = 20_000;

/** Length of a statement, in UTF-16 code units. D1 takes 100,000 bytes, and an address may have some outside ASCII. */
const STATEMENT_MAX = 60_000;

const COLUMNS = ["id", "email", "password", "created_at", "is_active", "email_verified"] as const;

/** Reads which columns the table has. A file for SQL is taken for the table of the migrations. */
export async function openTable(database: Database, name: string): Promise<Table> {
  if (database.isFile) return { database, name, columns: new Set(COLUMNS), ids: undefined, givesIds: true };
  const rows = await database.all(
    database.kind === "sqlite"
      ? `SELECT name, type, CASE WHEN dflt_value IS NOT NULL OR (pk = 1 AND upper(type) = 'INTEGER') THEN 1 ELSE 0 END AS given FROM pragma_table_info(${literal(name)})`
      : `SELECT attname AS name, format_type(atttypid, NULL) AS type, (atthasdef OR attidentity <> '')::int AS given FROM pg_attribute WHERE attrelid = to_regclass(${literal(quoted(name))}) AND attnum > 0 AND NOT attisdropped`,
  );
  const types = new Map(rows.map((row) => [String(row["name"]), String(row["type"]).toLowerCase()]));
  if (types.size === 0) throw new UsageError(`${database.name} has no table ${name}: apply the migrations first${database.kind === "sqlite" ? ", such as `npx wrangler d1 migrations apply DB --local`" : ""}`);
  for (const column of ["id", "email", "password"]) if (!types.has(column)) throw new UsageError(`the table ${name} has no column ${column}`);
  const givesIds = rows.some((row) => row["name"] === "id" && Number(row["given"]) === 1);
  return { database, name, columns: new Set(types.keys()), ids: /int|serial/.test(types.get("id") ?? "") ? "integer" : "text", givesIds };
}

/** Everybody who is there already. */
export async function storedUsers({ database, name }: Table): Promise<CheckOptions["stored"]> {
  const [byEmail, byId] = [new Map<string, StoredUser>(), new Map<string, StoredUser>()];
  for (const row of await database.all(`SELECT id, email, password FROM ${quoted(name)}`)) {
    const user = row as unknown as StoredUser;
    byEmail.set(user.email.toLowerCase(), user);
    byId.set(String(user.id), user);
  }
  return { byEmail, byId };
}

/** Statements that insert users, in lists. Whoever has got the address or the id in the meantime is kept. */
export async function* inserts(table: Table, users: AsyncIterable<ImportedUser>, done: (rows: number) => void): AsyncGenerator<string[]> {
  let [list, rows, values, length, withIds]: [string[], number, string[], number, boolean | undefined] = [[], 0, [], 0, undefined];
  const columns = COLUMNS.filter((column) => table.columns.has(column));
  const end = () => {
    const names = columns.filter((column) => column !== "id" || withIds);
    if (values.length > 0) list.push(`INSERT INTO ${quoted(table.name)} (${names.map(quoted).join(", ")}) VALUES\n${values.join(",\n")}\nON CONFLICT DO NOTHING;`);
    [values, length] = [[], 0];
  };
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  for await (const { id, email, password, createdAt, isActive, isVerified } of users) {
    const row: Record<(typeof COLUMNS)[number], string | number | boolean> = {
      id: id ?? 0,
      email,
      password,
      created_at: createdAt ?? now,
      is_active: isActive,
      email_verified: isVerified,
    };
    if (withIds !== undefined && withIds !== (id !== undefined)) end();
    withIds = id !== undefined;
    const names = columns.filter((column) => column !== "id" || withIds);
    const value = `(${names.map((name) => literal(row[name])).join(", ")})`;
    if (length + value.length > STATEMENT_MAX) end();
    values.push(value);
    length += value.length;
    rows += 1;
    if (rows % LIST_ROWS === 0) {
      end();
      yield list;
      list = [];
      done(rows);
    }
  }
  end();
  if (list.length > 0) yield list;
  done(rows);
}

/** Ids that were given are not given again. SQLite sees to it by itself. */
export function afterInserts({ database, name, ids }: Table): string[] {
  if (database.kind === "sqlite" || ids !== "integer") return [];
  const table = quoted(name);
  const sequence = `pg_get_serial_sequence(${literal(table)}, 'id')`;
  return [`SELECT setval(${sequence}, greatest((SELECT max(id) FROM ${table}), 1)) WHERE ${sequence} IS NOT NULL AND EXISTS (SELECT 1 FROM ${table});`];
}

/** The condition for one user, ignoring the letter case of the address. */
export function isUser({ database }: Table, email: string): string {
  return database.kind === "sqlite" ? `email = ${literal(email)} COLLATE NOCASE` : `lower(email) = lower(${literal(email)})`;
}

/** All users in the order of their ids, with the columns of an export. */
export function exported({ name, columns, database }: Table): Promise<Row[]> {
  const list = COLUMNS.filter((column) => columns.has(column)).map((column) => (column === "created_at" && database.kind === "postgres" ? `${quoted(column)}::text AS created_at` : quoted(column)));
  return database.all(`SELECT ${list.join(", ")} FROM ${quoted(name)} ORDER BY id`);
}
