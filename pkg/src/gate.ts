import type { LoginVerdict, Question, Reply, Turn, UserRow, UserVerdict, Vars, Gate as WasmGate } from "../wasm/edgegate.js";
import { readBody } from "./body.js";
import { glue } from "./glue.js";
import { Handle } from "./instance.js";
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
  let made: Handle<WasmGate> | undefined;

  return {
    async fetch(request) {
      const path = new URL(request.url).pathname;
      try {
        const turn = start((gate) => gate.handle(request.method, request.url, ...head(request), now()));
        const reply = (await run(turn, (question) => answerRequest(turn, question, request, path))) as Reply;
        if (reply.event) log({ ...reply.event, status: reply.status, path });
        return new Response(reply.body || null, { status: reply.status, headers: reply.headers });
      } catch (error) {
        log({ level: "error", reason: "internal", status: 500, path, error });
        return internalServerError();
      }
    },
    async login({ username, password }) {
      const turn = start((gate) => gate.login(username, password, now()));
      return (await run(turn, (question) => answerUser(turn, question))) as LoginVerdict;
    },
    async currentUser(from) {
      const authorization = from instanceof Request ? from.headers.get("authorization") : from;
      const turn = start((gate) => gate.currentUser(authorization ?? undefined, now()));
      return (await run(turn, (question) => answerUser(turn, question))) as UserVerdict;
    },
    async issueToken(userId) {
      return gate().call((gate) => gate.issueToken(userId, now()));
    },
    async verifyToken(token) {
      const verdict = gate().call((gate) => gate.verifyToken(token, now()));
      if (verdict.outcome === "refused") return verdict;
      return { outcome: "accepted", claims: JSON.parse(verdict.claims) as Claims };
    },
  };

  /** It is made when it is first wanted, and again when its wasm instance is gone. */
  function gate(): Handle<WasmGate> {
    if (!made?.isAlive) made = new Handle(() => new glue.Gate((name) => settings[name as keyof Settings]?.toString()));
    return made;
  }

  function start(begin: (gate: WasmGate) => Turn): Handle<Turn> {
    const current = gate();
    return new Handle(() => current.call(begin));
  }

  async function answerRequest(turn: Handle<Turn>, question: Question, request: Request, path: string): Promise<void> {
    if (question.ask === "body") {
      const body = await readBody(request, question.atMost);
      return turn.call((turn) => turn.answerBody(body));
    }
    let user;
    try {
      user = await askUsers(question);
    } catch (error) {
      log({ level: "error", reason: "store", path, error });
      return turn.call((turn) => turn.answerUnavailable());
    }
    giveUser(turn, user);
  }

  async function answerUser(turn: Handle<Turn>, question: Question): Promise<void> {
    giveUser(turn, await askUsers(question));
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

function giveUser(turn: Handle<Turn>, user: UserRow | null): void {
  if (!user) return turn.call((turn) => turn.answerNobody());
  // A hash that is no text is an unreadable hash, and refused as one.
  turn.call((turn) => turn.answerUser(user.id, user.email, String(user.password), String(user.created_at)));
}

/** While the core asks, answer it. */
async function run(turn: Handle<Turn>, answer: (question: Question) => Promise<void>): Promise<unknown> {
  try {
    for (;;) {
      const question = turn.call((turn) => turn.question());
      if (!question) return turn.call((turn) => turn.outcome());
      await answer(question);
    }
  } finally {
    turn.free();
  }
}

/** The values of `Content-Type` and `Authorization`. */
function head({ headers }: Request): [string | undefined, string | undefined] {
  return [headers.get("content-type") ?? undefined, headers.get("authorization") ?? undefined];
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** It is written here and not in the core because the core may be what failed. */
function internalServerError(): Response {
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
