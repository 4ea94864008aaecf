// Checks of a user store, for any test runner: what the core relies on.

import type { UserId, UserRow } from "../wasm/edgegate.js";
import type { AttemptStore, CountedLogin, NewSession, Rotation, SessionStore, UserStore } from "./store.js";

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

/** Options of {@link storeChecks}. */
export interface StoreCheckOptions {
  /** The type of the users' ids. */
  ids: "integer" | "text";
  /** What the store does not have, or what cannot be tested on it. The checks of it are left out. Default: nothing. */
  without?: readonly Part[];
}

/** Something that not every store has. `failure` needs `fail` and `recover`, `deletedUsers` needs `deleteUser`. */
export type Part = "replaceHash" | "changePassword" | "revokeTokens" | "sessions" | "attempts" | "deletedUsers" | "failure";

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
 *   const { users, sessions, attempts } = sqliteSchema();
 *   database.exec(users + sessions + attempts);
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
  return CHECKS.filter(({ needs }) => !needs.some((part) => without.includes(part))).map(({ name, needs, check }) => ({
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
    replaceHash: store.replaceHash,
    changePassword: store.changePassword,
    revokeTokens: store.revokeTokens,
    sessions: store.sessions,
    attempts: store.attempts,
    deletedUsers: deleteUser,
    failure: fail && recover,
  };
  if (!has[part]) throw new Error(`the store does not have ${part}: implement it, or pass it in \`without\``);
}

const NOW = 1_700_000_000;
const HASH = `$2b$10$${"a".repeat(53)}`;
const OTHER_HASH = `$2b$12$${"b".repeat(53)}`;
const ADDRESS = "Ada.Lovelace@example.com";
const PLAIN = { tokenVersion: false };
const VERSIONED = { tokenVersion: true };

class Context {
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
function use(session: NewSession, more: Partial<Rotation> = {}): Rotation {
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

const end = (session: NewSession, more = {}) => ({
  id: session.id,
  old: session.current,
  now: NOW + 60,
  graceSince: NOW + 30,
  isVerified: true,
  raiseTokenVersion: false,
  ...more,
});

interface Check {
  name: string;
  needs: Part[];
  check: (context: Context) => Promise<void>;
}

const CHECKS: Check[] = [];
const check = (name: string, needs: Part[], check: Check["check"]) => CHECKS.push({ name, needs, check });

check("a new user is returned, and found by address and by id", [], async (on) => {
  const row = await on.user();
  same(typeof row.id, on.ids === "integer" ? "number" : "string", "the type of the id");
  same(row.email.toLowerCase(), ADDRESS.toLowerCase(), "email");
  same(row.password, HASH, "password");
  const { id, email, password } = row;
  for (const columns of [PLAIN, VERSIONED]) {
    for (const found of [await on.store.userByEmail(ADDRESS, columns), await on.store.userById(id, columns)]) {
      same([found?.id, found?.email, found?.password], [id, email, password], "the row that was inserted");
      same(String(found?.created_at), String(row.created_at), "created_at");
    }
  }
});

check("an unknown address and an unknown id are null", [], async (on) => {
  await on.user();
  for (const email of ["grace@example.com", "%", "_da.Lovelace@example.com", "' OR 1 = 1 --", ""]) {
    same(await on.store.userByEmail(email, PLAIN), null, `userByEmail(${JSON.stringify(email)})`);
  }
  const ids = [987_654, 2 ** 40, Number.MAX_SAFE_INTEGER, -1, "no such user", "0f8fad5b-d9cb-469f-a165-70867728950e", "a\0b", "' OR 1 = 1 --"];
  for (const id of ids) same(await on.store.userById(id, PLAIN), null, `userById(${JSON.stringify(id)})`);
});

check("the letter case of an address is ignored", [], async (on) => {
  const { id } = await on.user();
  for (const email of [ADDRESS.toLowerCase(), ADDRESS.toUpperCase()]) {
    same((await on.store.userByEmail(email, PLAIN))?.id, id, `userByEmail(${email})`);
    same(await on.store.insertUser({ email, password: OTHER_HASH }), null, `insertUser with the taken address ${email}`);
  }
  same((await on.store.userById(id, PLAIN))?.password, HASH, "the hash after the address was refused");
});

check("one of many simultaneous registrations of an address succeeds", [], async (on) => {
  // The first round may have to open connections one by one.
  for (let round = 0; round < 5; round += 1) {
    const address = `round${round}.${ADDRESS}`;
    const spellings = Array.from({ length: 8 }, (_, at) => `${address.slice(0, at).toUpperCase()}${address.slice(at).toLowerCase()}`);
    const rows = await Promise.all(spellings.map((email) => on.store.insertUser({ email, password: HASH })));
    const stored = rows.filter((row) => row !== null);
    same(stored.length, 1, "the number of stored users");
    same((await on.store.userByEmail(address, PLAIN))?.id, stored[0]?.id, "the user who is found");
  }
});

check("ids are exact, and users are told apart", [], async (on) => {
  const users = [];
  for (let at = 0; at < 12; at += 1) users.push(await on.user(`user${at}@example.com`));
  same(new Set(users.map(({ id }) => id)).size, users.length, "the number of different ids");
  for (const { id, email } of users) same((await on.store.userById(id, PLAIN))?.email, email, `the user with the id ${id}`);
});

check("a hash is replaced only if it is still the old one", ["replaceHash"], async (on) => {
  const [{ id }, other] = [await on.user(), await on.user("grace@example.com")];
  await on.store.replaceHash({ id, old: OTHER_HASH, new: "wrong" });
  same((await on.store.userById(id, PLAIN))?.password, HASH, "the hash after another old one");
  await on.store.replaceHash({ id, old: HASH, new: OTHER_HASH });
  same((await on.store.userById(id, PLAIN))?.password, OTHER_HASH, "the hash afterwards");
  same((await on.store.userById(other.id, PLAIN))?.password, HASH, "the same hash of another user");
});

check("one of many simultaneous replacements of a hash takes effect", ["replaceHash"], async (on) => {
  const { id } = await on.user();
  const hashes = Array.from({ length: 8 }, (_, at) => `${OTHER_HASH.slice(0, -1)}${at}`);
  await Promise.all(hashes.map((hash) => on.store.replaceHash({ id, old: HASH, new: hash })));
  const chosen = (await on.store.userById(id, PLAIN))?.password ?? "";
  same(hashes.includes(chosen), true, "the hash is one of them");
  await on.store.replaceHash({ id, old: HASH, new: "late" });
  same((await on.store.userById(id, PLAIN))?.password, chosen, "the hash after a late replacement");
});

check("a password is changed only if the user has this hash and this token version", ["changePassword"], async (on) => {
  const [{ id }, other] = [await on.user(), await on.user("grace@example.com")];
  const change = { userId: id, old: HASH, new: OTHER_HASH, tokenVersion: undefined, withSessions: false };
  same(await on.store.changePassword({ ...change, old: OTHER_HASH }), false, "from another hash");
  same(await on.store.changePassword({ ...change, userId: on.ids === "integer" ? 987_654 : "no such user" }), false, "of an unknown user");
  same((await on.store.userById(id, PLAIN))?.password, HASH, "the hash after these");
  same(await on.store.changePassword(change), true, "from the hash that was read");
  same(await on.store.changePassword(change), false, "the same again");
  same((await on.store.userById(id, PLAIN))?.password, OTHER_HASH, "the hash afterwards");
  same((await on.store.userById(other.id, PLAIN))?.password, HASH, "the same hash of another user");
});

check("one of many simultaneous changes of a password takes effect", ["changePassword"], async (on) => {
  const { id } = await on.user();
  const hashes = Array.from({ length: 8 }, (_, at) => `${OTHER_HASH.slice(0, -1)}${at}`);
  const change = { userId: id, old: HASH, tokenVersion: undefined, withSessions: false };
  const changed = await Promise.all(hashes.map((hash) => on.store.changePassword({ ...change, new: hash })));
  same(changed.filter(Boolean).length, 1, "how many took effect");
  same((await on.store.userById(id, PLAIN))?.password, hashes[changed.indexOf(true)], "the hash afterwards");
});

check("a new password ends the user's tokens and sessions, and no session is stored past it", ["changePassword", "revokeTokens", "sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  for (const one of [user, user, other]) await on.inserted(one);
  const change = { userId: user.id, old: HASH, new: OTHER_HASH, tokenVersion: 0, withSessions: true };
  same(await on.store.changePassword({ ...change, tokenVersion: 1 }), false, "from another token version");
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 2, "the sessions after it");
  same(await on.version(user.id), 0, "token_version after it");
  const login = () => on.sessions.insert(on.session(user, { tokenVersion: 0 }));
  const [, changed] = await Promise.all([login(), on.store.changePassword(change), login()]);
  same(changed, true, "from the token version that was read");
  same(await on.version(user.id), 1, "token_version afterwards");
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
  same((await on.sessions.list({ userId: other.id, now: NOW })).length, 1, "the sessions of another user");
  same(await on.version(other.id), 0, "token_version of another user");
});

check("token_version starts at 0, and a revocation adds 1 for this user only", ["revokeTokens"], async (on) => {
  const [{ id }, other] = [await on.user(), await on.user("grace@example.com")];
  same(await on.version(id), 0, "token_version of a new user");
  same((await on.store.userByEmail(ADDRESS, VERSIONED))?.token_version, 0, "token_version by address");
  await on.store.revokeTokens({ id, withSessions: false });
  same(await on.version(id), 1, "token_version afterwards");
  await Promise.all(Array.from({ length: 5 }, () => on.store.revokeTokens({ id, withSessions: false })));
  same(await on.version(id), 6, "token_version after five simultaneous revocations");
  same(await on.version(other.id), 0, "token_version of another user");
});

check("a revocation deletes the user's sessions, with `withSessions` only", ["revokeTokens", "sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  for (const one of [user, user, other]) await on.inserted(one);
  await on.store.revokeTokens({ id: user.id, withSessions: false });
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 2, "the sessions without `withSessions`");
  await on.store.revokeTokens({ id: user.id, withSessions: true });
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
  same((await on.sessions.list({ userId: other.id, now: NOW })).length, 1, "the sessions of another user");
});

check("a session is stored only if the user has this hash and this token version", ["sessions"], async (on) => {
  const user = await on.user();
  const refused: [string, Partial<NewSession>][] = [
    ["another hash", { password: OTHER_HASH }],
    ["another token version", { tokenVersion: 1 }],
    ["another hash with the token version", { password: OTHER_HASH, tokenVersion: 0 }],
    ["an unknown user", { userId: on.ids === "integer" ? 987_654 : "no such user" }],
  ];
  for (const [name, more] of refused) same(await on.sessions.insert(on.session(user, more)), false, `insert with ${name}`);
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions after these");
  await on.inserted(user);
  await on.inserted(user, { tokenVersion: 0 });
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 2, "the sessions with the right ones");
});

check("a new session deletes no live session of the user, and no session of another user", ["sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  const live = await on.inserted(user, { now: NOW - 100, expiresAt: NOW + 1 });
  const others = await on.inserted(other, { now: NOW - 100 });
  await on.inserted(user);
  same((await on.sessions.list({ userId: user.id, now: NOW })).some(({ id }) => id === live.id), true, "the live session is there");
  same((await on.sessions.list({ userId: other.id, now: NOW })).map(({ id }) => id), [others.id], "the other user's sessions");
});

check("a refresh token is rotated, and the id is exact", ["sessions"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  const rotation = use(session);
  const row = await on.sessions.rotate(rotation);
  same([row?.user_id, row?.sealed], [user.id, rotation.sealed], "the row");
  const next = await on.sessions.rotate(use(session, { old: rotation.new, new: "third", sealed: "sealed-2", now: NOW + 120 }));
  same([next?.user_id, next?.sealed], [user.id, "sealed-2"], "the row of the next rotation");
  same(await on.sessions.rotate(use(session, { old: "unknown" })), null, "an unknown token");
  same(await on.sessions.rotate(use(session, { id: "unknown", old: "third" })), null, "an unknown session");
});

check("the same use is answered in the same way until the grace period ends", ["sessions"], async (on) => {
  const session = await on.inserted(await on.user());
  const rotation = use(session);
  await on.sessions.rotate(rotation);
  const again = (now: number) =>
    on.sessions.rotate(use(session, { new: "another", sealed: "another", now, expiresAt: now + 3600, graceSince: now - 30 }));
  same((await again(NOW + 61))?.sealed, rotation.sealed, "a second later");
  same((await again(NOW + 89))?.sealed, rotation.sealed, "29 seconds later, which the repetition has not prolonged");
  same(await again(NOW + 90), null, "30 seconds later");
  const [listed] = await on.sessions.list({ userId: (await on.store.userByEmail(ADDRESS, PLAIN))?.id ?? 0, now: NOW + 60 });
  same([listed?.last_used_at, listed?.expires_at], [NOW + 60, NOW + 3660], "the times after the repetitions");
  same((await on.sessions.rotate(use(session, { old: rotation.new })))?.sealed, rotation.sealed, "the next token is accepted");
});

check("simultaneous uses of a refresh token get the same answer", ["sessions"], async (on) => {
  const session = await on.inserted(await on.user());
  const uses = Array.from({ length: 8 }, (_, at) => use(session, { new: `next-${at}`, sealed: `sealed-${at}` }));
  const rows = await Promise.all(uses.map((rotation) => on.sessions.rotate(rotation)));
  same(new Set(rows.map((row) => row?.sealed)).size, 1, "the number of different answers");
  const winner = uses.find(({ sealed }) => sealed === rows[0]?.sealed);
  same(winner !== undefined, true, "the answer is one of them");
  const next = await on.sessions.rotate(use(session, { old: winner?.new ?? "", new: "last", sealed: "last" }));
  same(next?.sealed, "last", "the next token is the one that was answered");
});

check("an expired session is not rotated, and its absolute end is not moved", ["sessions"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  same(await on.sessions.rotate(use(session, { now: NOW + 3600 })), null, "when it expires");
  same((await on.sessions.rotate(use(session, { now: NOW + 3599, expiresAt: NOW + 7199 })))?.user_id, user.id, "a second before");
  const late = use(session, { old: use(session).new, new: "late", now: NOW + 7198, expiresAt: NOW + 10_798 });
  same((await on.sessions.rotate(late))?.user_id, user.id, "a second before the next end");
  same((await on.sessions.list({ userId: user.id, now: NOW }))[0]?.expires_at, NOW + 7200, "the end is the absolute one");
});

check("a rotation returns the user's present token_version when it is asked for", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  same((await on.sessions.rotate(use(session, { withTokenVersion: true })))?.token_version, 0, "at first");
  await on.store.revokeTokens({ id: user.id, withSessions: false });
  same((await on.sessions.rotate(use(session, { withTokenVersion: true })))?.token_version, 1, "after a revocation");
});

check("the sessions of a deleted user are not accepted", ["sessions", "deletedUsers"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  await on.hooks.deleteUser(user.id);
  same(await on.sessions.rotate(use(session)), null, "rotate");
  same(await on.sessions.insert(on.session(user)), false, "insert");
  same(await on.store.userById(user.id, PLAIN), null, "userById");
});

check("a session ends on the use of an old token, once", ["sessions"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  const expired = async (more: object) => {
    const ended = await on.sessions.end(end(session, more));
    return ended && Boolean(ended.expired);
  };
  await on.sessions.rotate(use(session));
  same(await expired({ graceSince: NOW + 59 }), null, "within the grace period");
  same(await expired({ id: "unknown" }), null, "an unknown session");
  same(await expired({ old: "unknown", isVerified: false }), null, "an unknown token that is not verified");
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 1, "the sessions after these");
  same(await expired({ graceSince: NOW + 60, isVerified: false }), false, "the previous token after the grace period");
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
  same(await expired({ graceSince: NOW + 60 }), null, "once more");
});

check("the end of a session says whether it had expired", ["sessions"], async (on) => {
  const user = await on.user();
  for (const [now, expired] of [[NOW + 3599, false], [NOW + 3600, true]] as const) {
    const session = await on.inserted(user);
    same(Boolean((await on.sessions.end(end(session, { now, old: "verified" })))?.expired), expired, `after ${now - NOW} seconds`);
  }
});

check("the end of a live session raises token_version when it is asked to", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  const ended = async (more: object) => {
    const session = await on.inserted(user);
    await on.sessions.rotate(use(session));
    await on.sessions.end(end(session, { graceSince: NOW + 60, raiseTokenVersion: true, ...more }));
    return on.version(user.id);
  };
  same(await ended({ raiseTokenVersion: false }), 0, "not asked to");
  same(await ended({}), 1, "asked to");
  same(await ended({ now: NOW + 3660 }), 1, "it had expired");
  same(await ended({ graceSince: NOW + 59 }), 1, "within the grace period");
  same(await ended({ old: "unknown", isVerified: false }), 1, "an unknown token that is not verified");
  same(await ended({ old: "unknown" }), 2, "an unknown token that is verified");
});

check("a session is deleted by its name, its user and its token", ["sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  const session = await on.inserted(user);
  await on.sessions.rotate(use(session));
  const { id } = session;
  const refused: [string, Parameters<SessionStore["delete"]>[0]][] = [
    ["another name", { id: "unknown", userId: user.id, knownAs: undefined }],
    ["another user", { id, userId: other.id, knownAs: undefined }],
    ["a user who does not exist", { id, userId: "no such user", knownAs: undefined }],
    ["another token", { id, userId: undefined, knownAs: "unknown" }],
  ];
  for (const [name, asked] of refused) same(await on.sessions.delete(asked), false, `delete with ${name}`);
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 1, "the sessions after these");
  same(await on.sessions.delete({ id, userId: user.id, knownAs: session.current }), true, "delete with the previous token");
  same(await on.sessions.delete({ id, userId: user.id, knownAs: undefined }), false, "delete once more");
  const second = await on.inserted(user);
  same(await on.sessions.delete({ id: second.id, userId: undefined, knownAs: second.current }), true, "delete with the token only");
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
});

check("the live sessions are listed, the last used first", ["sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  const first = on.session(user, { userAgent: "Firefox", address: "203.0.113.0/24" });
  same(await on.sessions.insert(first), true, "insert with a client");
  const second = await on.inserted(user, { now: NOW + 10 });
  await on.inserted(other);
  const names = async (now: number) => (await on.sessions.list({ userId: user.id, now })).map(({ id }) => id);
  same(await names(NOW), [second.id, first.id], "the newer one first");
  await on.sessions.rotate(use(first));
  same(await names(NOW), [first.id, second.id], "the last used one first");
  same(await names(NOW + 3600), [first.id], "without the one that has expired");
  const [row] = await on.sessions.list({ userId: user.id, now: NOW });
  same(
    [row?.created_at, row?.last_used_at, row?.expires_at, row?.user_agent, row?.address],
    [NOW, NOW + 60, NOW + 3660, "Firefox", "203.0.113.0/24"],
    "the columns",
  );
  same(await on.sessions.list({ userId: "no such user", now: NOW }), [], "the sessions of a user who does not exist");
});

check("no session is stored past a simultaneous revocation", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  for (let version = 0; version < 20; version += 1) {
    const revocation = () => on.store.revokeTokens({ id: user.id, withSessions: true });
    const logins = Array.from({ length: 4 }, () => () => on.sessions.insert(on.session(user, { tokenVersion: version })));
    // The revocation has another place each time. Before it a session is deleted, after it none is stored.
    const calls = logins.toSpliced(version % 5, 0, revocation as never);
    await Promise.all(calls.map((call) => call()));
    same(await on.sessions.list({ userId: user.id, now: NOW }), [], `the sessions after revocation ${version + 1}`);
  }
});

check("no refresh gets past a simultaneous revocation", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  for (let version = 0; version < 20; version += 1) {
    const session = await on.inserted(user, { tokenVersion: version });
    const refresh = () => on.sessions.rotate(use(session, { withTokenVersion: true }));
    const revocation = async () => (await on.store.revokeTokens({ id: user.id, withSessions: true }), null);
    const calls = [refresh, refresh, refresh].toSpliced(version % 4, 0, revocation);
    const rows = await Promise.all(calls.map((call) => call()));
    const versions = rows.flatMap((row) => row?.token_version ?? []);
    same(versions.filter((one) => one !== version), [], `the token versions before revocation ${version + 1}`);
  }
});

/** A failure at this time, which forgets what is 900 seconds old. */
function failure(now: number, more: Partial<CountedLogin> = {}): CountedLogin {
  return { account: "a", client: "", counts: true, now, since: now - 900, most: 100, expiresAt: now + 1800, ...more };
}

check("the user of a login is found with and without a row about logins", ["attempts"], async (on) => {
  const user = await on.user();
  const find = (email: string, account: string, withTokenVersion = false) =>
    on.attempts.find({ email, withTokenVersion, account, client: "c", now: NOW });
  const found = await find(ADDRESS.toUpperCase(), "a");
  same([found.user?.id, found.user?.email, found.user?.password, found.attempts], [user.id, user.email, HASH, null], "without a row");
  same(await find("grace@example.com", "a"), { user: null, attempts: null }, "an unknown address without a row");
  await on.attempts.count(failure(NOW));
  const counted = await find(ADDRESS, "a");
  same([counted.user?.id, counted.attempts?.failures], [user.id, 1], "with a row");
  same((await find("grace@example.com", "a")).attempts?.failures, 1, "an unknown address with a row");
  same((await find(ADDRESS, "b")).attempts, null, "another account");
});

check("the user of a login has a token_version when it is asked for", ["attempts", "revokeTokens"], async (on) => {
  const user = await on.user();
  await on.store.revokeTokens({ id: user.id, withSessions: false });
  const found = await on.attempts.find({ email: ADDRESS, withTokenVersion: true, account: "a", client: "", now: NOW });
  same(found.user?.token_version, 1, "token_version");
});

check("logins are counted, and forgotten after a time", ["attempts"], async (on) => {
  same(await on.attempted(""), null, "before the first one");
  same(await on.attempts.count(failure(NOW)), 1, "what is returned for the first one");
  same(await on.attempts.count(failure(NOW + 10)), 2, "what is returned for the second one");
  same(await on.attempted(""), ["", 2, NOW + 10, NOW + 1810], "after two");
  same(await on.attempts.count(failure(NOW + 20, { counts: false, expiresAt: NOW })), 2, "what is returned for one that does not count");
  same(await on.attempted(""), ["", 2, NOW + 10, NOW + 1810], "after one that does not count and expires earlier");
  same(await on.attempted("", "b"), null, "another account");
  await on.attempts.count(failure(NOW + 909));
  same(await on.attempted(""), ["", 3, NOW + 909, NOW + 2709], "899 seconds after the last one");
  await on.attempts.count(failure(NOW + 1809));
  same(await on.attempted(""), ["", 1, NOW + 1809, NOW + 3609], "900 seconds after the last one");
  for (const most of [2, 2, 1]) same(await on.attempts.count(failure(NOW + 1810, { most })), 2, "what is counted no further");
});

check("simultaneous logins are counted one by one", ["attempts"], async (on) => {
  const counted = await Promise.all(Array.from({ length: 8 }, () => on.attempts.count(failure(NOW))));
  same(counted.toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8], "what is returned");
  same(await on.attempted(""), ["", 8, NOW, NOW + 1800], "after eight");
});

check("a client that has logged in has a row of its own", ["attempts"], async (on) => {
  await on.attempts.count(failure(NOW));
  await on.attempts.succeeded({ account: "a", client: "c", isKnown: true, expiresAt: NOW + 5000 });
  same(await on.attempted("c"), ["c", 0, 0, NOW + 5000], "the client");
  same(await on.attempted("d"), ["", 1, NOW, NOW + 1800], "another client");
  same(await on.attempted("c", "b"), null, "the client in another account");
  for (const at of [1, 2]) await on.attempts.count(failure(NOW + at, { client: "c" }));
  same(await on.attempted("c"), ["c", 2, NOW + 2, NOW + 5000], "the client after failures");
  same(await on.attempted(""), ["", 1, NOW, NOW + 1800], "the others after these");
});

check("a success takes back the login that was counted", ["attempts"], async (on) => {
  for (const at of [1, 2]) await on.attempts.count(failure(NOW + at));
  await on.attempts.succeeded({ account: "b", client: "", isKnown: false, expiresAt: NOW });
  same((await on.attempted(""))?.[1], 2, "after one in another account");
  await on.attempts.succeeded({ account: "a", client: "", isKnown: false, expiresAt: NOW });
  same(await on.attempted(""), ["", 1, NOW + 2, NOW + 1802], "after one of an unknown address");
  await on.attempts.succeeded({ account: "a", client: "c", isKnown: false, expiresAt: NOW + 9000 });
  same(await on.attempted(""), ["", 0, NOW + 2, NOW + 1802], "after one of a client that becomes known");
  same(await on.attempted("c"), ["c", 0, 0, NOW + 9000], "the client");
  await on.attempts.succeeded({ account: "a", client: "", isKnown: false, expiresAt: NOW });
  same((await on.attempted(""))?.[1], 0, "not below 0");
  for (const at of [3, 4]) await on.attempts.count(failure(NOW + at, { client: "c" }));
  await on.attempts.count(failure(NOW + 5));
  await on.attempts.succeeded({ account: "a", client: "c", isKnown: true, expiresAt: NOW + 9001 });
  same((await on.attempted("c"))?.toSpliced(2, 1), ["c", 0, NOW + 9001], "a known client, whose own failures are forgotten");
  same((await on.attempted(""))?.[1], 1, "the failures of others");
});

check("five clients of an account are known, the last used ones", ["attempts"], async (on) => {
  await on.attempts.count(failure(NOW));
  await on.attempts.succeeded({ account: "b", client: "other", isKnown: true, expiresAt: NOW });
  for (const at of [1, 2, 3, 4, 5, 6]) await on.attempts.succeeded({ account: "a", client: `c${at}`, isKnown: true, expiresAt: NOW + at });
  const known = async () => {
    const rows = await Promise.all([1, 2, 3, 4, 5, 6].map((at) => on.attempted(`c${at}`)));
    return rows.flatMap((row) => (row?.[0] ? [row[0]] : []));
  };
  same(await known(), ["c2", "c3", "c4", "c5", "c6"], "after six");
  await on.attempts.succeeded({ account: "a", client: "c2", isKnown: true, expiresAt: NOW + 7 });
  await on.attempts.succeeded({ account: "a", client: "c1", isKnown: true, expiresAt: NOW + 1 });
  same(await known(), ["c1", "c2", "c4", "c5", "c6"], "after the first one again");
  await on.attempts.succeeded({ account: "a", client: "", isKnown: false, expiresAt: NOW + 9 });
  same((await known()).length, 5, "after one of an unknown address");
  same(await on.attempted(""), ["", 0, NOW, NOW + 1800], "the row of unknown clients is still there");
  same((await on.attempted("other", "b"))?.[0], "other", "the client of another account is still there");
});

check("expired rows go by themselves", ["attempts"], async (on) => {
  for (const account of ["b", "c"]) await on.attempts.count(failure(NOW, { account }));
  await on.attempts.count(failure(NOW + 900, { account: "d" }));
  await on.attempts.count(failure(NOW + 1800));
  same([await on.attempted("", "b"), await on.attempted("", "c")], [null, null], "those that have expired");
  same((await on.attempted("", "d"))?.[1], 1, "one that has not");
  // What has expired counts no more, even where it is still there.
  await on.attempts.count(failure(NOW, { account: "kept" }));
  await on.attempts.succeeded({ account: "kept", client: "c", isKnown: true, expiresAt: NOW + 100 });
  same((await on.attempted("c", "kept", NOW + 99))?.[0], "c", "a known client a second before");
  same(await on.attempted("c", "kept", NOW + 100), ["", 1, NOW, NOW + 1800], "a known client that has expired");
  same(await on.attempted("c", "kept", NOW + 1800), null, "failures that have expired");
});

check("while the database fails every method rejects, and afterwards all work", ["failure"], async (on) => {
  const user = await on.user();
  // What a store may lack.
  const { replaceHash, changePassword, revokeTokens, sessions: hasSessions } = on.store as UserStore;
  const session = hasSessions ? await on.inserted(user) : undefined;
  const { store, sessions } = on;
  const calls: [string, () => Promise<unknown>][] = [
    ["userByEmail", () => store.userByEmail(ADDRESS, PLAIN)],
    ["userById", () => store.userById(user.id, PLAIN)],
    ["insertUser", () => store.insertUser({ email: "grace@example.com", password: HASH })],
  ];
  if (replaceHash) calls.push(["replaceHash", () => store.replaceHash({ id: user.id, old: HASH, new: OTHER_HASH })]);
  if (changePassword) {
    const change = { userId: user.id, old: "no hash", new: OTHER_HASH, tokenVersion: undefined, withSessions: hasSessions !== undefined };
    calls.push(["changePassword", () => store.changePassword(change)]);
  }
  if (revokeTokens) {
    calls.push(["revokeTokens", () => store.revokeTokens({ id: user.id, withSessions: false })]);
    if (hasSessions) calls.push(["revokeTokens", () => store.revokeTokens({ id: user.id, withSessions: true })]);
  }
  if ((on.store as UserStore).attempts) {
    calls.push(
      ["find", () => on.attempts.find({ email: ADDRESS, withTokenVersion: false, account: "a", client: "c", now: NOW })],
      ["count", () => on.attempts.count(failure(NOW))],
      ["succeeded", () => on.attempts.succeeded({ account: "a", client: "c", isKnown: true, expiresAt: NOW })],
    );
  }
  if (session) {
    calls.push(
      ["insert", () => sessions.insert(on.session(user))],
      ["rotate", () => sessions.rotate(use(session))],
      ["end", () => sessions.end(end(session, { raiseTokenVersion: revokeTokens !== undefined }))],
      ["delete", () => sessions.delete({ id: session.id, userId: user.id, knownAs: undefined })],
      ["list", () => sessions.list({ userId: user.id, now: NOW })],
    );
  }
  await on.hooks.fail();
  try {
    for (const [name, call] of calls) {
      const outcome = await call().then(() => "resolves", () => "rejects");
      same(outcome, "rejects", `${name} while the database fails`);
    }
  } finally {
    await on.hooks.recover();
  }
  same((await store.userByEmail(ADDRESS, PLAIN))?.password, HASH, "the hash afterwards");
  if (session) same((await sessions.list({ userId: user.id, now: NOW })).map(({ id }) => id), [session.id], "the sessions afterwards");
  if (revokeTokens) same(await on.version(user.id), 0, "token_version afterwards");
  for (const [name, call] of calls) {
    const error = await call().then(() => undefined, String);
    same(error, undefined, `${name} afterwards`);
  }
});

function same(actual: unknown, expected: unknown, what: string): void {
  if (written(actual) !== written(expected)) throw new Error(`${what}: ${written(actual)}, not ${written(expected)}`);
}

/** Tells 7 and "7" apart. */
function written(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : one)) ?? String(value);
}
