import assert from "node:assert/strict";
import { mock } from "node:test";
import { createGate } from "edgegate";
import { postgresServer } from "../../pkg/test/postgres.ts";
import { logIn, SECRET_KEY } from "../../tests/documents/support/run.mts";

const server = await postgresServer();
// The block logs a lost connection there.
const error = mock.method(console, "error", () => {});
process.env["DATABASE_URL"] = server.url;

// BLOCK

// The table of FastAPI's full-stack template.
await pool.query(`CREATE TABLE "user" (
  id uuid PRIMARY KEY, email varchar(255) NOT NULL, hashed_password varchar NOT NULL, is_active boolean NOT NULL,
  is_superuser boolean NOT NULL, full_name varchar(255), created_at timestamptz DEFAULT now()
); CREATE UNIQUE INDEX ix_user_email ON "user" (email);`);
const gate = createGate({ SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open" }, users);
const token = await logIn(async (path, init) => gate.fetch(new Request(`http://localhost${path}`, init)) as Promise<Response>);
await pool.query(`UPDATE "user" SET full_name = 'Ada Lovelace'`);
const current = await gate.currentUser(`Bearer ${token}`);
assert(current.outcome === "accepted");
assert.deepEqual([current.user["full_name"], current.user["is_superuser"]], ["Ada Lovelace", false]);
assert.match(String(current.user.id), /^[\da-f-]{36}$/);
assert.equal((await gate.login({ username: "ADA@example.com", password: "correct horse battery staple" })).outcome, "accepted");
// A lost connection does not end the process.
await server.halt();
for (let attempt = 0; attempt < 100 && error.mock.callCount() === 0; attempt += 1) await new Promise((resolve) => setTimeout(resolve, 50));
assert(error.mock.callCount() > 0);
await pool.end();
await server.stop();
