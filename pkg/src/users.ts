// Answers the core's questions about users and sessions from a store.

import { array, coreColumns, furtherColumns, object, plainColumns, plainRow, text } from "./argument.js";
import { answerWithin } from "./deadline.js";
import type { SecurityEvent, Turn, User } from "../wasm/edgegate.js";
import type { Handle } from "./instance.js";
import type { AttemptStore, MailTokenStore, SessionStore, UserStore } from "./store.js";
import type { Step, StoreQuestion } from "./turn.js";
import type { AskedFor } from "./upstream.js";
import type { WaitUntil } from "./web.js";

/** How long a store may take for a question: a database that never answers must not hold requests for ever. */
const STORE_MILLISECONDS = 10_000;

/** What a question is about besides its own fields. */
export interface Asking extends AskedFor {
  /** Keeps the row of the user. */
  row?: RowOfTurn;
  /** Further claims of this call. */
  own?: object;
  /** Keeps the request alive for what is done after the reply. */
  waitUntil?: WaitUntil | undefined;
}

/**
 * The row of a user that the store has returned last. Its further columns may have any type and depth, so they do not pass through the
 * core.
 */
export class RowOfTurn {
  #further: Record<string, unknown> = {};
  #own: Record<string, unknown> = {};

  keep(row: Record<string, unknown>, { id, email, created_at }: Record<string, unknown>): void {
    this.#further = furtherColumns(row);
    this.#own = { id, email, created_at };
  }

  /** The user, with all columns but those that the core keeps for itself. */
  get user(): User {
    return this.complete(this.#own as User);
  }

  /** The user with the further columns. */
  complete(user: User): User {
    return { ...this.#further, ...user };
  }
}

/** Answers a question from the store and returns the next step. Rejects if the store rejects, or does not answer in time. */
export async function askStore(
  users: UserStore,
  turn: Handle<Turn>,
  question: StoreQuestion,
  { row: kept }: Asking = {},
): Promise<Step> {
  const columnsOf = (user: unknown) => {
    const row = plainRow(user);
    const columns = row && coreColumns(row);
    if (row && columns) kept?.keep(row, columns);
    return columns;
  };
  const answerUser = (user: unknown): Step => {
    const columns = columnsOf(user);
    return turn.call((turn) => turn.answerUser(columns));
  };
  switch (question.ask) {
    case "userByEmail":
      return answerUser(await inTime(users.userByEmail(question.email, { tokenVersion: question.withTokenVersion })));
    case "userAtLogin": {
      const { user, attempts } = object("a store's login", await inTime(attemptsOf(users).find(question))) as { user?: unknown; attempts?: unknown };
      const [columns, row] = [columnsOf(user), plainRow(attempts)];
      const state = row && plainColumns(row);
      return turn.call((turn) => turn.answerUserAtLogin(columns, state));
    }
    case "countLogin": {
      const failures: unknown = await inTime(attemptsOf(users).count(question));
      return turn.call((turn) => turn.answerCounted(typeof failures === "number" ? failures : NaN));
    }
    case "loginSucceeded":
      await inTime(attemptsOf(users).succeeded(question));
      return done(turn);
    case "userById":
      return answerUser(await inTime(users.userById(question.id, { tokenVersion: question.withTokenVersion })));
    case "insertUser":
      return answerUser(await inTime(users.insertUser(question)));
    case "moveUser": {
      if (!users.moveUser) throw new TypeError("edgegate: TRICKLE needs a user store with `moveUser`");
      const moved = truth("moveUser", await inTime(users.moveUser(question)));
      return turn.call((turn) => turn.answerChanged(moved));
    }
    case "replaceHash":
      await inTime(users.replaceHash?.(question));
      return done(turn);
    case "changePassword": {
      if (!users.changePassword) throw new TypeError("edgegate: PASSWORD_CHANGE needs a user store with `changePassword`");
      const changed = truth("changePassword", await inTime(users.changePassword(question)));
      return turn.call((turn) => turn.answerChanged(changed));
    }
    case "storeMailToken": {
      const address = await inTime(mailTokensOf(users).store(question));
      const to = address === null ? undefined : text("the address of a store", address);
      return turn.call((turn) => turn.answerAddress(to));
    }
    case "userByMailToken":
      return answerUser(await inTime(mailTokensOf(users).user(question)));
    case "verifyEmail": {
      const verified = truth("verifyEmail", await inTime(mailTokensOf(users).verifyEmail(question)));
      return turn.call((turn) => turn.answerChanged(verified));
    }
    case "deleteUser": {
      if (!users.deleteUser) throw new TypeError("edgegate: ACCOUNT_DELETION needs a user store with `deleteUser`");
      const deleted = truth("deleteUser", await inTime(users.deleteUser(question)));
      return turn.call((turn) => turn.answerChanged(deleted));
    }
    case "revokeTokens":
      if (!users.revokeTokens) throw new TypeError("edgegate: REVOCATION needs a user store with `revokeTokens`");
      await inTime(users.revokeTokens(question));
      return done(turn);
    case "insertSession": {
      const inserted = truth("insert", await inTime(sessionsOf(users).insert(question)));
      return turn.call((turn) => turn.answerChanged(inserted));
    }
    case "rotateSession": {
      const row = plainRow(await inTime(sessionsOf(users).rotate(question)));
      const columns = row && plainColumns(row);
      return turn.call((turn) => turn.answerRotated(columns));
    }
    case "endSession": {
      const ended = await inTime(sessionsOf(users).end(question));
      const expired = ended ? Boolean(ended.expired) : undefined;
      return turn.call((turn) => turn.answerEnded(expired));
    }
    case "deleteSession": {
      const deleted = truth("delete", await inTime(sessionsOf(users).delete(question)));
      return turn.call((turn) => turn.answerChanged(deleted));
    }
    case "sessions": {
      const rows = array("a store's sessions", await inTime(sessionsOf(users).list(question))).map((row) => plainColumns({ ...row }));
      return turn.call((turn) => turn.answerSessions(rows));
    }
  }
}

/** Rejects if the store rejects, or stores no events. */
export async function storeEvent(users: UserStore, event: SecurityEvent): Promise<void> {
  if (!users.recordEvent) throw new TypeError("edgegate: AUDIT needs a user store with `recordEvent`");
  await inTime(users.recordEvent(event));
}

/** What a driver returns for no row, such as an empty list, is true for JavaScript. */
function truth(method: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError(`edgegate: ${method} of the user store must return true or false`);
  return value;
}

function inTime<T>(answer: T | PromiseLike<T>): Promise<T> {
  return answerWithin(STORE_MILLISECONDS, "the user store", answer);
}

function sessionsOf({ sessions }: UserStore): SessionStore {
  if (!sessions) throw new TypeError("edgegate: REFRESH_TOKEN_EXPIRE_MINUTES needs a user store with `sessions`");
  return sessions;
}

function mailTokensOf({ mailTokens }: UserStore): MailTokenStore {
  if (!mailTokens) throw new TypeError("edgegate: PASSWORD_RECOVERY and EMAIL_VERIFICATION need a user store with `mailTokens`");
  return mailTokens;
}

function attemptsOf({ attempts }: UserStore): AttemptStore {
  if (!attempts) throw new TypeError("edgegate: LOCKOUT needs a user store with `attempts`");
  return attempts;
}

function done(turn: Handle<Turn>): Step {
  return turn.call((turn) => turn.answerDone());
}
