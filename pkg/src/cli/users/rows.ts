// The rows of the table of users: what columns it has, and SQL that reads and writes them.

import { UsageError } from "../usage.js";
import { StoredUsers, type CheckOptions, type ImportedUser } from "./check.js";
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

/** Length of a statement, in UTF-16 code units. D1 takes 100,000 bytes, and an address may have some outside ASCII. */
const STATEMENT_MAX = 60_000;

const COLUMNS = ["id", "email", "password", "created_at", "is_active", "email_verified"] as const;

/** Reads which columns the table has. A file for SQL is taken for the table of the migrations. */
export async function openTable(database: Database, name: string): Promise<Table> {
  if (database.isFile) return { database, name, columns: new Set([...COLUMNS, "token_version"]), ids: undefined, givesIds: true };
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

/** All rows in the order of their ids, some at a time, with these columns. */
export async function* pages({ database, name }: Table, columns: readonly string[]): AsyncGenerator<Row[]> {
  for (let after = ""; ; ) {
    const rows = await database.all(`SELECT ${columns.join(", ")} FROM ${quoted(name)}${after} ORDER BY id LIMIT ${database.rowsAtOnce}`);
    yield rows;
    if (rows.length < database.rowsAtOnce) return;
    after = ` WHERE id > ${literal(rows.at(-1)?.["id"] as string | number)}`;
  }
}

/** Everybody who is there already. */
export async function storedUsers(table: Table): Promise<StoredUsers> {
  const stored = new StoredUsers();
  const isActive = table.columns.has("is_active") ? "CASE WHEN is_active THEN 1 ELSE 0 END" : "1";
  for await (const rows of pages(table, ["id", "email", "password", `${isActive} AS active`])) {
    for (const { id, email, password, active } of rows as { id: number; email: string; password: string; active: number }[]) stored.add({ id, email, password, isActive: active === 1 });
  }
  return stored;
}

/** A user to store, and how. `either` is for a table that cannot be read. */
export interface Write {
  user: ImportedUser;
  how: "insert" | "overwrite" | "either";
}

/** Statements that store users, in lists. */
export async function* writes(table: Table, users: AsyncIterable<Write>, done: (rows: number) => void): AsyncGenerator<string[]> {
  let [list, rows, hasSessions]: [string[], number, boolean | undefined] = [[], 0, undefined];
  const batches = new Map<string, { how: Write["how"]; users: ImportedUser[]; length: number }>();
  const end = (key: string) => {
    const { how, users } = batches.get(key) ?? { how: "insert", users: [] };
    if (how !== "overwrite") list.push(insert(table, users));
    if (how !== "insert") list.push(...overwrite(table, users, hasSessions === true));
    batches.delete(key);
  };
  for await (const { user, how } of users) {
    if (how !== "insert") hasSessions ??= await hasTable(table, "sessions");
    // A statement has ids or none.
    const key = `${how} ${user.id === undefined}`;
    // The other values and what encloses them take less than 100 characters.
    const length = String(user.id).length + user.email.length + user.password.length + 100;
    if ((batches.get(key)?.length ?? 0) + length > STATEMENT_MAX) end(key);
    const batch = batches.get(key) ?? { how, users: [], length: 0 };
    batches.set(key, batch);
    batch.users.push(user);
    batch.length += length;
    rows += 1;
    if (rows % table.database.rowsAtOnce === 0) {
      for (const key of batches.keys()) end(key);
      yield list;
      list = [];
      done(rows);
    }
  }
  for (const key of batches.keys()) end(key);
  if (list.length > 0) yield list;
  done(rows);
}

/** Whoever has got the address or the id in the meantime is kept. */
function insert({ name, columns }: Table, users: ImportedUser[]): string {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const names = COLUMNS.filter((column) => columns.has(column) && (column !== "id" || users[0]?.id !== undefined));
  const values = users.map(({ id, email, password, createdAt, isActive, isVerified }) => {
    const row: Record<(typeof COLUMNS)[number], string | number | boolean> = {
      id: id ?? 0,
      email,
      password,
      created_at: createdAt ?? now,
      is_active: isActive ?? true,
      email_verified: isVerified,
    };
    return `(${names.map((column) => literal(row[column])).join(", ")})`;
  });
  return `INSERT INTO ${quoted(name)} (${names.map(quoted).join(", ")}) VALUES\n${values.join(",\n")}\nON CONFLICT DO NOTHING;`;
}

/** Whoever has the hash and the state already stays as before, with all sessions. So the statements can be repeated. */
function overwrite({ database, name, columns }: Table, users: ImportedUser[], hasSessions: boolean): string[] {
  const [isSqlite, table] = [database.kind === "sqlite", quoted(name)];
  const rows = users.map(({ id, email, password, isActive }) => ({ id: id ?? null, email, password, is_active: isActive ?? null }));
  const values = () => rows.map((row) => `(${Object.values(row).map(literal).join(", ")})`).join(",\n");
  // PostgreSQL would take a UUID in a list of values for a text.
  const file = isSqlite
    ? `WITH file (id, email, password, is_active) AS (VALUES\n${values()})`
    : `WITH file AS (SELECT * FROM json_populate_recordset(NULL::${table}, ${literal(JSON.stringify(rows))}))`;
  const sameEmail = isSqlite ? "u.email = file.email COLLATE NOCASE" : "lower(u.email) = lower(file.email)";
  // Both were compared, unless the table cannot be read.
  const hasIds = users[0]?.id !== undefined;
  const isUser = [...(hasIds ? ["u.id = file.id"] : []), ...(hasIds && !database.isFile ? [] : [sameEmail])].join(" AND ");
  const hasState = columns.has("is_active");
  const differs = `${isUser} AND (u.password IS DISTINCT FROM file.password${hasState ? " OR u.is_active IS DISTINCT FROM COALESCE(file.is_active, u.is_active)" : ""})`;
  const changes = ["password = file.password", ...(hasState ? ["is_active = COALESCE(file.is_active, u.is_active)"] : []), ...(columns.has("token_version") ? ["token_version = u.token_version + 1"] : [])];
  return [
    // A session that begins meanwhile waits, and is refused because the hash is another one.
    ...(isSqlite ? [] : [`${file}\nSELECT 1 FROM ${table} AS u JOIN file ON ${isUser} FOR UPDATE OF u;`]),
    ...(hasSessions ? [`${file}\nDELETE FROM "sessions" WHERE user_id IN (SELECT u.id FROM ${table} AS u JOIN file ON ${differs});`] : []),
    `${file}\nUPDATE ${table} AS u SET ${changes.join(", ")} FROM file WHERE ${differs};`,
  ];
}

/** A file for SQL is taken for the tables of the migrations. */
export async function hasTable({ database }: Table, name: string): Promise<boolean> {
  if (database.isFile) return true;
  const sql = database.kind === "sqlite" ? `SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = ${literal(name)}` : `SELECT 1 AS found WHERE to_regclass(${literal(quoted(name))}) IS NOT NULL`;
  return (await database.all(sql)).length > 0;
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

/** The columns of an export: their names, and how they are read. */
export function exported({ columns, database }: Table): { names: string[]; read: string[] } {
  const names = COLUMNS.filter((column) => columns.has(column));
  return { names, read: names.map((column) => (column === "created_at" && database.kind === "postgres" ? `${quoted(column)}::text AS created_at` : quoted(column))) };
}
