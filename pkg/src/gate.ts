import * as glue from "../wasm/edgegate_bg.js";
import type { LoginVerdict, Question, Reply, Turn, UserRow, UserVerdict, Vars } from "../wasm/edgegate_bg.js";
import { readBody } from "./body.js";
import { call, currentGeneration } from "./instance.js";
import { consoleLog, type Log } from "./log.js";
import type { UserStore } from "./store.js";
import type { Claims, TokenVerdict } from "./verdict.js";

/** The settings, by the names that FastAPI backends use; a Worker's `env` and `process.env` both fit. */
export type Settings = Vars;

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
  const gate = lazily(() => new glue.Gate(settings));

  return {
    async fetch(request) {
      const path = new URL(request.url).pathname;
      try {
        const turn = call(() => gate().handle(head(request), now()));
        const reply = (await run(turn, (question) => answerRequest(turn, question, request, path))) as Reply;
        if (reply.event) log({ ...reply.event, status: reply.status, path });
        return new Response(reply.body || null, { status: reply.status, headers: reply.headers });
      } catch (error) {
        log({ level: "error", reason: "internal", status: 500, path, error });
        return internalServerError();
      }
    },
    async login({ username, password }) {
      const turn = call(() => gate().login(username, password, now()));
      return (await run(turn, (question) => answerUser(turn, question))) as LoginVerdict;
    },
    async currentUser(from) {
      const authorization = from instanceof Request ? from.headers.get("authorization") : from;
      const turn = call(() => gate().currentUser(authorization ?? undefined, now()));
      return (await run(turn, (question) => answerUser(turn, question))) as UserVerdict;
    },
    async issueToken(userId) {
      return call(() => gate().issueToken(userId, now()));
    },
    async verifyToken(token) {
      const verdict = call(() => gate().verifyToken(token, now()));
      if (verdict.outcome === "refused") return verdict;
      return { outcome: "accepted", claims: JSON.parse(verdict.claims) as Claims };
    },
  };

  async function answerRequest(turn: Turn, question: Question, request: Request, path: string): Promise<void> {
    if (question.ask === "body") {
      const body = await readBody(request, question.atMost);
      return call(() => turn.answerBody(body));
    }
    let user;
    try {
      user = await askUsers(question);
    } catch (error) {
      log({ level: "error", reason: "store", path, error });
      return call(() => turn.answerUnavailable());
    }
    call(() => turn.answerUser(user ?? undefined));
  }

  async function answerUser(turn: Turn, question: Question): Promise<void> {
    const user = await askUsers(question);
    call(() => turn.answerUser(user ?? undefined));
  }

  function askUsers(question: Question): Promise<UserRow | null> {
    switch (question.ask) {
      case "userByEmail":
        return users.userByEmail(question.email);
      case "userById":
        return users.userById(question.id);
      case "insertUser":
        return users.insertUser(question);
      case "body":
        throw new TypeError("edgegate: there is no body without a request");
    }
  }
}

/** While the core asks, answer it. */
async function run(turn: Turn, answer: (question: Question) => Promise<void>): Promise<unknown> {
  try {
    for (;;) {
      const question = call(() => turn.question());
      if (!question) return call(() => turn.outcome());
      await answer(question);
    }
  } finally {
    turn.free();
  }
}

/** Makes the value when it is first wanted, and again when its wasm instance is gone. */
function lazily<T>(make: () => T): () => T {
  let made: { value: T; generation: number } | undefined;
  return () => {
    if (made?.generation !== currentGeneration()) {
      made = { value: call(make), generation: currentGeneration() };
    }
    return made.value;
  };
}

function head(request: Request): glue.Request {
  return {
    method: request.method,
    url: request.url,
    content_type: request.headers.get("content-type") ?? undefined,
    authorization: request.headers.get("authorization") ?? undefined,
  };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** It is written here and not in the core because the core may be what failed. */
function internalServerError(): Response {
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
