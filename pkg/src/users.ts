// Answers the core's questions about users and sessions from a store.

import { coreColumns, plainRow, userId } from "./argument.js";
import type { Turn } from "../wasm/edgegate.js";
import type { Handle } from "./instance.js";
import type { SessionStore, UserStore } from "./store.js";
import type { CallerQuestion, Step } from "./turn.js";

/** A question that the store answers. */
export type StoreQuestion = Exclude<CallerQuestion, { ask: "body" }>;

/**
 * Answers a question from the store and returns the next step. Rejects if the store rejects.
 *
 * @param onRow Called with the row that the store returned.
 */
export async function askStore(
  users: UserStore,
  turn: Handle<Turn>,
  question: StoreQuestion,
  onRow?: (row: Record<string, unknown>) => void,
): Promise<Step> {
  const answerUser = (user: unknown, wantsValidAfter: boolean): Step => {
    const row = plainRow(user);
    if (row) onRow?.(row);
    const columns = row && coreColumns(row, wantsValidAfter);
    return turn.call((turn) => turn.answerUser(columns));
  };
  switch (question.ask) {
    case "userByEmail":
      return answerUser(await users.userByEmail(question.email, { validAfter: question.withValidAfter }), question.withValidAfter);
    case "userById":
      return answerUser(await users.userById(question.id, { validAfter: question.withValidAfter }), question.withValidAfter);
    case "insertUser":
      return answerUser(await users.insertUser(question), false);
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
      const id = (await sessionsOf(users).rotate(question)) ?? null;
      const owner = id === null ? null : userId("the user of a session", id);
      return turn.call((turn) => turn.answerRotated(owner));
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

function done(turn: Handle<Turn>): Step {
  return turn.call((turn) => turn.answerDone());
}
