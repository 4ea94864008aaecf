import type { LoginVerdict, LogOutVerdict, Reply, Turn, UserVerdict } from "../wasm/edgegate.js";
import { readBody } from "./body.js";
import { Core, type IssueOptions, type Settings } from "./core.js";
import type { Handle } from "./instance.js";
import { consoleLog, type Log } from "./log.js";
import type { UserStore } from "./store.js";
import { run, type CallersQuestion } from "./turn.js";
import { askStore } from "./users.js";
import type { TokenVerdict } from "./verdict.js";

/** A request with a token, or the value of its `Authorization` header. */
export type Bearer = Request | string | null | undefined;

/** Logs users in and tells whose token it is. */
export interface Gate {
  /**
   * Answers `POST /login`, `GET /me` and `POST /users` as a FastAPI backend does; besides `GET /.well-known/jwks.json`, and with
   * `REVOCATION=on` `POST /logout`. It never rejects.
   */
  fetch(request: Request): Promise<Response>;
  /** Logs in without HTTP. Rejects when the store does. */
  login(credentials: { username: string; password: string }): Promise<LoginVerdict>;
  /** Whose token this is. Rejects when the store does. */
  currentUser(from: Bearer): Promise<UserVerdict>;
  /** The next tokens for a refresh token, which is used up by it. For `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  refresh(refreshToken: string): Promise<LoginVerdict>;
  /** Logs the user out everywhere whose token this is. For `REVOCATION=on`. */
  logOut(from: Bearer): Promise<LogOutVerdict>;
  /** A token for this user. */
  issueToken(userId: number, options?: IssueOptions): Promise<string>;
  /** Whether a token holds, and what it says. */
  verifyToken(token: string): Promise<TokenVerdict>;
}

/**
 * A gate over a user store. It is made once and used for every request; a setting that is wrong shows with the first use:
 * `fetch` logs which one and answers 500, the other methods reject.
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

  return {
    async fetch(request) {
      const path = new URL(request.url).pathname;
      try {
        const turn = core.start((gate, now) => gate.handle(request.method, request.url, ...head(request), now));
        const reply = await run<Reply>(turn, (question) => answerRequest(turn, question, request, path));
        if (reply.event) log({ ...reply.event, status: reply.status, path });
        return new Response(reply.body || null, { status: reply.status, headers: reply.headers });
      } catch (error) {
        log({ level: "error", reason: "internal", status: 500, path, error });
        return internalServerError();
      }
    },
    async login({ username, password }) {
      const turn = core.start((gate, now) => gate.login(username, password, now));
      return run<LoginVerdict>(turn, (question) => answer(turn, question));
    },
    async currentUser(from) {
      const turn = core.start((gate, now) => gate.currentUser(authorizationOf(from), now));
      return run<UserVerdict>(turn, (question) => answer(turn, question));
    },
    async refresh(refreshToken) {
      const turn = core.start((gate, now) => gate.refresh(refreshToken, now));
      return run<LoginVerdict>(turn, (question) => answer(turn, question));
    },
    async logOut(from) {
      const turn = core.start((gate, now) => gate.logOut(authorizationOf(from), now));
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
    question: CallersQuestion,
    request: Request,
    path: string,
  ): Promise<string> {
    if (question.ask === "body") {
      const body = await readBody(request, question.atMost);
      return turn.call((turn) => turn.answerBody(body));
    }
    try {
      return await askStore(users, turn, question);
    } catch (error) {
      log({ level: "error", reason: "store", path, error });
      return turn.call((turn) => turn.answerUnavailable());
    }
  }

  async function answer(turn: Handle<Turn>, question: CallersQuestion): Promise<string> {
    if (question.ask === "body") throw new TypeError("edgegate: there is no body without a request");
    return askStore(users, turn, question);
  }
}

function authorizationOf(from: Bearer): string | undefined {
  return (from instanceof Request ? from.headers.get("authorization") : from) ?? undefined;
}

/** The values of `Content-Type` and `Authorization`. */
function head({ headers }: Request): [string | undefined, string | undefined] {
  return [headers.get("content-type") ?? undefined, headers.get("authorization") ?? undefined];
}

/** It is written here and not in the core because the core may be what failed. */
function internalServerError(): Response {
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
