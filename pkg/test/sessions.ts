import type { Rotation, Session, SessionStore, UserId, UserRow, UserStore } from "edgegate";
import { memoryUsers } from "./users.ts";

/** A row of `refresh_tokens`. */
export interface Row {
  userId: UserId;
  current: string;
  previous: string | null;
  rotatedAt: number;
  expiresAt: number;
}

/** Users and their sessions in memory, with the rules of a store. */
export function memoryStore(): { users: UserRow[]; sessions: Map<string, Row>; store: UserStore } {
  const [users, sessions] = [[] as UserRow[], new Map<string, Row>()];
  const store: UserStore = {
    ...memoryUsers(users),
    async revokeTokens({ id, validAfter, withSessions }) {
      for (const user of users) if (user.id === id) user.tokens_valid_after = Math.max(validAfter, user.tokens_valid_after ?? 0);
      for (const [family, { userId }] of sessions) if (withSessions && userId === id) sessions.delete(family);
    },
    sessions: memorySessions(sessions),
  };
  return { users, sessions, store };
}

function memorySessions(rows: Map<string, Row>): SessionStore {
  return {
    async insert({ family, userId, current, expiresAt, now }: Session) {
      rows.set(family, { userId, current, previous: null, rotatedAt: now, expiresAt });
    },
    async rotate({ family, old, new: next, expiresAt, now, graceSince }: Rotation) {
      const row = rows.get(family);
      if (!row || row.expiresAt <= now) return null;
      const isToken = row.current === old;
      const wasToken = row.previous === old && row.current === next && row.rotatedAt > graceSince;
      if (!isToken && !wasToken) return null;
      rows.set(family, { ...row, previous: old, current: next, expiresAt, rotatedAt: isToken ? now : row.rotatedAt });
      return row.userId;
    },
    async end({ family, old, graceSince }: Rotation) {
      const row = rows.get(family);
      if (row && !(row.previous === old && row.rotatedAt > graceSince)) rows.delete(family);
    },
  };
}
