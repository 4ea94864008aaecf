import { DatabaseSync } from "node:sqlite";
import assert from "node:assert/strict";
import { createGate } from "edgegate";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
import { assertGuarded, logIn, SECRET_KEY } from "../../tests/documents/support/run.mts";

const database = new DatabaseSync(":memory:");
database.exec(sqliteSchema().users);
const gate = createGate({ SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open" }, sqliteUsers(database));

async function handle(request: Request): Promise<Response> {
  // BLOCK
  return Response.json({ of: user.email });
}

const ask = (path: string, init?: RequestInit) => handle(new Request(`http://localhost${path}`, init));
const token = await logIn(ask, { prefix: "/auth" });
await assertGuarded(ask, "/orders", token, { of: "ada@example.com" });
assert.equal((await ask("/auth/me", { headers: { authorization: `Bearer ${token}` } })).status, 200);
