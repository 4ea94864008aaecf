// `edgegate users` as a process of its own, in a project of a user, for its tests.

import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { createGate, hashPassword, type UserStore } from "edgegate";
import { schemes } from "edgegate/schemes";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
export const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

/** wrangler and `pg` are installed there. */
export const folder = mkdtempSync(join(tmpdir(), "edgegate-users-"));
symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
after(() => rmSync(folder, { recursive: true, force: true }));

export const BCRYPT = await hashPassword("secret", { cost: 10 });

export function users(args: string[], { input = "", env = {}, node = [] }: { input?: string | Buffer; env?: Record<string, string>; node?: string[] } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, CLI, "users", ...args], {
    input,
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, ...env },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return { status, stdout, stderr };
}

/** The same, while this process goes on. */
export function usersMeanwhile(args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, "users", ...args], { cwd: folder, env: { PATH: process.env["PATH"], HOME: folder } }, (error, stdout, stderr) => resolve({ status: Number(error?.code ?? 0), stdout, stderr }));
  });
}

let files = 0;
export function file(text: string | Buffer, ending = "csv"): string {
  const path = join(folder, `users-${(files += 1)}.${ending}`);
  writeFileSync(path, text);
  return path;
}

export function sqlite(ids: "integer" | "text" = "integer"): { path: string; rows(): unknown[][]; store: UserStore; database: DatabaseSync } {
  const path = join(folder, `users-${(files += 1)}.db`);
  const database = new DatabaseSync(path);
  const schema = sqliteSchema({ ids });
  database.exec(schema.users + schema.sessions + schema.mailTokens);
  return {
    path,
    database,
    rows: () => database.prepare("SELECT id, email, password, created_at, is_active, email_verified FROM users ORDER BY id").all().map((row) => Object.values(row)),
    store: sqliteUsers(database),
  };
}

export async function logsIn(store: UserStore, username: string, password: string): Promise<boolean> {
  const gate = createGate({ SECRET_KEY: "a secret of the tests, 32 bytes or more", RATE_LIMIT: "off" }, store, { schemes, log: () => {} });
  return (await gate.login({ username, password })).outcome === "accepted";
}

/** A Worker with a local D1 database, whose migrations have not been applied. */
export function worker(): { project: string; env: NodeJS.ProcessEnv; run(args: string[], input?: string): { status: number | null; stdout: string; stderr: string } } {
  const project = mkdtempSync(join(folder, "worker-"));
  cpSync(join(ROOT, "www/migrations"), join(project, "migrations"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  writeFileSync(
    join(project, "wrangler.jsonc"),
    JSON.stringify({ name: "login", account_id: "0".repeat(32), compatibility_date: "2026-11-01", d1_databases: [{ binding: "DB", database_name: "login", database_id: "00000000-0000-0000-0000-000000000000", migrations_dir: "migrations" }] }),
  );
  const env = { PATH: process.env["PATH"], HOME: project, CI: "1", WRANGLER_SEND_METRICS: "false" };
  return { project, env, run: (args, input = "") => spawnSync(process.execPath, args, { cwd: project, env, input, encoding: "utf8" }) };
}
