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

/** Bytes of a statement. D1 takes 100,000. */
const STATEMENT_MAX = 80_000;

const COLUMNS = ["id", "email", "password", "created_at", "is_active", "email_verified", "token_version"] as const;

/** Reads which columns the table has. A file for SQL is taken for the table of the migrations. */
export async function openTable(database: Database, name: string): Promise<Table> {
  if (database.isFile) return { database, name, columns: new Set(COLUMNS), ids: undefined, givesIds: true };
  const rows = await database.all(
    database.kind === "sqlite"
      ? `SELECT name, type, CASE WHEN dflt_value IS NOT NULL OR (pk = 1 AND upper(type) = 'INTEGER') THEN 1 ELSE 0 END AS given FROM pragma_table_info(${literal(name, database.kind)})`
      : `SELECT attname AS name, format_type(atttypid, NULL) AS type, (atthasdef OR attidentity <> '')::int AS given FROM pg_attribute WHERE attrelid = to_regclass(${literal(quoted(name), database.kind)}) AND attnum > 0 AND NOT attisdropped`,
  );
  const types = new Map(rows.map((row) => [String(row["name"]), String(row["type"]).toLowerCase()]));
  if (types.size === 0) throw new UsageError(`${database.name} has no table ${name}: apply the migrations first, or name another by \`--table\``, database.migrate);
  for (const column of ["id", "email", "password"]) if (!types.has(column)) throw new UsageError(`the table ${name} has no column ${column}: name another table by \`--table\``);
  const givesIds = rows.some((row) => row["name"] === "id" && Number(row["given"]) === 1);
  const type = types.get("id") ?? "";
  return { database, name, columns: new Set(types.keys()), ids: /int|serial/.test(type) ? "integer" : type === "uuid" && database.kind === "postgres" ? "uuid" : "text", givesIds };
}

/** All rows in the order of their ids, some at a time, with these columns. */
export async function* pages({ database, name }: Table, columns: readonly string[]): AsyncGenerator<Row[]> {
  for (let after = ""; ; ) {
    const rows = await database.all(`SELECT ${columns.join(", ")} FROM ${quoted(name)}${after} ORDER BY id LIMIT ${database.rowsAtOnce}`);
    yield rows;
    if (rows.length < database.rowsAtOnce) return;
    after = ` WHERE id > ${literal(rows.at(-1)?.["id"] as string | number, database.kind)}`;
  }
}

/** Everybody who is there already. */
export async function storedUsers(table: Table): Promise<StoredUsers> {
  const stored = new StoredUsers();
  const isActive = table.columns.has("is_active") ? "CASE WHEN is_active THEN 1 ELSE 0 END" : "1";
  const version = table.columns.has("token_version") ? `CAST(COALESCE(token_version, 0) AS ${table.database.kind === "sqlite" ? "INTEGER" : "double precision"})` : "0";
  for await (const rows of pages(table, ["id", "email", "password", `${isActive} AS active`, `${version} AS version`])) {
    for (const { id, email, password, active, version } of rows as { id: number; email: string | null; password: string; active: number; version: number }[]) stored.add({ id, email, password, isActive: active === 1, tokenVersion: version });
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
    // The other values and what encloses them take less than 120 bytes.
    const length = [String(user.id), user.email, user.password].reduce((sum, text) => sum + Buffer.byteLength(literal(text, table.database.kind)), 120);
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
function insert({ name, columns, database }: Table, users: ImportedUser[]): string {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const names = COLUMNS.filter((column) => columns.has(column) && (column !== "id" || users[0]?.id !== undefined));
  const values = users.map(({ id, email, password, createdAt, isActive, isVerified, tokenVersion }) => {
    const row: Record<(typeof COLUMNS)[number], string | number | boolean> = {
      id: id ?? 0,
      email,
      password,
      created_at: createdAt ?? now,
      is_active: isActive ?? true,
      email_verified: isVerified,
      token_version: tokenVersion ?? 0,
    };
    return `(${names.map((column) => literal(row[column], database.kind)).join(", ")})`;
  });
  return `INSERT INTO ${quoted(name)} (${names.map(quoted).join(", ")}) VALUES\n${values.join(",\n")}\nON CONFLICT DO NOTHING;`;
}

/** Whoever has the hash and the state already stays as before, with all sessions. So the statements can be repeated. */
function overwrite({ database, name, columns }: Table, users: ImportedUser[], hasSessions: boolean): string[] {
  const [isSqlite, table] = [database.kind === "sqlite", quoted(name)];
  const rows = users.map(({ id, email, password, isActive, tokenVersion }) => ({ id: id ?? null, email, password, is_active: isActive ?? null, token_version: tokenVersion ?? 0 }));
  const values = () => rows.map((row) => `(${Object.values(row).map((value) => literal(value, database.kind)).join(", ")})`).join(",\n");
  // PostgreSQL would take a UUID in a list of values for a text.
  const file = isSqlite
    ? `WITH file (id, email, password, is_active, token_version) AS (VALUES\n${values()})`
    : `WITH file AS (SELECT * FROM json_populate_recordset(NULL::${table}, ${literal(JSON.stringify(rows), database.kind)}))`;
  const sameEmail = isSqlite ? "u.email = file.email COLLATE NOCASE" : `${lower("u.email")} = ${lower("file.email")}`;
  // Both were compared, unless the table cannot be read.
  const hasIds = users[0]?.id !== undefined;
  const isUser = [...(hasIds ? ["u.id = file.id"] : []), ...(hasIds && !database.isFile ? [] : [sameEmail])].join(" AND ");
  const hasState = columns.has("is_active");
  const [hasVersion, version] = [columns.has("token_version"), "COALESCE(u.token_version, 0)"];
  const differences = [
    "u.password IS DISTINCT FROM file.password",
    ...(hasState ? ["u.is_active IS DISTINCT FROM COALESCE(file.is_active, u.is_active)"] : []),
    ...(hasVersion ? [`file.token_version > ${version}`] : []),
  ];
  const differs = `${isUser} AND (${differences.join(" OR ")})`;
  const changes = [
    "password = file.password",
    ...(hasState ? ["is_active = COALESCE(file.is_active, u.is_active)"] : []),
    // Never lower: tokens that were revoked on either side stay so.
    ...(hasVersion ? [`token_version = ${isSqlite ? "max" : "greatest"}(${version} + 1, file.token_version)`] : []),
  ];
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
  const sql = database.kind === "sqlite" ? `SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = ${literal(name, database.kind)}` : `SELECT 1 AS found WHERE to_regclass(${literal(quoted(name), database.kind)}) IS NOT NULL`;
  return (await database.all(sql)).length > 0;
}

/**
 * Ids that were given are not given again: neither those of the table, nor those of users who are deleted. So the sequence is never set back.
 * SQLite sees to it by itself.
 */
export function afterIds({ database, name }: Table): string {
  const table = quoted(name);
  // A sequence that has given nothing yet has its first number as its last one.
  return `DO $move$ DECLARE sequence text := pg_get_serial_sequence(${literal(table, database.kind)}, 'id'); top bigint; given bigint;
BEGIN
  IF sequence IS NULL THEN RETURN; END IF;
  SELECT max(u.id::text::bigint) INTO top FROM ${table} AS u;
  EXECUTE 'SELECT last_value FROM ' || sequence INTO given;
  IF top >= given THEN PERFORM setval(sequence, top); END IF;
END $move$;`;
}

/** The letters A to Z, as the stores compare addresses. */
function lower(text: string): string {
  return `lower(${text} COLLATE "C")`;
}

/** The condition for one user, ignoring the letter case of the address. */
export function isUser({ database }: Table, email: string): string {
  const text = literal(email, database.kind);
  return database.kind === "sqlite" ? `email = ${text} COLLATE NOCASE` : `${lower("email")} = ${lower(text)}`;
}

/** The columns of an export: their names, and how they are read. */
export function exported({ columns, database }: Table): { names: string[]; read: string[] } {
  const names = COLUMNS.filter((column) => columns.has(column));
  return { names, read: names.map((column) => (column === "created_at" && database.kind === "postgres" ? `${quoted(column)}::text AS created_at` : quoted(column))) };
}
