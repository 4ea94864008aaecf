// The commands `edgegate users`.

import { createWriteStream, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { hashPassword, storedEmail, verifyPassword } from "edgegate";
import { schemes } from "edgegate/schemes";
import type { Command } from "commander";
import { UsageError } from "./usage.js";
import { FIELDS, type FirebaseParameters } from "./users/check.js";
import { importUsers, mappingOf } from "./users/import.js";
import { askNewPassword, askPassword, confirm } from "./users/password.js";
import { counted } from "./users/progress.js";
import { fileSource, type Read, type Source } from "./users/read.js";
import { exported, hasTable, isUser, openTable, pages, writes, type Table, type Write } from "./users/rows.js";
import { kindsOf } from "./users/stats.js";
import { connect, literal, masked, openDatabase, quoted, TARGETS, type Row } from "./users/table.js";

interface OfTable {
  db: string;
  table: string;
}

/** Adds the commands. `run` takes the exit status of one. */
export function addUsers(program: Command, run: (status: Promise<number>) => Promise<void>): void {
  const users = program.command("users").description("brings users along, and looks after those who are there");
  const command = (name: string, description: string, more = "") =>
    users
      .command(name)
      .description(description)
      .option("--db <target>", "where the users are, or are stored", "d1")
      .option("--table <name>", "the table", "users")
      .addHelpText("after", `${more && `\n${more}\n`}\nTargets of --db:\n${TARGETS.replace(/^/gm, "  ")}`);
  command("import [file]", "stores the users of a CSV, NDJSON or JSON file, or of `-`, after all of them were checked")
    .option("--postgres <url>", "reads them from a PostgreSQL database instead; `-` takes the URL of SOURCE_DATABASE_URL")
    .option("--from-table <name>", "the table of --postgres, such as `user` or `auth.users`", "users")
    .option("--map <fields>", "names of columns that are not found by themselves, such as `email=mail,password=pw_hash`")
    .option("--new-ids", "leaves ids out: the database gives new ones, and tokens of the old ones become invalid", false)
    .option("--skip-without-password", "leaves out users who have no password hash", false)
    .option("--overwrite", "gives users who are there already, with the same address and id, the hash and is_active of the file", false)
    .option("--partial", "stores the users in whose lines nothing is wrong", false)
    .option("--dry-run", "checks, and stores nothing", false)
    .option("--report <file>", "writes all problems to a file, as NDJSON with line numbers")
    .addHelpText("after", FORMS)
    .action((file: string | undefined, options: OfTable & ImportArguments) => run(runImport(file, options)));
  command("export <file>", "writes all users to a file, or `-`: CSV, or NDJSON if the name ends so", "Do not open the CSV in a spreadsheet: it may take a text for a formula.").action((file: string, options: OfTable) => run(onTable(options, (table) => exportUsers(file, table))));
  command("add <email>", "adds a user, whose password is asked for")
    .option("--argon2id", "hashes it by Argon2id instead of bcrypt", false)
    .action((email: string, options: OfTable & { argon2id: boolean }) => run(onTable(options, (table) => add(email, options, table))));
  command("disable <email>", "sets is_active to false: no login, and no token is valid any more").action((email: string, options: OfTable) => run(onTable(options, (table) => setActive(email, false, table))));
  command("enable <email>", "sets is_active to true", "Tokens from before the user was disabled are valid again until they expire, unless token_version was raised.").action((email: string, options: OfTable) => run(onTable(options, (table) => setActive(email, true, table))));
  command("rm <email>", "deletes a user with all sessions", "An import that is repeated brings the user back, with the same id: remove the line too. Failed logins stay counted (login_attempts), by a keyed hash of\nthe address, until they expire.")
    .option("--yes", "does not ask", false)
    .action((email: string, options: OfTable & { yes: boolean }) => run(onTable(options, (table) => remove(email, options.yes, table))));
  command("stats", "counts users by the scheme and the cost of their hashes, and prints HASH_MIX for the table").action((options: OfTable) => run(onTable(options, stats)));
  command("verify <email>", "asks for a password, and says whether it is that of the user").action((email: string, options: OfTable) => run(onTable(options, (table) => verify(email, table))));
  users
    .command("hash")
    .description("asks for a password, and prints its hash")
    .option("--argon2id", "by Argon2id instead of bcrypt", false)
    .option("--cost <n>", "of bcrypt: 10 to 14", "12")
    .action((options: { argon2id: boolean; cost: string }) => run(hash(options)));
}

const FORMS = `
What programs export is read as it is: FastAPI's template (id, email, hashed_password, is_active), Django, Supabase (auth.users:
encrypted_password, email_confirmed_at), Auth0 (NDJSON: _id, email, passwordHash, email_verified), Clerk (CSV: primary_email_address,
password_digest) and Firebase (JSON and CSV; set FIREBASE_SIGNER_KEY, and FIREBASE_SALT_SEPARATOR, FIREBASE_ROUNDS and FIREBASE_MEM_COST if they
are not Bw==, 8 and 14). Hashes: bcrypt, Argon2, Django's and Werkzeug's PBKDF2, scrypt of Werkzeug, better-auth and Firebase.

Users who are there already are kept as they are, so an import can be repeated. If anything is wrong, nothing is stored. Only D1 stores 50,000 users
at once: what was stored before it fails stays, and the same import goes on behind it.

Columns are found in any letter case. A user may log in if each of is_active, active and enabled that is there is true, and none of disabled, blocked,
banned, suspended and deleted (also with _at or _until) is true or has a time; the time of _until may have passed. Other texts than true, false, t, f,
1, 0, yes, no, y, n, on and off are refused. Nothing given is true; NULL in is_active is false, as at a login. Times without an offset are UTC.
A token_version is stored, so that tokens that were revoked stay so. Which columns were used and which ignored is told.

--overwrite is for the last import, because passwords have changed at the old backend since the first one. Of each user whose hash or is_active
differs, it deletes the sessions and adds 1 to token_version, if there are such a table and column: refresh tokens end, and with REVOCATION=on
all tokens. Others stay as they are, so it can be repeated too. is_active is overwritten if the file has it. The file wins: a password that was
changed at the new login since the first import is lost, and a hash that was replaced there (REHASH=on) becomes the old one again.

CSV and NDJSON files are read line by line. An import remembers 52 bytes for each user, and 78 for each one who is there already, and into
D1 for all at the end. A JSON document is read as a whole.`;

async function onTable(options: OfTable, work: (table: Table) => Promise<number>): Promise<number> {
  const database = await openDatabase(options.db);
  try {
    return await work(await openTable(database, options.table));
  } catch (error) {
    throw refusal(error, database.name);
  } finally {
    await database.close();
  }
}

/** Errors of the drivers, without the row: the message of a trigger may have anything. */
function refusal(error: unknown, name: string): unknown {
  const { code, message, constraint } = error as { code?: unknown; message: string; constraint?: unknown };
  if (error instanceof UsageError || typeof code !== "string" || !/^(ERR_SQLITE_ERROR|[0-9A-Z]{5})$/.test(code)) return error;
  // Class 42: syntax errors, and what is missing or not allowed.
  const reason = code === "ERR_SQLITE_ERROR" || code.startsWith("42") ? masked(message) : `error ${code}${typeof constraint === "string" ? `, constraint ${constraint}` : ""}`;
  return new UsageError(`${name} has refused a statement, and stored nothing of it: ${reason}`);
}

interface ImportArguments {
  postgres?: string;
  fromTable: string;
  map?: string;
  newIds: boolean;
  overwrite: boolean;
  skipWithoutPassword: boolean;
  partial: boolean;
  dryRun: boolean;
  report?: string;
}

async function runImport(file: string | undefined, { postgres, fromTable, map, report, ...options }: OfTable & ImportArguments): Promise<number> {
  if ((file === undefined) === (postgres === undefined)) throw new UsageError("give either a file (or `-`) or --postgres");
  const mapping = mappingOf(map, FIELDS);
  const source = postgres === undefined ? await fileSource(file ?? "-") : await postgresSource(postgres, fromTable);
  try {
    return await onTable(options, (table) => importUsers(source, table, { ...options, mapping, report, firebase: firebase() }));
  } finally {
    await source.close();
  }
}

/** The signer key is a secret, and no argument. */
function firebase(): FirebaseParameters | undefined {
  const { FIREBASE_SIGNER_KEY: signerKey, FIREBASE_SALT_SEPARATOR: saltSeparator = "Bw==", FIREBASE_ROUNDS: rounds = "8", FIREBASE_MEM_COST: memCost = "14" } = process.env;
  return signerKey ? { signerKey, saltSeparator, rounds, memCost } : undefined;
}

/** Both passes see the same rows: they are of one transaction. */
async function postgresSource(url: string, table: string): Promise<Source> {
  const given = url === "-" ? process.env["SOURCE_DATABASE_URL"] : url;
  if (!given) throw new UsageError("SOURCE_DATABASE_URL is missing: set it to the URL of the database, such as postgres://user:password@host/name");
  const client = await connect(given);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  // Numbers as texts, because JavaScript rounds large ones. `found.*` is the row, also in a table with a column `found`.
  const fields = "(SELECT jsonb_object_agg(key, CASE jsonb_typeof(value) WHEN 'number' THEN to_jsonb(value #>> '{}') ELSE value END) FROM jsonb_each(to_jsonb(found.*)))";
  async function* read(): AsyncGenerator<Read> {
    try {
      await client.query(`DECLARE users NO SCROLL CURSOR FOR SELECT ${fields} AS fields FROM ${quoted(table)} AS found`);
      let line = 0;
      for (;;) {
        const { rows } = await client.query("FETCH 1000 FROM users");
        for (const { fields } of rows as { fields: Row }[]) yield { line: (line += 1), fields };
        if (rows.length === 0) break;
      }
      await client.query("CLOSE users");
    } catch (error) {
      const { code = "no connection", message } = error as { code?: string; message: string };
      throw new UsageError(`the table ${table} cannot be read: ${code === "42P01" ? "there is none, and `--from-table` names another" : code.startsWith("42") ? message : `error ${code}`}`);
    }
  }
  return { read, close: () => client.end() };
}

async function exportUsers(file: string, table: Table): Promise<number> {
  readable(table);
  const isJson = /\.(ndjson|jsonl)$/.test(file);
  const { names, read } = exported(table);
  let users = 0;
  async function* lines(): AsyncGenerator<string> {
    if (!isJson) yield `${names.join(",")}\n`;
    for await (const rows of pages(table, read)) {
      users += rows.length;
      yield rows.map((row) => `${isJson ? JSON.stringify(row) : names.map((name) => csv(row[name])).join(",")}\n`).join("");
    }
  }
  if (file === "-") {
    const { code } = (await pipeline(lines, process.stdout, { end: false }).catch((error: NodeJS.ErrnoException) => {
      if (error.syscall !== "write") throw error;
      return error;
    })) ?? {};
    // Whoever has read enough, such as `head`, closes the pipe.
    if (code === "EPIPE") return 1;
    if (code !== undefined) throw new UsageError(`standard output cannot be written: ${code}`, "df -h");
  }
  else {
    await pipeline(lines, createWriteStream(file, { mode: 0o600, flags: "wx" })).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") rmSync(file, { force: true });
      if (error.syscall === undefined) throw error;
      throw new UsageError(`${file} cannot be written: ${error.code === "EEXIST" ? "it exists already, so choose another name" : error.code}`);
    });
  }
  console.error(`${counted(users)} users exported. The file has their password hashes: keep it as you keep the database.`);
  return 0;
}

function csv(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function add(typed: string, { argon2id }: { argon2id: boolean }, table: Table): Promise<number> {
  const email = address(typed);
  if (!/^[^\s\p{Cc}]+@[^\s\p{Cc}]+$/u.test(email)) throw new UsageError("this is no e-mail address");
  if (!table.givesIds) throw new UsageError("this table gives no ids: add the user with an id by an import", "npx edgegate users import --help");
  const { database } = table;
  if (!database.isFile && (await find(email, table))) throw new UsageError("there is a user with this address already: `verify` says whether a password is that of the user", "npx edgegate users verify --help");
  const password = await hashed(await askNewPassword(), argon2id);
  async function* one(): AsyncGenerator<Write> {
    yield { user: { id: undefined, email, password, createdAt: undefined, isActive: true, isVerified: true, tokenVersion: undefined }, how: "insert" };
  }
  await database.run(writes(table, one(), () => {}), async (inserted) => {
    if (database.isFile) return;
    const isThere = inserted === undefined ? (await find(email, table))?.["password"] === password : inserted === 1;
    if (!isThere) throw new UsageError("there is a user with this address already: `verify` says whether a password is that of the user", "npx edgegate users verify --help");
  });
  console.log(`${database.name}: the user was added`);
  return 0;
}

async function setActive(email: string, isActive: boolean, table: Table): Promise<number> {
  readable(table);
  if (!table.columns.has("is_active")) throw new UsageError("the table has no column is_active: apply migration 6 first", table.database.migrate);
  const { database, name } = table;
  const user = (await find(address(email), table)) ?? nobody();
  const changed = await database.all(`UPDATE ${quoted(name)} SET is_active = ${literal(isActive, database.kind)} WHERE id = ${idOf(user, table)} RETURNING id`);
  return told(changed, isActive ? "enabled" : "disabled");
}

/** The id of a row in a statement. Drivers return a `bigint` as a text, which PostgreSQL takes for a number. */
function idOf({ id }: Row, { database }: Table): string {
  return literal(typeof id === "number" ? id : String(id), database.kind);
}

async function remove(email: string, isConfirmed: boolean, table: Table): Promise<number> {
  readable(table);
  const user = (await find(address(email), table)) ?? nobody();
  if (!isConfirmed && !(await confirm(`Delete the user ${String(user["id"])} of ${table.database.name}, with all sessions?`))) {
    console.error("Nothing was deleted.");
    return 1;
  }
  const { database, name } = table;
  const id = idOf(user, table);
  // The library locks a user before the sessions, too: in another order, both could wait for each other.
  const statements = database.kind === "postgres" ? [`SELECT 1 FROM ${quoted(name)} WHERE id = ${id} FOR UPDATE;`] : [];
  for (const other of ["sessions", "mail_tokens"]) if (await hasTable(table, other)) statements.push(`DELETE FROM ${quoted(other)} WHERE user_id = ${id};`);
  await database.run([[...statements, `DELETE FROM ${quoted(name)} WHERE id = ${id};`]]);
  return told([user], "deleted");
}

async function stats(table: Table): Promise<number> {
  readable(table);
  let all = 0;
  async function* hashes(): AsyncGenerator<string | null> {
    for await (const rows of pages(table, ["id", "password"])) {
      all += rows.length;
      for (const row of rows) yield row["password"] as string | null;
    }
  }
  const { counts, hashMix } = await kindsOf(hashes());
  for (const [kind, users] of counts) console.log(`${counted(users).padStart(11)}  ${kind}`);
  console.log(`${counted(all).padStart(11)}  users`);
  if (hashMix !== undefined) console.log(`\nUnknown addresses are refused in the time of a known one with this setting:\n\nHASH_MIX='${hashMix}'`);
  return 0;
}

async function hash({ argon2id, cost }: { argon2id: boolean; cost: string }): Promise<number> {
  console.log(await hashed(await askNewPassword(), argon2id, Number(cost)));
  return 0;
}

async function hashed(password: string, argon2id: boolean, cost?: number): Promise<string> {
  if (!argon2id) return hashPassword(password, cost === undefined ? {} : { cost });
  const made = await schemes.hash(password);
  if (typeof made === "string") throw new UsageError(`the password cannot be hashed: ${made}`);
  return made.stored;
}

async function verify(email: string, table: Table): Promise<number> {
  readable(table);
  const { password: stored } = (await find(address(email), table)) ?? nobody();
  if (typeof stored !== "string" || stored === "") throw new UsageError("the user has no password hash: an import with `--overwrite` brings one", "npx edgegate users import --help");
  const password = await askPassword("Password: ");
  const matches = /^\$2[a-z]?\$/.test(stored) ? await verifyPassword(password, stored) : await schemes.verify(password, stored);
  if (typeof matches === "string") throw new UsageError(`the hash cannot be verified: ${matches}`);
  console.log(matches ? "It is the password of the user." : "It is not the password of the user.");
  return matches ? 0 : 1;
}

async function find(email: string, table: Table): Promise<Row | undefined> {
  const found = await table.database.all(`SELECT id, password FROM ${quoted(table.name)} WHERE ${isUser(table, email)} LIMIT 2`);
  // A table of another backend may tell letter case apart.
  if (found.length > 1) throw new UsageError("there are several users with this address, ignoring letter case: nothing was changed. Change one of them in the database", "npx edgegate users export --help");
  return found[0];
}

function address(typed: string): string {
  const email = storedEmail(typed);
  if (email === undefined) throw new UsageError("no login finds this e-mail address: check how it is written");
  return email;
}

function told(changed: Row[], what: string): number {
  if (changed.length === 0) nobody();
  console.log(`The user ${String(changed[0]?.["id"])} was ${what}.`);
  return 0;
}

function nobody(): never {
  throw new UsageError("there is no user with this address: check it, and that `--db` is the right database");
}

function readable({ database }: Table): void {
  if (database.isFile) throw new UsageError("a file for SQL cannot be read: --db must be a database");
}
