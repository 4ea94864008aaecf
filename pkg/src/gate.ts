import type { Comparison, DoneVerdict, LoginVerdict, Reason, Reply, RequiredUser, SecurityEvent, SessionsVerdict, TokenReason, Turn, User, UserId, UserVerdict } from "../wasm/edgegate.js";
import { callable, isText, known, members, object, optionalNumber, text } from "./argument.js";
import { beginBody, ClosedError, readBody, type BegunBody } from "./body.js";
import { Core, ISSUE_OPTIONS, type IssueOptions, type Settings } from "./core.js";
import { answerWithin } from "./deadline.js";
import { EdgegateError } from "./errors.js";
import { authorizationOf, cookieFields, cookieHeadOf, headOf, preflightFields, type HonoContext, type HonoRequest, type NodeRequest } from "./head.js";
import { Handle } from "./instance.js";
import { nextTurn } from "./lanes.js";
import { consoleLog, Exchange, type Log } from "./log.js";
import { checkedLimiters, isWithin, type Limiters } from "./limiters.js";
import { fetchRange } from "./pwned-passwords.js";
import { askSchemes } from "./scheme-answers.js";
import type { Mail } from "./mail.js";
import type { PasswordSchemes } from "./schemes.js";
import { Slots } from "./slots.js";
import type { UserStore } from "./store.js";
import { isOfStore, run, type BodyQuestion, type Caller, type CallerQuestion, type Step, type StoreQuestion } from "./turn.js";
import { askStore, RowOfTurn, storeEvent, type Asking } from "./users.js";
import { askUpstream, handOn, UpstreamError } from "./upstream.js";
import { refused, type Claims, type TokenVerdict } from "./verdict.js";
import type { WaitUntil, WebHeaders, WebRequest, WebResponse } from "./web.js";

/** A request: of the platform, of Node, Express, Fastify or Koa, or a context or a request of Hono. */
export type AnyRequest = Pick<WebRequest, "method" | "url" | "headers"> | NodeRequest | HonoContext | HonoRequest;

/**
 * A request with a token, its headers, or the value of its `Authorization` header (RFC 6750 2.1). Only a request can have its token in
 * a cookie, with `TOKEN_COOKIE=on`.
 */
export type Bearer = AnyRequest | WebHeaders | string | null | undefined;

/** Options of {@link Gate.fetch}. */
export interface FetchOptions {
  /** The IP address of the client, as the platform gives it: for the rate limit of clients. The list of sessions has its network. */
  address?: string | undefined;
  /** The name of the request in the log, with `ACCESS_LOG=on`: at most 128 characters. Default: a random UUID. */
  requestId?: string | undefined;
  /** The path below which the routes are: with `/auth`, the login is at `/auth/login`. Default: none. */
  prefix?: string | undefined;
  /**
   * Keeps the request alive for what is done after the reply, such as a new hash with `REHASH=on`. Needed where a request ends with its
   * reply, as on Workers: `(promise) => ctx.waitUntil(promise)`. Default: none.
   */
  waitUntil?: WaitUntil | undefined;
  /** Returns `undefined` instead of 404 for a path that no route has. */
  fallThrough?: boolean | undefined;
}

/** Options of {@link Gate.login}. */
export interface LoginOptions<C extends object = Record<string, unknown>> extends IssueOptions<C> {
  /** The IP address of the client, for the rate limit of clients. */
  address?: string | undefined;
  /** As in {@link FetchOptions}. */
  waitUntil?: WaitUntil | undefined;
}

/** Logs users in and finds the user of a token. {@link createGate} creates it. */
export interface Gate {
  /**
   * Answers `POST /login`, `GET /me` and `POST /users` as a FastAPI backend does, `GET /.well-known/jwks.json` (RFC
   * 7517), and `POST /logout` with `REVOCATION=on`, `PATCH /me/password` with `PASSWORD_CHANGE=on`, `DELETE /me` with `ACCOUNT_DELETION=on`,
   * `GET /openapi.json` with `DOCS=on`. It never rejects: errors are logged and answered with 500 or 503.
   */
  fetch(request: WebRequest, options?: FetchOptions & { fallThrough?: false | undefined }): Promise<WebResponse>;
  fetch(request: WebRequest, options: FetchOptions): Promise<WebResponse | undefined>;
  /**
   * Logs in without HTTP. `options.claims` are added to those of {@link CreateOptions.claims}, and go before them. Rejects if the store
   * rejects, and for a claim that the settings or the time decide.
   */
  login<C extends object = Record<string, unknown>>(
    credentials: { username: string; password: string },
    options?: LoginOptions<C>,
  ): Promise<LoginVerdict>;
  /** Finds the user of a token. Rejects if the store rejects. */
  currentUser(from: Bearer): Promise<UserVerdict>;
  /**
   * Finds the user of a request, or returns the response to send instead, that of `GET /me`. It never rejects: errors are logged and
   * answered with 500 or 503.
   */
  requireUser(request: AnyRequest): Promise<{ user: User; response?: undefined } | { user?: undefined; response: WebResponse }>;
  /** Exchanges a refresh token for the next tokens (RFC 6749 6). Needs `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  refresh(refreshToken: string): Promise<LoginVerdict>;
  /**
   * Changes the password of the user of this token, revokes the user's tokens, ends the user's sessions, and returns new tokens. Needs
   * `PASSWORD_CHANGE=on`; without `REVOCATION=on`, access tokens remain valid until they expire.
   */
  changePassword(from: Bearer, passwords: { currentPassword: string; newPassword: string }, options?: { address?: string | undefined }): Promise<LoginVerdict>;
  /**
   * Has a mail sent with a link to set a new password, if there is a user with this address. The verdict is the same if there is none. Needs
   * `PASSWORD_RECOVERY=on`, and `waitUntil` where a request ends with its answer.
   */
  recoverPassword(email: string, options?: { address?: string | undefined; waitUntil?: WaitUntil | undefined }): Promise<DoneVerdict>;
  /**
   * Stores a new password of the user who has got this token by mail, revokes the user's tokens, and ends the user's sessions. Needs
   * `PASSWORD_RECOVERY=on`.
   */
  resetPassword(reset: { token: string; newPassword: string }, options?: { address?: string | undefined }): Promise<DoneVerdict>;
  /**
   * Has a mail sent with a link to verify the address, if there is a user with this address and it is not verified. The verdict is the same
   * otherwise. Needs `EMAIL_VERIFICATION`, and `waitUntil` where a request ends with its answer.
   */
  requestVerification(email: string, options?: { address?: string | undefined; waitUntil?: WaitUntil | undefined }): Promise<DoneVerdict>;
  /** Marks the address of the user who has got this token by mail as verified. Needs `EMAIL_VERIFICATION`. */
  verifyEmail(token: string, options?: { address?: string | undefined }): Promise<DoneVerdict>;
  /**
   * Deletes the user of this token, and the user's sessions. Needs `ACCOUNT_DELETION=on`; without `REVOCATION=on`, access tokens stay
   * valid for `verifyToken` until they expire.
   */
  deleteUser(from: Bearer, password: { currentPassword: string }, options?: { address?: string | undefined }): Promise<DoneVerdict>;
  /**
   * Makes an invitation, with which a user with this address can sign up: the member `invitation` in the body of `POST /users`, with
   * `REGISTRATION=invitation`. `expireMinutes` is a week by default. Nothing is stored. Rejects when the text is no e-mail address, with an {@link EdgegateError} of the code `email`.
   */
  invite(email: string, options?: { expireMinutes?: number | undefined }): Promise<string>;
  /** Revokes all tokens of the user of this token, and ends the user's sessions. Needs `REVOCATION=on`. */
  logOut(from: Bearer): Promise<DoneVerdict>;
  /**
   * Ends the session of this refresh token (RFC 7009). A token that is not valid has none, and is accepted. Access tokens remain valid
   * until they expire. Needs `REFRESH_TOKEN_EXPIRE_MINUTES`.
   */
  revoke(refreshToken: string): Promise<DoneVerdict>;
  /** Lists the live sessions of the user of this token. Needs `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  sessions(from: Bearer): Promise<SessionsVerdict>;
  /**
   * Ends the session with this `id` of the user of this token. Access tokens remain valid until they expire. Needs
   * `REFRESH_TOKEN_EXPIRE_MINUTES`.
   */
  endSession(from: Bearer, id: string): Promise<DoneVerdict>;
  /** Issues a token for this user. It has the claims that a login sets, and `options.claims`. */
  issueToken<C extends object = Record<string, unknown>>(userId: UserId, options?: IssueOptions<C>): Promise<string>;
  /** Verifies a token and returns its claims. The user store is not asked. */
  verifyToken<C extends object = Claims>(token: string): Promise<TokenVerdict<C>>;
}

/** Options of {@link createGate}. */
export interface CreateOptions {
  /** Receives the entries of the log. Default: the console, a line of JSON each. */
  log?: Log | undefined;
  /**
   * Returns further claims of the access token, such as a role from a column of the user. It is called when a login or a refresh is
   * accepted, and may be asynchronous. If it throws, no token is issued and the request is answered with 500.
   */
  claims?: ((user: User) => object | Promise<object>) | undefined;
  /**
   * Count logins, sign-ups and refreshes, before anything costly. Default for each: a counter in this process, 60 requests a minute for
   * a client and 10 for an account. If one rejects, the error is logged and the request passes. `RATE_LIMIT=off` asks none.
   */
  limiters?: Limiters | undefined;
  /**
   * Verifies stored hashes of other schemes than bcrypt, and makes those of Argon2id with `PASSWORD_SCHEME=argon2id`: `schemes` of
   * `edgegate/schemes`. Without it such a hash refuses the login. Share one between gates: it holds the memory of one hash.
   */
  schemes?: PasswordSchemes | undefined;
  /**
   * Sends a mail, such as `webhookMail(...)`. It is called after the answer, and may take 25 seconds. If it rejects, the error is logged, which
   * must not have the mail. Needed for `PASSWORD_RECOVERY` and `EMAIL_VERIFICATION`.
   */
  sendMail?: ((mail: Mail) => unknown) | undefined;
  /**
   * Is told what happens to accounts: a login, a refused one, one that was held up, a sign-up, a new password, a refresh token that was
   * used again, a logout everywhere. The answer waits for what it returns, two seconds at most, and so shows what takes longer for a known
   * user than for an unknown one. If it throws, the error is logged and the answer is the same.
   */
  onEvent?: ((event: SecurityEvent) => unknown) | undefined;
}

/**
 * Creates a gate for a user store. Create it once and use it for all requests.
 *
 * @throws {EdgegateError} when a setting is missing, invalid or misspelt, or when an option has an unknown name. The message says which
 * one, and how to mend it; it never has the value.
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
export function createGate(settings: Settings, users: UserStore, options: CreateOptions = {}): Gate {
  const { log = consoleLog, claims, limiters: given = {}, onEvent, schemes, sendMail } = known("options", options, CREATE_OPTIONS);
  const limiters = checkedLimiters(given);
  const core = new Core(settings, { claims: claims !== undefined, events: onEvent !== undefined, schemes: schemes !== undefined });
  object("users", users);
  if (schemes !== undefined) for (const name of ["verify", "hash"] as const) callable(`schemes.${name}`, object("schemes", schemes)[name]);
  for (const [name, given] of Object.entries({ log, claims, onEvent, sendMail })) if (given !== undefined) callable(name, given);
  core.check();
  if (!sendMail && core.ask((gate) => gate.sendsMail)) throw new EdgegateError("setting", "PASSWORD_RECOVERY and EMAIL_VERIFICATION need the option `sendMail`");
  if (!users.moveUser && core.ask((gate) => gate.movesUsers)) throw new EdgegateError("setting", "TRICKLE needs a user store with `moveUser`");
  /** How many do work after their reply. */
  const later = new Slots(LATER_MAX);
  /** How many requests are being compared. */
  const comparing = new Slots(COMPARING_MAX);
  const report: Log = (entry) => {
    try {
      log(entry);
    } catch {
      // A failed log must not fail the request.
    }
  };

  return {
    async fetch(request: WebRequest, { address, prefix, fallThrough, requestId, waitUntil }: FetchOptions = {}): Promise<Response> {
      let exchange = UNKNOWN;
      try {
        exchange = exchangeOf(request.url, requestId);
        const [head, below] = [headOf(request), prefix === undefined ? undefined : pathPrefix(prefix)];
        // The type of the overload says when.
        if (fallThrough && !core.ask((gate) => gate.owns(head[1], below))) return undefined as unknown as Response;
        if (core.handsOn) return await handedOn(request, exchange, { below, address, waitUntil });
        const further = furtherHead(request, address);
        const via = core.asksUpstream ? (request.headers.get("via") ?? undefined) : undefined;
        const asking = { row: new RowOfTurn(), waitUntil, address, via };
        const reply = await run<Reply>(() => core.start((gate) => gate.handle(...head, below, ...further)), {
          body: (question) => bodyOf(request, question),
          answer: (turn, question) => answerRequest(turn, question, exchange, asking),
        });
        return respond(reply, exchange);
      } catch (error) {
        return respondInternal(error, exchange);
      }
    },
    async login({ username, password }, issue = {}) {
      const credentials = [text("username", username), text("password", password)] as const;
      const { claims: own, expireMinutes, address: given, waitUntil } = known("options", issue, LOGIN_OPTIONS);
      const address = given === undefined || given === null ? undefined : text("address", given);
      const minutes = optionalNumber("expireMinutes", expireMinutes);
      const verdict = await run<LoginVerdict>(() => core.start((gate) => gate.login(...credentials, minutes, own !== undefined, address)), {
        answer: asker({ waitUntil, address, ...(own === undefined ? {} : { own: members("claims", own) }) }),
      });
      if (verdict.outcome === "refused" && verdict.reason.startsWith("unsigned:")) {
        throw new EdgegateError(verdict.reason.slice("unsigned:".length) as TokenReason, `edgegate: the token cannot be issued: ${verdict.reason}`);
      }
      return verdict;
    },
    async currentUser(from) {
      const authorization = presented(from);
      if (isRefused(authorization)) return authorization;
      const row = new RowOfTurn();
      const verdict = await run<UserVerdict>(() => core.start((gate) => gate.currentUser(authorization)), { answer: asker({ row }) });
      return verdict.outcome === "accepted" ? { ...verdict, user: row.complete(verdict.user) } : verdict;
    },
    async requireUser(request) {
      let exchange = UNKNOWN;
      try {
        const [method, url, ...cookies] = cookieHeadOf(object("request", request)) ?? ["", ""];
        exchange = exchangeOf();
        const authorization = authorizationOf(request);
        const row = new RowOfTurn();
        const read = core.readsCookies ? cookies : ([] as const);
        const verdict = await run<RequiredUser>(() => core.start((gate) => gate.requireUser(method, url, authorization, ...read)), {
          answer: (turn, question) => answerRequest(turn, question, exchange, { row }),
        });
        return verdict.outcome === "accepted" ? { user: row.complete(verdict.user) } : { response: respond(verdict.reply, exchange) };
      } catch (error) {
        return { response: respondInternal(error, exchange) };
      }
    },
    async refresh(refreshToken) {
      if (!isText(refreshToken)) return refused("refresh-token-malformed");
      return run<LoginVerdict>(() => core.start((gate) => gate.refresh(refreshToken)), { answer: asker() });
    },
    async changePassword(from, { currentPassword, newPassword }, options = {}) {
      const passwords = [text("currentPassword", currentPassword), text("newPassword", newPassword)] as const;
      const { address: given } = known("options", options, ["address"]);
      const address = given === undefined || given === null ? undefined : text("address", given);
      const authorization = presented(from);
      if (isRefused(authorization)) return authorization;
      return run<LoginVerdict>(() => core.start((gate) => gate.changePassword(authorization, ...passwords, address)), { answer: asker({ address }) });
    },
    async recoverPassword(email, options = {}) {
      const name = text("email", email);
      const { address: given, waitUntil } = known("options", options, ["address", "waitUntil"]);
      const address = given === undefined || given === null ? undefined : text("address", given);
      return run<DoneVerdict>(() => core.start((gate) => gate.recoverPassword(name, address)), { answer: asker({ waitUntil }) });
    },
    async requestVerification(email, options = {}) {
      const name = text("email", email);
      const { address: given, waitUntil } = known("options", options, ["address", "waitUntil"]);
      const address = given === undefined || given === null ? undefined : text("address", given);
      return run<DoneVerdict>(() => core.start((gate) => gate.requestVerification(name, address)), { answer: asker({ waitUntil }) });
    },
    async verifyEmail(token, options = {}) {
      const { address: given } = known("options", options, ["address"]);
      const address = given === undefined || given === null ? undefined : text("address", given);
      return run<DoneVerdict>(() => core.start((gate) => gate.verifyEmail(isText(token) ? token : "", address)), { answer: asker() });
    },
    async resetPassword({ token, newPassword }, options = {}) {
      const next = text("newPassword", newPassword);
      const { address: given } = known("options", options, ["address"]);
      const address = given === undefined || given === null ? undefined : text("address", given);
      return run<DoneVerdict>(() => core.start((gate) => gate.resetPassword(isText(token) ? token : "", next, address)), { answer: asker({ address }) });
    },
    async deleteUser(from, { currentPassword }, options = {}) {
      const password = text("currentPassword", currentPassword);
      const { address: given } = known("options", options, ["address"]);
      const address = given === undefined || given === null ? undefined : text("address", given);
      const authorization = presented(from);
      if (isRefused(authorization)) return authorization;
      return run<DoneVerdict>(() => core.start((gate) => gate.deleteUser(authorization, password, address)), { answer: asker() });
    },
    async invite(email, options = {}) {
      const { expireMinutes } = known("options", options, ["expireMinutes"]);
      const [address, minutes] = [text("email", email), optionalNumber("expireMinutes", expireMinutes) ?? INVITATION_MINUTES];
      if (!(Number.isInteger(minutes) && minutes > 0 && minutes <= MINUTES_MAX)) throw new RangeError(`edgegate: expireMinutes must be a whole number from 1 to ${MINUTES_MAX}`);
      return core.ask((gate) => gate.invite(address, minutes));
    },
    async logOut(from) {
      const authorization = presented(from);
      if (isRefused(authorization)) return authorization;
      return run<DoneVerdict>(() => core.start((gate) => gate.logOut(authorization)), { answer: asker() });
    },
    async revoke(refreshToken) {
      // What is no text is no token either; the core decides what that means.
      return run<DoneVerdict>(() => core.start((gate) => gate.revoke(isText(refreshToken) ? refreshToken : "")), { answer: asker() });
    },
    async sessions(from) {
      const authorization = presented(from);
      if (isRefused(authorization)) return authorization;
      return run<SessionsVerdict>(() => core.start((gate) => gate.sessions(authorization)), { answer: asker() });
    },
    async endSession(from, id) {
      const authorization = presented(from);
      if (isRefused(authorization)) return authorization;
      return run<DoneVerdict>(() => core.start((gate) => gate.endSession(authorization, isText(id) ? id : "")), { answer: asker() });
    },
    async issueToken(userId, options) {
      return core.issueToken(userId, options);
    },
    async verifyToken(token) {
      return core.verifyToken(token);
    },
  };

  /** The value of `Authorization`, or of what a cookie stands for. */
  function presented(from: unknown): string | undefined | Refused {
    const authorization = authorizationOf(from);
    const head = authorization === undefined && core.readsCookies ? cookieHeadOf(from) : undefined;
    const found = head ? core.ask((gate) => gate.authorizationOfCookie(...head)) : authorization;
    return head && found !== undefined && !found.startsWith("Bearer ") ? refused(found as Reason) : found;
  }

  /** What the core needs of few requests: to read a field takes time. */
  function furtherHead(request: WebRequest, address: string | undefined): FurtherHead {
    const { method, headers } = request;
    const ofBrowser = method !== "GET" || core.readsCookies || core.readsOrigins ? cookieFields(headers) : UNREAD;
    const ofPreflight = method === "OPTIONS" ? preflightFields(headers) : NO_PREFLIGHT;
    return method !== "GET" || core.logsRequests ? [...ofBrowser, ...ofPreflight, ...clientOf(request, address)] : [...ofBrowser, ...ofPreflight];
  }

  /** @throws {TypeError} for a URL that is none. */
  function exchangeOf(url?: string, requestId?: string): Exchange {
    const name = isText(requestId) && requestId.length <= 128 ? requestId : undefined;
    const exchange = new Exchange(core.logsRequests ? (name ?? crypto.randomUUID()) : undefined, core.logsRequests || core.tellsTime);
    if (url) exchange.path = withoutAddress(new URL(url).pathname);
    return exchange;
  }

  function respond({ status, headers, body, event, summary }: Reply, exchange: Exchange): Response {
    if (summary?.reason === "unknown-path") exchange.path = "";
    if (summary) {
      const { reason = "accepted", ...about } = summary;
      report({ level: event?.level ?? "info", reason, status, ...exchange.entry, ...about, store_ms: exchange.storeMilliseconds });
    }
    if (event && !summary) report({ ...event, status, ...exchange.entry });
    const timed: [string, string][] = core.tellsTime ? [...headers, ["server-timing", exchange.serverTiming]] : headers;
    return new Response(body || null, { status, headers: timed });
  }

  function respondInternal(error: unknown, exchange: Exchange): Response {
    report({ level: "error", reason: "internal", status: 500, ...exchange.entry, error });
    return internalServerError();
  }

  /** A failure of the store is a reply. One of `claims` is an internal error. */
  async function answerRequest(turn: Handle<Turn>, question: CallerQuestion, exchange: Exchange, asking: Asking): Promise<Step> {
    if (!isOfStore(question)) return answerByGate(turn, question, exchange, asking);
    try {
      return await exchange.ofStore(() => askStore(users, turn, question, asking));
    } catch (error) {
      report({ level: "error", reason: "store", ...exchange.entry, error });
      return turn.call((turn) => turn.answerUnavailable());
    }
  }

  /** Answers without a request: what fails rejects. */
  function asker(asking: Asking = {}): NonNullable<Caller["answer"]> {
    const withRow = { row: new RowOfTurn(), ...asking };
    return (turn, question) =>
      isOfStore(question) ? askStore(users, turn, question, withRow) : answerByGate(turn, question, UNKNOWN, withRow);
  }

  /** What is none of the store's, with or without a request. */
  function answerByGate(turn: Handle<Turn>, question: Exclude<CallerQuestion, StoreQuestion>, exchange: Exchange, asking: Asking): Promise<Step> {
    switch (question.ask) {
      case "claims":
        return answerClaims(turn, asking);
      case "limit":
        return answerLimit(turn, question, exchange);
      case "securityEvent":
        return answerEvent(turn, question, exchange);
      case "verify":
      case "hash":
        return answerPassword(turn, question, exchange);
      case "later":
        return answerLater(turn, exchange, asking);
      case "pwnedPasswords":
        return answerRange(turn, question, exchange);
      case "sendMail":
        return answerMail(turn, question, exchange);
      case "upstream":
        return askUpstream(turn, question, asking, (error) => report({ level: "error", reason: "upstream", ...exchange.entry, error }));
    }
  }

  async function answerLimit(turn: Handle<Turn>, keys: LimitQuestion, { entry }: Exchange): Promise<Step> {
    const counted = ({ client, account }: Omit<LimitQuestion, "ask">) => core.ask((gate) => gate.withinLimit(client, account));
    const within = await isWithin(limiters, keys, counted, (error) => report({ level: "error", reason: "limiter", ...entry, error }));
    return turn.call((turn) => turn.answerWithinLimit(within));
  }

  /** What fails is logged only: the login, or what else has happened, is the same. */
  async function answerEvent(turn: Handle<Turn>, { event, store }: EventQuestion, exchange: Exchange): Promise<Step> {
    const tell = async (to: () => unknown) => {
      try {
        await to();
      } catch (error) {
        report({ level: "error", reason: "event", ...exchange.entry, error });
      }
    };
    if (store) await tell(() => exchange.ofStore(() => storeEvent(users, event)));
    if (onEvent) await tell(() => answerWithin(EVENT_MILLISECONDS, "onEvent", onEvent({ ...event })));
    return turn.call((turn) => turn.answerDone());
  }

  /** A module that cannot be loaded, or a lack of memory, is a reply. */
  async function answerPassword(turn: Handle<Turn>, { ask }: { ask: "verify" | "hash" }, { entry }: Exchange): Promise<Step> {
    try {
      return await askSchemes(schemes, turn, ask);
    } catch (error) {
      report({ level: "error", reason: "schemes", ...entry, error });
      return turn.call((turn) => turn.answerUnavailable());
    }
  }

  /** Without an answer, the password passes. */
  async function answerRange(turn: Handle<Turn>, { url, atMost }: RangeQuestion, { entry }: Exchange): Promise<Step> {
    try {
      const range = await fetchRange(url, atMost);
      return turn.call((turn) => turn.answerPwnedPasswords(range));
    } catch (error) {
      report({ level: "error", reason: "pwned-passwords", ...entry, error });
      return turn.call((turn) => turn.answerUnavailable());
    }
  }

  /** A mail that is not sent is logged. */
  async function answerMail(turn: Handle<Turn>, { kind, to, subject, text, link }: MailQuestion, { entry }: Exchange): Promise<Step> {
    try {
      await answerWithin(MAIL_MILLISECONDS, "sendMail", sendMail?.({ kind, to, subject, text, link }));
    } catch (error) {
      report({ level: "error", reason: "mail", ...entry, error });
    }
    return turn.call((turn) => turn.answerDone());
  }

  async function answerLater(turn: Handle<Turn>, exchange: Exchange, { waitUntil }: Asking): Promise<Step> {
    afterReply(exchange, waitUntil, () => {
      const own = new Handle(() => turn.object.later());
      return () => run(() => own, { answer: (turn, question) => answerRequest(turn, question, exchange, {}) });
    });
    return turn.call((turn) => turn.answerDone());
  }

  /**
   * What is done after the reply has nobody to reject to: it is logged. `begin` is called at once, and what it returns in a later turn.
   * Returns whether it will be.
   */
  function afterReply(exchange: Exchange, waitUntil: WaitUntil | undefined, begin: () => () => Promise<unknown>): boolean {
    const logged = (error: unknown) => report({ level: "error", reason: "internal", ...exchange.entry, error });
    const end = later.begin();
    if (!end) {
      logged(new Error(`edgegate: ${LATER_MAX} requests have not ended what they do after the reply, so this one does not begin it`));
      return false;
    }
    const work = begin();
    const working = nextTurn()
      .then(work)
      .catch(logged)
      .finally(end);
    try {
      waitUntil?.(working);
    } catch (error) {
      logged(error);
    }
    return true;
  }

  /** Answers as the backend of `UPSTREAM` does, and compares afterwards. */
  async function handedOn(request: WebRequest, exchange: Exchange, asking: HandingOn): Promise<Response> {
    const { below, address } = asking;
    const [method, given] = headOf(request);
    const { href: url } = new URL(given);
    // Other paths are those of the app.
    if (!core.ask((gate) => gate.owns(url, below))) exchange.path = "";
    const to = core.ask((gate) => gate.handOn(method, url, below));
    if (!to) return Response.json({ detail: "Not Found" }, { status: 404 });
    try {
      // A longer body is handed on as it arrives. No login is longer.
      const isShort = Number(request.headers.get("content-length") ?? Infinity) <= COMPARED_BYTES;
      const isRead = (to.isCompared || isShort) && method !== "GET" && method !== "HEAD";
      const body = isRead ? await beginBody(request, { atMost: COMPARED_BYTES, withinSeconds: to.withinSeconds }) : { bytes: new Uint8Array() };
      if (!body) return Response.json({ detail: "Request Timeout" }, { status: 408 });
      const response = await handOn(request, { ...to, body: isRead ? body : undefined, address, prefix: below });
      if (to.isCompared) compare(request, body, response, exchange, asking);
      else if (core.logsRequests) report({ level: "info", reason: "handed-on", ...exchange.entry, upstream_status: response.status });
      return response;
    } catch (error) {
      // Nobody receives the answer.
      if (error instanceof ClosedError) return Response.json({ detail: "There was an error parsing the body" }, { status: 400 });
      if (!(error instanceof UpstreamError)) throw error;
      report({ level: "error", reason: "upstream", ...exchange.entry, error });
      return respond(core.ask((gate) => gate.notHandedOn(cookieFields(request.headers)[1], error.isTimeout)), exchange);
    }
  }

  /** Has the core compare, after the reply. Without both bodies, and beside many others, it is not done. */
  function compare(request: WebRequest, { bytes, reader }: BegunBody, response: Response, exchange: Exchange, { below, address, waitUntil }: HandingOn): void {
    const [method, url, contentType, authorization] = headOf(request);
    const { status } = response;
    const log = ({ agreement, ...compared }: Partial<Comparison> & Pick<Comparison, "agreement">) =>
      report({ level: agreement === "disagreed" ? "warn" : "info", reason: `shadow-${agreement}`, ...exchange.entry, ...compared, upstream_status: status });
    const end = reader ? undefined : comparing.begin();
    if (!end) return log({ agreement: "skipped" });
    const begun = afterReply(exchange, waitUntil, () => {
      const copy = response.clone() as Pick<WebRequest, "body">;
      const asking = { row: new RowOfTurn(), address };
      return async () => {
        try {
          const answered = await readBody(copy, COMPARED_ANSWER).catch(() => undefined);
          if (!answered) return log({ agreement: "skipped" });
          const begin = () => core.start((gate) => gate.compare(method, url, contentType, authorization, below, address, bytes, status, answered));
          log(await run<Comparison>(begin, { answer: (turn, question) => answerRequest(turn, question, exchange, asking) }));
        } finally {
          end();
        }
      };
    });
    if (!begun) end();
  }

  async function answerClaims(turn: Handle<Turn>, { row = new RowOfTurn(), own }: Asking): Promise<Step> {
    const added = claims ? members("the result of claims", await claims(row.user)) : {};
    const text = String(JSON.stringify({ ...added, ...own }));
    return turn.call((turn) => turn.answerClaims(text));
  }
}

/** How long `sendMail` may take: on Workers, what goes on after the answer is cancelled after 30 seconds. */
const MAIL_MILLISECONDS = 25_000;

/** How long an invitation is valid: a week. */
const INVITATION_MINUTES = 7 * 24 * 60;

/** How long it is at most: a year. */
const MINUTES_MAX = 366 * 24 * 60;

/** How long `onEvent` may take. */
const EVENT_MILLISECONDS = 2000;

/** Work after replies at once: with a store that does not answer, each has a password or an address in memory. */
const LATER_MAX = 1000;

/** What is read of a request that is compared, and of its answer. */
const COMPARED_BYTES = 16 * 1024;
const COMPARED_ANSWER = { atMost: 64 * 1024, withinSeconds: 10 };

/** Comparisons at once. More would delay what is handed on: each computes a password, and the answers do not wait for it. */
const COMPARING_MAX = 4;

const CREATE_OPTIONS = ["log", "claims", "limiters", "onEvent", "schemes", "sendMail"];

const LOGIN_OPTIONS = [...ISSUE_OPTIONS, "address", "waitUntil"];

interface HandingOn {
  below: string | undefined;
  address: string | undefined;
  waitUntil: WaitUntil | undefined;
}

type Field = string | undefined;
/** The values of `Cookie`, `Origin`, `Sec-Fetch-Site`, those of a preflight, and of the client. */
type FurtherHead = [Field, Field, Field, Field, Field, Field?, Field?];
const UNREAD = [undefined, undefined, undefined] as const;
const NO_PREFLIGHT = [undefined, undefined] as const;

type LimitQuestion = Extract<CallerQuestion, { ask: "limit" }>;
type RangeQuestion = Extract<CallerQuestion, { ask: "pwnedPasswords" }>;
type MailQuestion = Extract<CallerQuestion, { ask: "sendMail" }>;
type EventQuestion = Extract<CallerQuestion, { ask: "securityEvent" }>;

/** A call without a request, or a request whose URL cannot be read. */
const UNKNOWN = new Exchange(undefined, false);

type Refused = ReturnType<typeof refused>;

function isRefused(presented: string | undefined | Refused): presented is Refused {
  return typeof presented === "object";
}

/** The paths of two routes have an e-mail address, which must not be in the log. */
function withoutAddress(path: string): string {
  const [before] = WITH_ADDRESS.exec(path.includes("%") ? decoded(path) : path) ?? [];
  return before === undefined ? path : `${before}{email}`;
}

/** As the core reads the names of routes: ASCII characters may be encoded, and what follows may be no text. */
function decoded(path: string): string {
  return path.replace(/%[2-7][0-9a-f]/gi, decodeURIComponent);
}

const WITH_ADDRESS = /^.*?\/(?:password-recovery|email-verification)\/(?=.)/;

/** @throws {TypeError} unless it is a path: other routes would not be found. */
function pathPrefix(prefix: string): string {
  if (!/^(\/[^?#]*)?$/.test(text("prefix", prefix))) throw new TypeError("edgegate: prefix must start with a slash");
  return prefix;
}

/** How to answer the question for the body of a request. */
async function bodyOf(request: WebRequest, limits: BodyQuestion): Promise<(turn: Turn) => Step> {
  try {
    const body = await readBody(request, limits);
    return (turn) => (body ? turn.answerBody(body) : turn.answerTimedOut());
  } catch (error) {
    if (error instanceof ClosedError) return (turn) => turn.answerClosed();
    throw error;
  }
}

/** The values of `User-Agent` and of the client's address. */
function clientOf({ headers }: WebRequest, address: string | undefined): [string | undefined, string | undefined] {
  const userAgent: unknown = headers.get("user-agent");
  return [isText(userAgent) ? userAgent : undefined, isText(address) ? address : undefined];
}

/** Not in the core, because this reply is needed when the core has failed. */
function internalServerError(): Response {
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
