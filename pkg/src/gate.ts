import type { LoginVerdict, LogOutVerdict, Reply, Turn, UserId, UserVerdict } from "../wasm/edgegate.js";
import { furtherColumns, isText, object, text } from "./argument.js";
import { readBody } from "./body.js";
import { Core, type IssueOptions, type Settings } from "./core.js";
import type { Handle } from "./instance.js";
import { consoleLog, type Log } from "./log.js";
import type { UserStore } from "./store.js";
import { run, type CallerQuestion, type Step } from "./turn.js";
import { askStore } from "./users.js";
import { refused, type Claims, type TokenVerdict } from "./verdict.js";

/** A request with a token, its headers, or the value of its `Authorization` header (RFC 6750 2.1). */
export type Bearer = Request | Headers | string | null | undefined;

/** Logs users in and finds the user of a token. {@link createGate} creates it. */
export interface Gate {
  /**
   * Answers `POST /login`, `GET /me` and `POST /users` as a FastAPI backend does, `GET /.well-known/jwks.json` (RFC
   * 7517), and `POST /logout` with `REVOCATION=on`. It never rejects: errors are logged and answered with 500 or 503.
   */
  fetch(request: Request): Promise<Response>;
  /** Logs in without HTTP. Rejects if the store rejects. */
  login(credentials: { username: string; password: string }): Promise<LoginVerdict>;
  /** Finds the user of a token. Rejects if the store rejects. */
  currentUser(from: Bearer): Promise<UserVerdict>;
  /** Exchanges a refresh token for the next tokens (RFC 6749 6). Needs `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  refresh(refreshToken: string): Promise<LoginVerdict>;
  /** Revokes all tokens of the user of this token. Needs `REVOCATION=on`. */
  logOut(from: Bearer): Promise<LogOutVerdict>;
  /** Issues a token for this user. It has the claims that a login sets, and `options.claims`. */
  issueToken<C extends object = Record<string, unknown>>(userId: UserId, options?: IssueOptions<C>): Promise<string>;
  /** Verifies a token and returns its claims. The user store is not asked. */
  verifyToken<C extends object = Claims>(token: string): Promise<TokenVerdict<C>>;
}

/**
 * Creates a gate for a user store. Create it once and use it for all requests. Settings are checked at the first use:
 * for an invalid one, `fetch` logs its name and answers 500, and the other methods reject.
 *
 * @example
 * ```ts
 * import { createGate } from "edgegate";
 * import { d1Users } from "edgegate/d1";
 *
 * const gate = createGate(env, d1Users(env.DB));
 * const response = await gate.fetch(request);
 * ```
 */
export function createGate(settings: Settings, users: UserStore, log: Log = consoleLog): Gate {
  const core = new Core(settings);
  object("users", users);
  const report: Log = (entry) => {
    try {
      log(entry);
    } catch {
      // A failed log must not fail the request.
    }
  };

  return {
    async fetch(request) {
      let path = "";
      try {
        path = new URL(request.url).pathname;
        const head = headOf(request);
        const turn = core.start((gate, now) => gate.handle(...head, now));
        const reply = await run<Reply>(turn, (question) => answerRequest(turn, question, request, path));
        if (reply.event) report({ ...reply.event, status: reply.status, path });
        return new Response(reply.body || null, { status: reply.status, headers: reply.headers });
      } catch (error) {
        report({ level: "error", reason: "internal", status: 500, path, error });
        return internalServerError();
      }
    },
    async login({ username, password }) {
      const credentials = [text("username", username), text("password", password)] as const;
      const turn = core.start((gate, now) => gate.login(...credentials, now));
      return run<LoginVerdict>(turn, (question) => answer(turn, question));
    },
    async currentUser(from) {
      const authorization = authorizationOf(from);
      const turn = core.start((gate, now) => gate.currentUser(authorization, now));
      // Further columns may have any type and depth, so they do not pass through the core.
      let further: Record<string, unknown> = {};
      const keep = (row: Record<string, unknown>) => void (further = furtherColumns(row));
      const verdict = await run<UserVerdict>(turn, (question) => answer(turn, question, keep));
      return verdict.outcome === "accepted" ? { ...verdict, user: { ...further, ...verdict.user } } : verdict;
    },
    async refresh(refreshToken) {
      if (!isText(refreshToken)) return refused("refresh-token");
      const turn = core.start((gate, now) => gate.refresh(refreshToken, now));
      return run<LoginVerdict>(turn, (question) => answer(turn, question));
    },
    async logOut(from) {
      const authorization = authorizationOf(from);
      const turn = core.start((gate, now) => gate.logOut(authorization, now));
      return run<LogOutVerdict>(turn, (question) => answer(turn, question));
    },
    async issueToken(userId, options) {
      return core.issueToken(userId, options);
    },
    async verifyToken(token) {
      return core.verifyToken(token);
    },
  };

  async function answerRequest(
    turn: Handle<Turn>,
    question: CallerQuestion,
    request: Request,
    path: string,
  ): Promise<Step> {
    if (question.ask === "body") {
      const body = await readBody(request, question.atMost);
      return turn.call((turn) => turn.answerBody(body));
    }
    try {
      return await askStore(users, turn, question);
    } catch (error) {
      report({ level: "error", reason: "store", path, error });
      return turn.call((turn) => turn.answerUnavailable());
    }
  }

  async function answer(
    turn: Handle<Turn>,
    question: CallerQuestion,
    onRow?: (row: Record<string, unknown>) => void,
  ): Promise<Step> {
    if (question.ask === "body") throw new TypeError("edgegate: a call without a request has no body");
    return askStore(users, turn, question, onRow);
  }
}

/** A value of another type has no token. */
function authorizationOf(from: unknown): string | undefined {
  if (isText(from)) return from;
  const headers = from instanceof Request ? from.headers : from;
  const value: unknown = headers instanceof Headers ? headers.get("authorization") : undefined;
  return isText(value) ? value : undefined;
}

/** Method, URL, and the values of `Content-Type` and `Authorization`. */
function headOf({ method, url, headers }: Request): [string, string, string | undefined, string | undefined] {
  const value = (name: string) => {
    const value = headers.get(name) ?? undefined;
    return value === undefined ? undefined : text(name, value);
  };
  return [text("method", method), text("url", url), value("content-type"), value("authorization")];
}

/** Not in the core, because this reply is needed when the core has failed. */
function internalServerError(): Response {
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
