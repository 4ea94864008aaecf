import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createGate, hashPassword, type Limiter } from "edgegate";
import { d1Users, type Database } from "edgegate/d1";
import { sqliteSchema } from "edgegate/sqlite";
import { getPlatformProxy } from "wrangler";
import { PASSWORD, SECRET_KEY } from "../../tests/documents/support/run.mts";

// The bindings of the Worker, whose limiter accepts ten logins a minute with an address.
const folder = mkdtempSync(join(import.meta.dirname, "options-"));
const proxy = await getPlatformProxy<{ DB: Database; CLIENT_LIMITER: Limiter; ACCOUNT_LIMITER: Limiter }>({
  configPath: join(import.meta.dirname, "../../www/wrangler.jsonc"),
  persist: { path: folder },
});
const env = { ...proxy.env, SECRET_KEY, BCRYPT_COST: 10, LOCKOUT: "off", ACCESS_LOG: "off" };
for (const sql of [...sqliteSchema().users.split(";"), "ALTER TABLE users ADD role TEXT NOT NULL DEFAULT 'reader'"]) {
  if (sql.trim()) await env.DB.prepare(sql).all();
}
await d1Users(env.DB).insertUser({ email: "ada@example.com", password: await hashPassword(PASSWORD, { cost: 10 }) });
const login = () => new Request("http://localhost/login", { method: "POST", body: new URLSearchParams({ username: "ada@example.com", password: PASSWORD }) });
const request = login();
const ctx = { waitUntil: (promise: Promise<unknown>) => void promise };

// BLOCK

const verdict = await gate.login({ username: "ada@example.com", password: PASSWORD });
assert(verdict.outcome === "accepted");
const token = await gate.verifyToken(verdict.access_token);
assert(token.outcome === "accepted" && token.claims["role"] === "reader");
// One of two minutes has more than ten of them.
const statuses = [];
for (let times = 0; times < 25; times += 1) statuses.push((await gate.fetch(login()))?.status);
assert.deepEqual([...new Set(statuses)].sort(), [200, 429], String(statuses));
await proxy.dispose();
rmSync(folder, { recursive: true });
