// What the checks share: a store under test, and the rows that they put into it.

import type { UserId, UserRow } from "../../wasm/edgegate.js";
import type { AttemptStore, CountedLogin, NewSession, Rotation, SessionStore, UserStore } from "../store.js";

/** A store to check, with empty tables. */
export interface StoreUnderTest {
  store: UserStore;
  /** Closes the database, and deletes it or its rows. Default: nothing. */
  close?(): Promise<void> | void;
  /** Deletes a user past the store. For the check that the sessions of a deleted user are not accepted. */
  deleteUser?(id: UserId): Promise<void> | void;
  /** Makes the database fail: closes its connections, locks its file, stops its server. For the check of a lost connection. */
  fail?(): Promise<void> | void;
  /** Ends what {@link StoreUnderTest.fail} has begun. */
  recover?(): Promise<void> | void;
}

/** Something that not every store has. `failure` needs `fail` and `recover`, `deletedUsers` needs `deleteUser`. */
export type Part = "moveUser" | "replaceHash" | "changePassword" | "deleteUser" | "mailTokens" | "revokeTokens" | "sessions" | "attempts" | "deletedUsers" | "failure";

/** A check, and what it needs. */
export interface Check {
  name: string;
  needs: Part[];
  check: (context: Context) => Promise<void>;
}

/** Collects checks in the order in which they are written. */
export function collect(): { checks: Check[]; check: (name: string, needs: Part[], check: Check["check"]) => void } {
  const checks: Check[] = [];
  return { checks, check: (name, needs, check) => void checks.push({ name, needs, check }) };
}

export const NOW = 1_700_000_000;
export const HASH = `$2b$10$${"a".repeat(53)}`;
export const OTHER_HASH = `$2b$12$${"b".repeat(53)}`;
export const ADDRESS = "Ada.Lovelace@example.com";
export const PLAIN = { tokenVersion: false };
export const VERSIONED = { tokenVersion: true };

export class Context {
  readonly #opened: StoreUnderTest;
  #sessions = 0;

  constructor(
    opened: StoreUnderTest,
    readonly ids: "integer" | "text",
  ) {
    this.#opened = opened;
  }

  get store(): Required<UserStore> {
    return this.#opened.store as Required<UserStore>;
  }

  get sessions(): SessionStore {
    return this.store.sessions;
  }

  get attempts(): AttemptStore {
    return this.store.attempts;
  }

  /** The row of the account `a`, or of another one. */
  async attempted(client: string, account = "a", now = 0): Promise<readonly unknown[] | null> {
    const login = { email: "nobody@example.com", withTokenVersion: false, account, client, now };
    const { user, attempts: row } = await this.attempts.find(login);
    same(user, null, "the user of an unknown address");
    return row && [row.client, row.failures, row.failed_at, row.expires_at];
  }

  get hooks(): Required<StoreUnderTest> {
    return this.#opened as Required<StoreUnderTest>;
  }

  async user(email = ADDRESS): Promise<UserRow> {
    const row = await this.store.insertUser({ email, password: HASH });
    if (!row) throw new Error("insertUser returned null for a new address");
    return row;
  }

  async version(id: UserId): Promise<number | undefined> {
    return (await this.store.userById(id, VERSIONED))?.token_version;
  }

  /** A session that lives for an hour and ends after two. */
  session(user: UserRow, more: Partial<NewSession> = {}): NewSession {
    const name = `session-${(this.#sessions += 1)}`;
    return {
      id: name,
      userId: user.id,
      password: HASH,
      tokenVersion: undefined,
      current: `${name}-token`,
      now: NOW,
      expiresAt: NOW + 3600,
      endsAt: NOW + 7200,
      userAgent: undefined,
      address: undefined,
      ...more,
    };
  }

  async inserted(user: UserRow, more: Partial<NewSession> = {}): Promise<NewSession> {
    const session = this.session(user, more);
    same(await this.sessions.insert(session), true, "insert returns whether it stored the session");
    return session;
  }
}

/** The use of a session's first token, a minute after the login, with a grace period of 30 seconds. */
export function use(session: NewSession, more: Partial<Rotation> = {}): Rotation {
  return {
    id: session.id,
    old: session.current,
    new: `${session.id}-next`,
    sealed: `${session.id}-sealed`,
    now: NOW + 60,
    expiresAt: NOW + 3660,
    graceSince: NOW + 30,
    withTokenVersion: false,
    ...more,
  };
}

export const end = (session: NewSession, more = {}) => ({
  id: session.id,
  old: session.current,
  now: NOW + 60,
  graceSince: NOW + 30,
  isVerified: true,
  raiseTokenVersion: false,
  ...more,
});

/** A failure at this time, which forgets what is 900 seconds old. */
export function failure(now: number, more: Partial<CountedLogin> = {}): CountedLogin {
  return { account: "a", client: "", counts: true, now, since: now - 900, most: 100, expiresAt: now + 1800, ...more };
}

export function same(actual: unknown, expected: unknown, what: string): void {
  if (written(actual) !== written(expected)) throw new Error(`${what}: ${written(actual)}, not ${written(expected)}`);
}

/** Tells 7 and "7" apart. */
function written(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : one)) ?? String(value);
}
