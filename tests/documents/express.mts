import { DatabaseSync } from "node:sqlite";
import { createGate } from "edgegate";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
import express from "express";
import { assertGuarded, logIn, SECRET_KEY, serve } from "../../tests/documents/support/run.mts";

const database = new DatabaseSync(":memory:");
database.exec(sqliteSchema().users);
const own = createGate({ SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open" }, sqliteUsers(database));
const app = express();

// BLOCK

const { origin, close } = await serve(app);
const ask = (path: string, init?: RequestInit) => fetch(origin + path, init);
const token = await logIn(ask, { prefix: "/auth" });
await assertGuarded(ask, "/orders", token, { of: "ada@example.com" });
close();
