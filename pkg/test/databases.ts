// The tables of the Worker in real engines: SQLite in this process, and D1 in workerd.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Database } from "edgegate/d1";
import { getPlatformProxy } from "wrangler";

const MIGRATIONS = new URL("../../www/migrations/", import.meta.url);

/** A database with the tables of the Worker, and a way to read it past the store. */
export interface Opened {
  database: Database;
  all(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

type Statement = ReturnType<Database["prepare"]>;

/** `between` runs before each statement, or batch of statements, that the store sends. */
export function interrupted(database: Database, between: () => Promise<void>): Database {
  const statement = (original: Statement): Statement => ({
    ...original,
    bind: (...values) => statement(original.bind(...values)),
    all: async <Row>() => (await between(), original.all<Row>()),
    // What `batch` is given must be the engine's own statement.
    original,
  } as Statement);
  return {
    prepare: (sql) => statement(database.prepare(sql)),
    withSession: (constraint) => database.withSession(constraint),
    batch: async <Row>(statements: Statement[]) => {
      await between();
      return database.batch<Row>(statements.map((one) => (one as Statement & { original: Statement }).original));
    },
  };
}

export function sqliteDatabase(): Promise<Opened> {
  const db = new DatabaseSync(":memory:");
  db.exec("PRAGMA foreign_keys = ON");
  for (const sql of migrations()) db.exec(sql);
  const prepare = (sql: string, values: unknown[] = []): Statement & { run(): unknown[] } => {
    const run = () => db.prepare(sql).all(...(values as string[]));
    return {
      bind: (...values) => prepare(sql, values),
      all: async <Row>() => ({ results: run() as Row[] }),
      run,
    };
  };
  const database: Database = {
    prepare,
    withSession: () => database,
    async batch<Row>(statements: Statement[]) {
      db.exec("BEGIN IMMEDIATE");
      try {
        const results = statements.map((one) => ({ results: (one as ReturnType<typeof prepare>).run() as Row[] }));
        db.exec("COMMIT");
        return results;
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
    },
  };
  return Promise.resolve({
    database,
    all: async (sql) => db.prepare(sql).all(),
    close: async () => db.close(),
  });
}

export async function d1Database(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-d1-"));
  const configPath = new URL("../../www/wrangler.jsonc", import.meta.url).pathname;
  const proxy = await getPlatformProxy<{ DB: Database & { exec(sql: string): Promise<unknown> } }>({
    configPath,
    persist: { path: folder },
  });
  const { DB } = proxy.env;
  for (const sql of migrations()) for (const statement of statementsOf(sql)) await DB.prepare(statement).all();
  return {
    database: DB,
    all: async (sql) => (await DB.prepare(sql).all<Record<string, unknown>>()).results,
    async close() {
      await proxy.dispose();
      rmSync(folder, { recursive: true });
    },
  };
}

function migrations(): string[] {
  return readdirSync(MIGRATIONS).sort().map((file) => readFileSync(new URL(file, MIGRATIONS), "utf8"));
}

function statementsOf(sql: string): string[] {
  const lines = sql.split("\n").filter((line) => !line.startsWith("--"));
  return lines.join("\n").split(";").map((statement) => statement.trim()).filter((statement) => statement !== "");
}
