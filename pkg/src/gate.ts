import type { LoginVerdict, Reply, Turn, UserRow, UserVerdict } from "../wasm/edgegate.js";
import { readBody } from "./body.js";
import { Core, type Settings } from "./core.js";
import type { Handle } from "./instance.js";
import { consoleLog, type Log } from "./log.js";
import type { UserStore } from "./store.js";
import { run, type CallersQuestion } from "./turn.js";
import type { TokenVerdict } from "./verdict.js";

/** Logs users in and tells whose token it is. */
export interface Gate {
  /** Answers `POST /login`, `GET /me` and `POST /users` as a FastAPI backend does. It never rejects. */
  fetch(request: Request): Promise<Response>;
  /** Logs in without HTTP. Rejects when the store does. */
  login(credentials: { username: string; password: string }): Promise<LoginVerdict>;
  /** Whose token the request, or the value of its `Authorization` header, carries. Rejects when the store does. */
  currentUser(from: Request | string | null | undefined): Promise<UserVerdict>;
  /** A token for this user. */
  issueToken(userId: number): Promise<string>;
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
      const authorization = from instanceof Request ? from.headers.get("authorization") : from;
      const turn = core.start((gate, now) => gate.currentUser(authorization ?? undefined, now));
      return run<UserVerdict>(turn, (question) => answer(turn, question));
    },
    async issueToken(userId) {
      return core.issueToken(userId);
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
    let user;
    try {
      user = await askStore(question);
    } catch (error) {
      log({ level: "error", reason: "store", path, error });
      return turn.call((turn) => turn.answerUnavailable());
    }
    return give(turn, user);
  }

  async function answer(turn: Handle<Turn>, question: CallersQuestion): Promise<string> {
    return give(turn, await askStore(question));
  }

  /** A user, nobody, or that it has been done. */
  async function askStore(question: CallersQuestion): Promise<UserRow | null | "done"> {
    switch (question.ask) {
      case "userByEmail":
        return users.userByEmail(question.email);
      case "userById":
        return users.userById(question.id);
      case "insertUser":
        return users.insertUser(question);
      case "replaceHash":
        await users.replaceHash?.(question);
        return "done";
      case "body":
        throw new TypeError("edgegate: there is no body without a request");
    }
  }
}

/** The turn's next step. */
function give(turn: Handle<Turn>, user: UserRow | null | "done"): string {
  if (user === "done") return turn.call((turn) => turn.answerDone());
  if (!user) return turn.call((turn) => turn.answerNobody());
  // A hash that is no text is an unreadable hash, and refused as one.
  return turn.call((turn) => turn.answerUser(user.id, user.email, String(user.password), String(user.created_at)));
}

/** The values of `Content-Type` and `Authorization`. */
function head({ headers }: Request): [string | undefined, string | undefined] {
  return [headers.get("content-type") ?? undefined, headers.get("authorization") ?? undefined];
}

/** It is written here and not in the core because the core may be what failed. */
function internalServerError(): Response {
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
