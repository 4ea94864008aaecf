import assert from "node:assert/strict";
import { d1Database } from "../../pkg/test/databases.ts";
import { SECRET_KEY } from "../../tests/documents/support/run.mts";

const { database, close } = await d1Database();
const env = { SECRET_KEY, DB: database };
const body = new URLSearchParams({ username: "ada@example.com", password: "correct horse battery staple" });
const request = new Request("http://localhost/login", { method: "POST", body });

// BLOCK

assert.equal(response.status, 403);
assert(verdict.outcome === "accepted" && verdict.userId === 7);
assert.deepEqual(await verifyToken(`${token}x`, { SECRET_KEY }), { outcome: "refused", reason: "signature" });
await d1Users(database).insertUser({ email: "ada@example.com", password: hash });
assert.equal((await gate.fetch(new Request("http://localhost/login", { method: "POST", body }))).status, 200);
await close();
