// User store in memory, for tests of an application.

import type { MailKind, UserId, UserRow } from "../wasm/edgegate.js";
import { lowerCase, type SqlStore } from "./sql.js";
import type { AttemptRow, NewSession, Session, UserStore } from "./store.js";

export type { UserRow } from "../wasm/edgegate.js";

/** A user of {@link memoryUsers}. What is left out is filled in. */
export type MemoryUser = Partial<UserRow> & Pick<UserRow, "email" | "password">;

/** The store, with every optional method. */
export type MemoryStore = SqlStore;

interface Row extends UserRow {
  token_version: number;
}

interface SessionRow extends Session {
  userId: UserId;
  current: string;
  previous?: string;
  sealed?: string;
  endsAt: number;
}

/**
 * A user store in memory, with the users given here. Ids are counted from 1 on. It is for tests: it forgets everything when the
 * process ends, and finds users by reading all of them.
 *
 * @example
 * ```ts
 * import { createGate, hashPassword } from "edgegate";
 * import { memoryUsers } from "edgegate/memory";
 *
 * const ada = { email: "ada@example.com", password: await hashPassword("correct horse"), role: "admin" };
 * const gate = createGate(process.env, memoryUsers([ada]));
 * ```
 */
export function memoryUsers(users: readonly MemoryUser[] = []): MemoryStore {
  const rows: Row[] = [];
  const sessions = new Map<string, SessionRow>();
  /** By hash. */
  const mailTokens = new Map<string, { kind: MailKind; userId: UserId; now: number; expiresAt: number; email: string }>();
  let lastId = 0;
  const attempts: (AttemptRow & { account: string })[] = [];
  const add = (user: MemoryUser): Row => {
    // An id may be given, and is not given twice, not even after a deletion: a token of the user before would be valid.
    const row = { id: lastId + 1, created_at: new Date().toISOString().replace(/\.\d+/, ""), token_version: 0, ...user };
    rows.push(row);
    if (typeof row.id === "number") lastId = Math.max(lastId, row.id);
    return row;
  };
  users.forEach(add);

  const byEmail = (email: string) => rows.find((row) => lowerCase(row.email) === lowerCase(email));
  // As a column of a database has it, which converts 7 and "7" to its own type.
  const byId = (id: UserId) => rows.find((row) => String(row.id) === String(id));
  const copied = (row: Row | undefined): UserRow | null => (row ? { ...row } : null);
  const deleteOf = (id: UserId, which: (session: SessionRow) => boolean) => {
    for (const session of sessions.values()) if (String(session.userId) === String(id) && which(session)) sessions.delete(session.id);
  };

  const byMailToken = (hash: string, now: number, kind: MailKind = "password-recovery") => {
    const token = mailTokens.get(hash);
    if (token?.kind !== kind || token.expiresAt <= now) return undefined;
    return rows.find((row) => row.id === token.userId && row.email === token.email);
  };

  const attemptsOf = (account: string, client: string) => {
    const found = attempts.find((row) => row.account === account && row.client === client);
    const row = found ?? { account, client, failures: 0, failed_at: 0, expires_at: 0 };
    if (!found) attempts.push(row);
    return row;
  };

  return {
    userByEmail: async (email) => copied(byEmail(email)),
    userById: async (id) => copied(byId(id)),
    insertUser: async ({ email, password, isUnverified }) =>
      byEmail(email) ? null : copied(add({ email, password, ...(isUnverified ? { email_verified: false } : {}) })),
    async moveUser({ id, email, password, createdAt }) {
      if (byEmail(email) || byId(id)) return false;
      add({ id, email, password, ...(createdAt === undefined ? {} : { created_at: createdAt }) });
      return true;
    },
    async replaceHash({ id, old, new: next }) {
      const row = byId(id);
      if (row?.password === old) row.password = next;
    },
    async changePassword({ userId, old, new: next, tokenVersion, withSessions, withMailTokens, mailToken, now }) {
      const row = byId(userId);
      if (mailToken !== undefined && byMailToken(mailToken, now) !== row) return false;
      if (!row || (row.password ?? "") !== old || (tokenVersion !== undefined && row.token_version !== tokenVersion)) return false;
      row.password = next;
      if (tokenVersion !== undefined) row.token_version += 1;
      if (withSessions) deleteOf(userId, () => true);
      if (withMailTokens) for (const [hash, token] of mailTokens) if (token.kind === "password-recovery" && token.userId === row.id) mailTokens.delete(hash);
      return true;
    },
    mailTokens: {
      async store({ kind, email, hash, now, expiresAt, notSince }) {
        const row = byEmail(email);
        for (const [hash, token] of mailTokens) if (token.expiresAt <= now) mailTokens.delete(hash);
        const isOfAccount = (email: string) => lowerCase(email) === lowerCase(row?.email ?? "");
        if (!row || [...mailTokens.values()].some((token) => token.kind === kind && isOfAccount(token.email) && token.now > notSince)) return null;
        mailTokens.set(hash, { kind, userId: row.id, now, expiresAt, email: row.email });
        return row.email;
      },
      user: async ({ hash, now }) => copied(byMailToken(hash, now)),
      async verifyEmail({ hash, now }) {
        const row = byMailToken(hash, now, "email-verification");
        if (!row) return false;
        row.email_verified = true;
        return mailTokens.delete(hash);
      },
    },
    async deleteUser({ userId, password, tokenVersion, withSessions, account }) {
      const row = byId(userId);
      if (row?.password !== password || (tokenVersion !== undefined && row.token_version !== tokenVersion)) return false;
      if (withSessions) deleteOf(userId, () => true);
      if (account !== undefined) removeAll(attempts, (one) => one.account === account && one.client !== "");
      removeAll(rows, (one) => one === row);
      return true;
    },
    async revokeTokens({ id, withSessions }) {
      const row = byId(id);
      if (row) row.token_version += 1;
      if (withSessions) deleteOf(id, () => true);
    },
    sessions: {
      async insert(session: NewSession) {
        const user = byId(session.userId);
        if (user?.password !== session.password) return false;
        if (session.tokenVersion !== undefined && user.token_version !== session.tokenVersion) return false;
        deleteOf(user.id, ({ expires_at }) => expires_at <= session.now);
        sessions.set(session.id, {
          id: session.id,
          userId: user.id,
          current: session.current,
          created_at: session.now,
          last_used_at: session.now,
          expires_at: session.expiresAt,
          endsAt: session.endsAt,
          user_agent: session.userAgent,
          address: session.address,
        });
        return true;
      },
      async rotate({ id, old, new: next, sealed, now, expiresAt, graceSince, withTokenVersion }) {
        const session = sessions.get(id);
        const user = session && byId(session.userId);
        if (!user || session.expires_at <= now) return null;
        if (session.current === old) {
          const expires_at = Math.min(expiresAt, session.endsAt);
          Object.assign(session, { previous: old, current: next, sealed, last_used_at: now, expires_at });
        } else if (session.previous !== old || session.last_used_at <= graceSince) {
          return null;
        }
        return {
          user_id: user.id,
          sealed: session.sealed ?? "",
          ...(user.is_active === undefined ? {} : { is_active: user.is_active }),
          ...(withTokenVersion ? { token_version: user.token_version } : {}),
        };
      },
      async end({ id, old, now, graceSince, isVerified, raiseTokenVersion }) {
        const session = sessions.get(id);
        if (!session || (!isVerified && session.previous !== old)) return null;
        if (session.previous === old && session.last_used_at > graceSince) return null;
        sessions.delete(id);
        const expired = session.expires_at <= now;
        const user = byId(session.userId);
        if (user && raiseTokenVersion && !expired) user.token_version += 1;
        return { expired };
      },
      async delete({ id, userId, knownAs }) {
        const session = sessions.get(id);
        if (!session || (userId !== undefined && String(session.userId) !== String(userId))) return false;
        if (knownAs !== undefined && session.current !== knownAs && session.previous !== knownAs) return false;
        return sessions.delete(id);
      },
      async list({ userId, now }) {
        const live = [...sessions.values()].filter((one) => String(one.userId) === String(userId) && one.expires_at > now);
        live.sort((a, b) => b.last_used_at - a.last_used_at || (a.id < b.id ? -1 : 1));
        return live.slice(0, 100).map(({ id, created_at, last_used_at, expires_at, user_agent, address }) => ({
          id,
          created_at,
          last_used_at,
          expires_at,
          user_agent,
          address,
        }));
      },
    },
    // Nobody could read them: use `onEvent`.
    async recordEvent() {},
    attempts: {
      async find({ email, account, client, now }) {
        const of = (one: string) => attempts.find((row) => row.account === account && row.client === one && row.expires_at > now);
        const row = of(client) ?? of("");
        return { user: copied(byEmail(email)), attempts: row ? { ...row } : null };
      },
      async count({ account, client, counts, now, since, most, expiresAt }) {
        removeAll(attempts, (row) => row.expires_at <= now && row.account !== account);
        const row = attemptsOf(account, client);
        const next = row.failures >= most ? row.failures : row.failures + 1;
        if (counts) Object.assign(row, { failures: row.failed_at <= since ? 1 : next, failed_at: now });
        row.expires_at = Math.max(row.expires_at, expiresAt);
        return row.failures;
      },
      async succeeded({ account, client, isKnown, expiresAt }) {
        const strangers = attempts.find((row) => row.account === account && row.client === "");
        if (strangers && strangers.failures > 0 && !isKnown) strangers.failures -= 1;
        if (client === "") return;
        const row = attemptsOf(account, client);
        Object.assign(row, { failures: 0, expires_at: Math.max(row.expires_at, expiresAt) });
        const others = attempts.filter((one) => one.account === account && one.client !== "" && one.client !== client);
        others.sort((a, b) => b.expires_at - a.expires_at || (a.client < b.client ? -1 : 1));
        const outdated = new Set(others.slice(4));
        removeAll(attempts, (one) => outdated.has(one));
      },
    },
  } satisfies UserStore;
}

function removeAll<Row>(rows: Row[], which: (row: Row) => boolean): void {
  rows.splice(0, rows.length, ...rows.filter((row) => !which(row)));
}
