// A project with a Worker and its local database, and a PostgreSQL server with the table of another backend.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { hashPassword } from "edgegate";
import { Client } from "pg";
import { postgresServer } from "../../pkg/test/postgres.ts";
import { bash, block, commands, PASSWORD, succeeds } from "../../tests/documents/support/run.mts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(import.meta.dirname, "users-"));
symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
cpSync(join(ROOT, "www/migrations"), join(folder, "migrations"), { recursive: true });
const config = { name: "login", compatibility_date: "2026-11-01", d1_databases: [{ binding: "DB", database_name: "edgegate", database_id: "00000000-0000-0000-0000-000000000000", migrations_dir: "migrations" }] };
writeFileSync(join(folder, "wrangler.json"), JSON.stringify(config));
const [hash, newer] = [await hashPassword("secret", { cost: 10 }), await hashPassword("newer", { cost: 10 })];
const csv = (ofBob: string) => writeFileSync(join(folder, "users.csv"), `id,email,password\n11,bob@example.com,${ofBob}\n12,eve@example.com,${hash}\n`);
csv(hash);

const server = await postgresServer();
const client = new Client({ connectionString: server.url });
await client.connect();
await client.query(`CREATE TABLE "user" (id bigint PRIMARY KEY, email text UNIQUE, hashed_password text NOT NULL, is_active boolean NOT NULL)`);
await client.query(`INSERT INTO "user" VALUES (21, 'grace@example.com', $1, true)`, [hash]);
await client.end();

const run = (command: string, input = "") => succeeds(command, { cwd: folder, input, env: { SOURCE_DATABASE_URL: server.url, HOME: folder } });
await run("npx wrangler d1 migrations apply edgegate --local");
// The file of the local database, because each call of wrangler takes seconds.
const state = join(folder, ".wrangler/state/v3/d1/miniflare-D1DatabaseObject");
const file = readdirSync(state).find((name) => /^[\da-f]{64}\.sqlite$/.test(name)) ?? assert.fail("there is no local database");
const stored = () => {
  const database = new DatabaseSync(join(state, file), { readOnly: true });
  const rows = database.prepare("SELECT email, password FROM users ORDER BY id").all() as { email: string; password: string }[];
  database.close();
  return rows;
};
const addresses = () => stored().map(({ email }) => email.split("@")[0]).join();

/** What each command prints, and what is true behind it. In this order. */
const CHECKS: [RegExp, RegExp, () => void][] = [
  [/import users\.csv --dry-run$/, /2 to import, 0 refused/, () => assert.equal(addresses(), "")],
  [/import users\.csv$/, /2 imported, 0 refused/, () => assert.equal(addresses(), "bob,eve")],
  [/import --postgres - --from-table user$/, /1 imported, 0 refused/, () => assert.equal(addresses(), "bob,eve,grace")],
  [/import users\.csv --db sql:users\.sql$/, /2 /, () => assert.match(readFileSync(join(folder, "users.sql"), "utf8"), /^INSERT INTO[^]*'bob@example\.com'/m)],
  [/import users\.csv --overwrite$/, /1 /, () => assert.deepEqual({ ...stored()[0] }, { email: "bob@example.com", password: newer })],
  [/stats$/, /3 +users/, () => {}],
  [/add ada@example\.com$/, /./, () => assert.equal(addresses(), "bob,eve,grace,ada")],
  [/export users\.csv$/, /4 /, () => assert.equal(readFileSync(join(folder, "users.csv"), "utf8").trim().split("\n").length, 5)],
];
const lines = commands(block(blocks, 0, "sh"));
assert.equal(lines.length, CHECKS.length, "a check for each command");
for (const [at, line] of lines.entries()) {
  const [command, printed, check] = CHECKS[at] ?? assert.fail(line);
  assert.match(line, command);
  // The hash of somebody has changed in the other backend.
  if (line.endsWith("--overwrite")) csv(newer);
  if (line.includes(" export ")) rmSync(join(folder, "users.csv"));
  const { status, stdout, stderr } = await bash(line, { cwd: folder, input: `${PASSWORD}\n`, env: { SOURCE_DATABASE_URL: server.url, HOME: folder } });
  assert.equal(status, 0, `${line}\n${stdout}${stderr}`);
  assert.match(stdout + stderr, printed, line);
  check();
}
// The commands that the comment of `add` names.
for (const command of ["disable", "enable", "verify", "rm"]) assert.match(await run(`npx edgegate users ${command} --help`), new RegExp(`^Usage: edgegate users ${command} `));
await server.stop();
rmSync(folder, { recursive: true });
