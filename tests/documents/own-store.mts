import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";

/** Any store: that of SQLite, which has all that the checks ask for. */
const myStore = sqliteUsers;

async function emptyDatabase(): Promise<DatabaseSync> {
  const database = new DatabaseSync(":memory:");
  const { users, sessions, attempts, mailTokens } = sqliteSchema();
  database.exec(users + sessions + attempts + mailTokens);
  return database;
}

// BLOCK

assert(storeChecks(open, { ids: "integer", without: ["failure", "deletedUsers"] }).length > 30);
