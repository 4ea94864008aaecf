// The table of users of a database, by SQL as a text: that is what wrangler takes for D1, and a person can review it.

import { createWriteStream, existsSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { DatabaseSync } from "node:sqlite";
import type { Client } from "pg";
import { UsageError } from "../usage.js";
import { runNode, temporaryFolder } from "./temporary.js";

export type Row = Record<string, unknown>;

/** A database, or a file for SQL. */
export interface Database {
  readonly kind: "sqlite" | "postgres";
  /** Whether it is a file for SQL, which cannot be read. */
  readonly isFile: boolean;
  /** How it is named to a person; without secrets. */
  readonly name: string;
  /** Whether {@link run} stores all or nothing. D1 stores each list by itself. */
  readonly isAtomic: boolean;
  /** How many rows are read or stored by one call. */
  readonly rowsAtOnce: number;
  /** The command that applies the migrations, if there is one. */
  readonly migrate?: string;
  /** Runs one statement, and returns its rows. A file has none. */
  all(sql: string): Promise<Row[]>;
  /**
   * Runs statements in one transaction, or in one for each list, if the database has no other. `check` gets the number of rows that
   * were inserted and updated, if the database tells it; an atomic database stores nothing if `check` throws.
   */
  run(lists: AsyncIterable<string[]> | Iterable<string[]>, check?: (changed: number | undefined) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export const TARGETS = `d1[:NAME]         local D1, by the wrangler of this folder; NAME is the binding or the database, DB by default
d1-remote:NAME    D1 at Cloudflare, by the same wrangler
sqlite:FILE       a file of SQLite (needs Node 22.5)
postgres          PostgreSQL at DATABASE_URL, which other users of the machine cannot read
postgres://...    PostgreSQL, by the package \`pg\` of this folder
sql:FILE          writes SQL to a file instead, to be reviewed (SQLite and D1; sql-postgres:FILE for PostgreSQL)`;

export async function openDatabase(target: string): Promise<Database> {
  const [scheme = "", rest = ""] = /^([\w-]+)(?::(.*))?$/s.exec(target)?.slice(1) ?? [];
  // A URL may have a password, and is not repeated.
  if (rest.includes("://")) throw new UsageError("--db has a URL where a name or a file is expected: that of a PostgreSQL database is in DATABASE_URL, with `--db postgres`");
  switch (scheme) {
    case "d1":
      return d1(rest || "DB", "--local");
    case "d1-remote":
      return d1(named(rest, "d1-remote:NAME"), "--remote");
    case "sqlite":
      return sqlite(named(rest, "sqlite:FILE"));
    case "postgres":
    case "postgresql":
      return postgres(rest === "" ? named(process.env["DATABASE_URL"] ?? "", "the environment variable DATABASE_URL") : target);
    case "sql":
      return sqlFile(named(rest, "sql:FILE"), "sqlite");
    case "sql-postgres":
      return sqlFile(named(rest, "sql-postgres:FILE"), "postgres");
    default:
      throw new UsageError(`--db is none of\n\n${TARGETS}`);
  }
}

function named(text: string, what: string): string {
  if (text === "") throw new UsageError(`${what} is missing`);
  return text;
}

async function sqlite(file: string): Promise<Database> {
  if (!existsSync(file)) throw new UsageError(`${file} does not exist: make it with its tables first, for example by \`sqliteSchema()\` of edgegate/sqlite`);
  // Node warns that the module is experimental, each time.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  const { DatabaseSync } = await import("node:sqlite")
    .catch(() => {
      throw new UsageError(`sqlite:FILE needs Node 22.5 or newer, and this is ${process.versions.node}`, "node --version");
    })
    .finally(() => (process.emitWarning = emitWarning));
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file, { timeout: 5000 });
  } catch (error) {
    throw new UsageError(`${file} cannot be opened: ${(error as Error).message}`);
  }
  const changes = () => Number(database.prepare("SELECT changes() AS n").get()?.["n"]);
  return {
    kind: "sqlite",
    isFile: false,
    isAtomic: true,
    name: file,
    rowsAtOnce: 1000,
    all: async (sql) => database.prepare(sql).all(),
    async run(lists, check) {
      database.exec("BEGIN IMMEDIATE");
      try {
        let changed = 0;
        for await (const list of lists) {
          for (const sql of list) {
            database.exec(sql);
            if (isWrite(sql)) changed += changes();
          }
        }
        await check?.(changed);
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    close: async () => database.close(),
  };
}

/** Of the folder of the caller, and not of this package. */
const own = () => createRequire(pathToFileURL(join(process.cwd(), "x.js")));

async function postgres(url: string): Promise<Database> {
  const database = await connect(url);
  return {
    kind: "postgres",
    isFile: false,
    isAtomic: true,
    name: "the PostgreSQL database",
    rowsAtOnce: 1000,
    all: async (sql) => (await database.query(sql)).rows as Row[],
    async run(lists, check) {
      await database.query("BEGIN");
      try {
        let changed = 0;
        for await (const list of lists) {
          for (const sql of list) {
            const { rowCount } = await database.query(sql);
            if (isWrite(sql)) changed += rowCount ?? 0;
          }
        }
        await check?.(changed);
        await database.query("COMMIT");
      } catch (error) {
        await database.query("ROLLBACK").catch(() => {});
        throw error;
      }
    },
    close: () => database.end(),
  };
}

/** Whether a statement stores users. What begins with `WITH` may delete sessions, or lock rows. */
function isWrite(sql: string): boolean {
  return sql.startsWith("INSERT") || /^UPDATE /m.test(sql);
}

/** @throws {UsageError} without the URL, which has a password. */
export async function connect(url: string): Promise<Client> {
  let pg: typeof import("pg");
  try {
    pg = own()("pg") as typeof pg;
  } catch {
    throw new UsageError("PostgreSQL needs the package `pg`, which is not installed in this folder", "npm install pg");
  }
  let client: Client;
  try {
    client = new pg.Client({ connectionString: url });
  } catch (error) {
    const { code = "" } = error as { code?: string };
    throw new UsageError(
      code === "ENOENT" ? "a file that the URL of the PostgreSQL database names does not exist" : "the URL of the PostgreSQL database is none: characters such as # / ? @ of a password must be written as %23, %2F, %3F and %40",
    );
  }
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new UsageError(`the PostgreSQL database cannot be reached: ${(error as { code?: string }).code ?? "no connection"}`);
  }
  return client;
}

function d1(name: string, where: "--local" | "--remote"): Database {
  let wrangler: string;
  try {
    wrangler = resolve(own().resolve("wrangler/package.json"), "../bin/wrangler.js");
  } catch {
    throw new UsageError("D1 needs wrangler, which is not installed in this folder", "npm install --save-dev wrangler");
  }
  const folder = temporaryFolder();
  const execute = async (...args: string[]): Promise<Row[]> => {
    const call = [wrangler, "d1", "execute", name, where, "--json", "--yes", ...args];
    // Its logs have the statements, and others can read them.
    const env = { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" };
    const { status, stdout, stderr } = await runNode(call, env);
    if (status !== 0) throw ofWrangler(`${stdout}${stderr}`, name, where);
    const results = JSON.parse(stdout.slice(stdout.indexOf("["))) as { results?: Row[] }[];
    return results.at(-1)?.results ?? [];
  };
  return {
    kind: "sqlite",
    isFile: false,
    isAtomic: false,
    name: `D1 ${name} (${where.slice(2)})`,
    migrate: migrateCommand(name, where),
    // Each call starts wrangler, which takes one to two seconds.
    rowsAtOnce: 50_000,
    all: (sql) => execute("--command", sql),
    async run(lists, check) {
      for await (const list of lists) {
        const file = join(folder.path, "statements.sql");
        writeFileSync(file, list.join("\n"), { mode: 0o600 });
        await execute("--file", file);
      }
      await check?.(undefined);
    },
    close: async () => folder.remove(),
  };
}

const migrateCommand = (name: string, where: string): string => `npx wrangler d1 migrations apply ${name} ${where}`;

/** What is wrong, by the output of wrangler, and what to do; without addresses and hashes of a statement. */
function ofWrangler(output: string, name: string, where: string): UsageError {
  if (/CLOUDFLARE_API_TOKEN|wrangler login|not (?:authenticated|logged in)|authentication error|invalid access token|code: (?:9109|10000)/i.test(output)) {
    return new UsageError("Cloudflare does not know who you are: run `npx wrangler login` first, or set CLOUDFLARE_API_TOKEN", "npx wrangler login");
  }
  if (/fetch failed|ENOTFOUND|ECONNREFUSED|EAI_AGAIN/.test(output)) return new UsageError("Cloudflare cannot be reached: run the same again when there is a connection", "npx wrangler whoami");
  if (/find a D1 DB/.test(output)) return new UsageError(`the configuration of wrangler has no D1 database ${name}: \`npx wrangler d1 list\` shows those of the account, and \`npx wrangler d1 create ${name}\` makes one`, "npx wrangler d1 list");
  const texts = [...output.matchAll(/"text": ("(?:[^"\\]|\\.)*")/g)].map(([, text = ""]) => JSON.parse(text) as string);
  const text = texts.length > 0 ? texts.join("\n") : output;
  return new UsageError(`wrangler has failed:\n${masked(text).trim().slice(0, 2000)}`, /no such (?:table|column)/.test(text) ? migrateCommand(name, where) : undefined);
}

/** A message without what may be an address or a hash. */
export function masked(text: string): string {
  return text.replace(/\S*(?:@\S|\$\w+\$|[0-9a-f]{32}:)\S*/g, "...");
}

function sqlFile(file: string, kind: Database["kind"]): Database {
  return {
    kind,
    isFile: true,
    isAtomic: true,
    name: file,
    rowsAtOnce: 1000,
    all: async () => [],
    async run(lists, check) {
      const out = createWriteStream(file, { mode: 0o600, flags: "wx" });
      let hasFailed = false;
      const failed = new Promise<never>((_, reject) => out.once("error", reject)).catch((error: { code?: string }) => {
        hasFailed = true;
        if (error.code !== "EEXIST") rmSync(file, { force: true });
        throw new UsageError(`${file} cannot be written: ${error.code === "EEXIST" ? "it exists already, so choose another name" : error.code}`);
      });
      const write = async (text: string) => {
        if (!out.write(text) && !hasFailed) await new Promise<void>((resolve) => out.once("drain", resolve).once("close", resolve));
      };
      const written = (async () => {
        try {
          // D1 takes no transaction in a file: it makes one of it.
          if (kind === "postgres") await write("BEGIN;\n");
          for await (const list of lists) await write(`${list.join("\n")}\n`);
          if (kind === "postgres") await write("COMMIT;\n");
        } catch (error) {
          out.destroy();
          rmSync(file, { force: true });
          throw error;
        }
        await new Promise<void>((resolve) => out.end(resolve));
        await check?.(undefined);
      })();
      await Promise.race([written, failed]);
    },
    close: async () => {},
  };
}

/** A value in a statement. */
export function literal(value: string | number | boolean | null, kind: Database["kind"]): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "number") return String(value);
  // Neither database has a NUL in a text.
  if (value.includes("\0")) throw new UsageError("a value has a NUL character: take it out");
  const text = `'${value.replaceAll("'", "''")}'`;
  // Whether a backslash in '' is itself depends on a setting, and in E'' it never does.
  if (kind === "postgres") return value.includes("\\") ? `E${text.replaceAll("\\", "\\\\")}` : text;
  // wrangler takes `BEGIN TRANSACTION;` and `COMMIT;` out of a file, also out of a text.
  return /;|transaction|\p{Cc}/iu.test(value) ? `CAST(X'${Buffer.from(value).toString("hex")}' AS TEXT)` : text;
}

/** A name in quotation marks, such as `auth.users`. */
export function quoted(name: string): string {
  const parts = name.split(".");
  if (!parts.every((part) => /^[\p{L}_][\p{L}\p{N}_$]*$/u.test(part))) throw new UsageError("a name of a table or column has letters, digits, _ and $");
  return parts.map((part) => `"${part}"`).join(".");
}
