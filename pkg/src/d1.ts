// Users in Cloudflare D1.

import type { UserRow } from "../wasm/edgegate.js";
import type { UserStore } from "./store.js";

/** As much of `D1Database` as is used, so that the package needs no types of the platform. */
export interface Database {
  withSession(constraint: "first-primary" | "first-unconstrained"): {
    prepare(sql: string): { bind(...values: unknown[]): { first<Row>(): Promise<Row | null> } };
  };
}

/**
 * Users in a D1 table `users(id, email, password, created_at)`; `migrations/0001_users.sql` in the package makes it.
 *
 * A login asks the primary, for a password that was just set must count. A token's user is looked up in the nearest replica,
 * and on the primary before it is said to be gone, for it may have been created a moment ago.
 */
export function d1Users(database: Database): UserStore {
  const first = (constraint: "first-primary" | "first-unconstrained", sql: string, ...values: unknown[]) =>
    database
      .withSession(constraint)
      .prepare(sql)
      .bind(...values)
      .first<UserRow>();

  return {
    userByEmail: (email) => first("first-primary", BY_EMAIL, email),
    userById: async (id) => (await first("first-unconstrained", BY_ID, id)) ?? first("first-primary", BY_ID, id),
    insertUser: ({ email, password }) => first("first-primary", INSERT, email, password),
    replaceHash: async ({ id, old, new: replacement }) => void (await first("first-primary", REPLACE, id, old, replacement)),
  };
}

const BY_EMAIL = "SELECT id, email, password, created_at FROM users WHERE email = ?1 COLLATE NOCASE";
const BY_ID = "SELECT id, email, password, created_at FROM users WHERE id = ?1";
const REPLACE = "UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2";
const INSERT =
  "INSERT INTO users (email, password) VALUES (?1, ?2) ON CONFLICT DO NOTHING " +
  "RETURNING id, email, password, created_at";
