// The core's questions about users and sessions, put to a store.

import type { Turn, UserRow } from "../wasm/edgegate.js";
import type { Handle } from "./instance.js";
import type { SessionStore, UserStore } from "./store.js";
import type { CallersQuestion } from "./turn.js";

/** A question that the store answers. */
export type StoresQuestion = Exclude<CallersQuestion, { ask: "body" }>;

/** Asks the store, and gives the turn its answer; says what the turn's next step is. Rejects when the store does. */
export async function askStore(users: UserStore, turn: Handle<Turn>, question: StoresQuestion): Promise<string> {
  switch (question.ask) {
    case "userByEmail":
      return giveUser(turn, await users.userByEmail(question.email, { validAfter: question.withValidAfter }));
    case "userById":
      return giveUser(turn, await users.userById(question.id, { validAfter: question.withValidAfter }));
    case "insertUser":
      return giveUser(turn, await users.insertUser(question));
    case "replaceHash":
      await users.replaceHash?.(question);
      return done(turn);
    case "revokeTokens":
      if (!users.revokeTokens) throw new TypeError("edgegate: REVOCATION needs a user store with `revokeTokens`");
      await users.revokeTokens(question);
      return done(turn);
    case "insertSession":
      await sessionsOf(users).insert(question);
      return done(turn);
    case "rotateSession": {
      const userId = await sessionsOf(users).rotate(question);
      return turn.call((turn) => turn.answerRotated(userId ?? undefined));
    }
    case "endSession":
      await sessionsOf(users).end(question);
      return done(turn);
  }
}

function sessionsOf({ sessions }: UserStore): SessionStore {
  if (!sessions) throw new TypeError("edgegate: REFRESH_TOKEN_EXPIRE_MINUTES needs a user store with `sessions`");
  return sessions;
}

function giveUser(turn: Handle<Turn>, user: UserRow | null): string {
  if (!user) return turn.call((turn) => turn.answerNobody());
  // A hash that is no text is an unreadable hash, and refused as one.
  const [password, createdAt, validAfter] = [String(user.password), String(user.created_at), user.tokens_valid_after];
  return turn.call((turn) => turn.answerUser(user.id, user.email, password, createdAt, validAfter ?? undefined));
}

function done(turn: Handle<Turn>): string {
  return turn.call((turn) => turn.answerDone());
}
