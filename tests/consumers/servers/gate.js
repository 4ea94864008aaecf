// The gate of the example servers: users in SQLite, created by `POST /users`.

import { DatabaseSync } from "node:sqlite";
import { createGate } from "edgegate";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";

const database = new DatabaseSync(":memory:");
database.exec(sqliteSchema().users);

export const own = createGate({ REGISTRATION: "open", ...process.env }, sqliteUsers(database));
