import { bindingMail, consoleMail, createGate, webhookMail, type EmailBinding, type Gate, type Limiter, type SendMail, type Settings } from "edgegate";
import { d1Users } from "edgegate/d1";
import { schemes } from "edgegate/schemes";
import { isWithoutTables, lacksUsers, NO_DATABASE, NO_TABLES, notSetUp, setupOf, watchedLog, type Setup } from "./setup.js";

export interface Env extends Settings {
  DB: D1Database;
  /** The files of `public`; without it there is no page. */
  ASSETS?: Fetcher;
  /** Counts the requests of a client. */
  CLIENT_LIMITER?: Limiter;
  /** Counts the logins with an e-mail address. */
  ACCOUNT_LIMITER?: Limiter;
  /** Sends mails, from `MAIL_FROM`. */
  EMAIL?: EmailBinding;
  MAIL_FROM?: string;
  /** Sends mails instead: an `https:` URL, and the token that it wants. */
  MAIL_WEBHOOK?: string;
  MAIL_WEBHOOK_TOKEN?: string;
  /** `console` writes mails to the console, for development. */
  MAIL?: string;
  /** `on` if the database has read replication. */
  D1_REPLICAS?: string;
}

let gate: Gate | undefined;

export default {
  async fetch(request, env, ctx) {
    const page = await pageOf(request, env);
    if (page) return page;
    const { DB }: { DB?: D1Database } = env;
    let ready: Gate;
    try {
      ready = gateOf(env);
    } catch (error) {
      logged(error);
      return secured(notSetUp(request, setupOf(error)));
    }
    // Another backend answers with `SHADOW`, and needs no database.
    const isShadow = env.SHADOW === "on";
    if (!DB && !isShadow) {
      logged(new Error("the binding DB is missing: `npx wrangler d1 create edgegate` makes a database, and `d1_databases` of wrangler.jsonc binds it"));
      return secured(notSetUp(request, NO_DATABASE));
    }
    const [address, requestId] = ["cf-connecting-ip", "cf-ray"].map((name) => request.headers.get(name) ?? undefined);
    const waitUntil = (promise: Promise<unknown>) => ctx.waitUntil(promise);
    const response = await ready.fetch(request, { address, requestId, waitUntil });
    // Another backend has answered, whose header fields are its own.
    if (isShadow) return response;
    const isUnready = response.status === 503 && DB !== undefined && (await isWithoutTables(DB));
    return secured(isUnready ? notSetUp(request, NO_TABLES) : response);
  },
} satisfies ExportedHandler<Env>;

/** @throws when a setting is wrong. */
function gateOf(env: Env): Gate {
  // Without a binding, nothing is asked of it but with `SHADOW`, where what is compared fails and is logged.
  return (gate ??= createGate(env, d1Users(env.DB, { replicas: env.D1_REPLICAS === "on" }), {
    limiters: { client: env.CLIENT_LIMITER, account: env.ACCOUNT_LIMITER },
    schemes,
    sendMail: mailOf(env),
    log: watchedLog,
  }));
}

/** What is missing before the page can be used. */
async function setup(env: Env): Promise<Setup | undefined> {
  try {
    gateOf(env);
  } catch (error) {
    return setupOf(error);
  }
  if (env.SHADOW === "on") return undefined;
  if (!env.DB) return NO_DATABASE;
  return (await lacksUsers(env.DB)) ? NO_TABLES : undefined;
}

/** The links of mails lead to the page, whose script reads the path. A file of the path would take its POST from the routes. */
const MAIL_LINKS = ["/reset-password", "/verify-email"];

/** `docs.html` and the files that it loads, which `wrangler.jsonc` leaves to the Worker. */
const API_DOCS = /^\/docs(?:[/.]|$)/;

async function pageOf(request: Request, env: Env): Promise<Response | undefined> {
  const url = new URL(request.url);
  if (!env.ASSETS || !["GET", "HEAD"].includes(request.method)) return undefined;
  if (url.pathname === "/page.json") {
    // Settings that are not valid may be anything, also what somebody has pasted by mistake.
    const missing = await setup(env);
    const body = missing ? { setup: missing } : features(request, env);
    return secured(Response.json(body, { headers: { "cache-control": "no-store" } }));
  }
  // With `SHADOW`, the other backend has sent the mail, and has docs of its own.
  if (env.SHADOW === "on") return undefined;
  if (env.DOCS === "on" && API_DOCS.test(url.pathname)) return env.ASSETS.fetch(request);
  return MAIL_LINKS.includes(url.pathname) ? env.ASSETS.fetch(new Request(new URL("/", url), request)) : undefined;
}

/** What the page offers, so that it need not try. It is no secret: each route tells whether it is there. */
function features({ headers }: Request, env: Env): object {
  const cookies = headers.get("cookie") ?? "";
  return {
    registration: env.REGISTRATION || "closed",
    passwordMinLength: Number(env.PASSWORD_MIN_LENGTH || 8),
    passwordChange: env.PASSWORD_CHANGE === "on",
    passwordRecovery: env.PASSWORD_RECOVERY === "on",
    emailVerification: env.EMAIL_VERIFICATION || "off",
    accountDeletion: env.ACCOUNT_DELETION === "on",
    sessions: Boolean(env.REFRESH_TOKEN_EXPIRE_MINUTES),
    revocation: env.REVOCATION === "on",
    cookies: env.TOKEN_COOKIE === "on",
    hasAccessCookie: cookies.includes("__Host-access_token="),
    hasRefreshCookie: cookies.includes("__Host-refresh_token="),
    userIdClaim: env.USER_ID_CLAIM || "user_id",
    accessTokenMinutes: Number(env.ACCESS_TOKEN_EXPIRE_MINUTES || 30),
  };
}

function mailOf({ EMAIL, MAIL_FROM, MAIL_WEBHOOK, MAIL_WEBHOOK_TOKEN, MAIL }: Env): SendMail | undefined {
  if (MAIL_WEBHOOK) return webhookMail(MAIL_WEBHOOK, { token: MAIL_WEBHOOK_TOKEN });
  if (EMAIL && MAIL_FROM) return bindingMail(EMAIL, MAIL_FROM);
  return MAIL === "console" ? consoleMail : undefined;
}

/** Those of `public/_headers`, which Cloudflare adds to files only. */
function secured(response: Response): Response {
  response.headers.set("strict-transport-security", "max-age=31536000; includeSubDomains");
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("referrer-policy", "no-referrer");
  return response;
}

/** The log says which setting is wrong, and how to mend it. */
function logged(error: unknown): void {
  const said = error instanceof Error ? error.message : String(error);
  console.error(JSON.stringify({ source: "edgegate", level: "error", reason: "internal", status: 500, error: said }));
}
