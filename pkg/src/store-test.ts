// Checks of a user store, for any test runner: what the core relies on.

import { Context, type Part, type StoreUnderTest } from "./store-test/context.js";
import { checks as failure } from "./store-test/failure.js";
import { checks as logins } from "./store-test/logins.js";
import { checks as sessions } from "./store-test/sessions.js";
import { checks as users } from "./store-test/users.js";

export type { Part, StoreUnderTest } from "./store-test/context.js";

/** Options of {@link storeChecks}. */
export interface StoreCheckOptions {
  /** The type of the users' ids. */
  ids: "integer" | "text";
  /** What the store does not have, or what cannot be tested on it. The checks of it are left out. Default: nothing. */
  without?: readonly Part[];
}

/** A check. */
export interface StoreCheck {
  /** What it checks, as a sentence. */
  name: string;
  /** Rejects with an `Error` that says what differs, if the store does not do it. */
  run(): Promise<void>;
}

/**
 * The checks of a store, one for each rule. `open` is called at the start of each check, so checks may run in parallel if it returns
 * independent stores. The checks depend on no test runner.
 *
 * @example
 * ```ts
 * import { test } from "node:test"; // or from "vitest", or Jest's `test`
 * import { DatabaseSync } from "node:sqlite";
 * import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
 * import { storeChecks } from "edgegate/store-test";
 *
 * function open() {
 *   const database = new DatabaseSync(":memory:");
 *   const { users, sessions, attempts, mailTokens } = sqliteSchema();
 *   database.exec(users + sessions + attempts + mailTokens);
 *   return { store: sqliteUsers(database), close: () => database.close() };
 * }
 *
 * for (const { name, run } of storeChecks(open, { ids: "integer", without: ["failure", "deletedUsers"] })) test(name, run);
 * ```
 */
export function storeChecks(
  open: () => Promise<StoreUnderTest> | StoreUnderTest,
  { ids, without = [] }: StoreCheckOptions,
): StoreCheck[] {
  return [...users, ...sessions, ...logins, ...failure].filter(({ needs }) => !needs.some((part) => without.includes(part))).map(({ name, needs, check }) => ({
    name,
    async run() {
      const opened = await open();
      try {
        for (const part of needs) present(opened, part);
        await check(new Context(opened, ids));
      } finally {
        await opened.close?.();
      }
    },
  }));
}

function present({ store, deleteUser, fail, recover }: StoreUnderTest, part: Part): void {
  const has = {
    moveUser: store.moveUser,
    replaceHash: store.replaceHash,
    changePassword: store.changePassword,
    deleteUser: store.deleteUser,
    mailTokens: store.mailTokens,
    revokeTokens: store.revokeTokens,
    sessions: store.sessions,
    attempts: store.attempts,
    deletedUsers: deleteUser,
    failure: fail && recover,
  };
  if (!has[part]) throw new Error(`the store does not have ${part}: implement it, or pass it in \`without\``);
}
