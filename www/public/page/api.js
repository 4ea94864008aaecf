// The requests of the page. Tokens are kept in memory only: a page that is closed has forgotten them.

import { now } from "./dom.js";
import { span, texts } from "./texts.js";

/** What the service has switched on. Without an answer the page offers everything, and explains a refusal. */
export const features = {
  registration: "open",
  passwordMinLength: 8,
  passwordChange: true,
  passwordRecovery: true,
  emailVerification: "on",
  accountDeletion: true,
  sessions: true,
  revocation: true,
  cookies: false,
  hasAccessCookie: false,
  hasRefreshCookie: false,
  userIdClaim: "user_id",
  accessTokenMinutes: 30,
  /** What is missing before the service can be used, and what to run. */
  setup: undefined,
};

export async function loadFeatures() {
  try {
    const response = await fetch("/page.json", { signal: AbortSignal.timeout(3000) });
    if (response.ok) Object.assign(features, await response.json());
  } catch {
    // As above.
  }
}

/** `access` and `refresh` are tokens. With cookies, a reloaded page has neither, and the browser sends them itself. */
export const session = { user: undefined, access: undefined, refresh: undefined, byCookie: false };

let onEnd = () => {};
export function whenSessionEnds(action) {
  onEnd = action;
}

export function forget() {
  Object.assign(session, { user: undefined, access: undefined, refresh: undefined, byCookie: false });
}

function take({ access_token, refresh_token }) {
  session.access = access_token;
  session.refresh = refresh_token;
}

/** `{ ok, body }`, or `{ problem: { form, fields, status, detail } }` in words. */
async function send(method, path, { json, form, bearer = false } = {}) {
  const headers = {};
  if (json) headers["content-type"] = "application/json";
  if (bearer && session.access) headers.authorization = `Bearer ${session.access}`;
  const body = json ? JSON.stringify(json) : form && new URLSearchParams(form);
  let response;
  try {
    response = await fetch(path, { method, headers, body });
  } catch {
    return { problem: { form: texts.errors.offline, fields: {} } };
  }
  const text = await response.text().catch(() => "");
  const answer = parse(text);
  return response.ok ? { ok: true, body: answer } : { problem: problemOf(response, answer) };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf({ status, headers }, answer) {
  const { errors, details } = texts;
  const detail = answer?.detail;
  const problem = { status, detail, fields: {} };
  const seconds = Number(headers.get("retry-after"));
  const wait = seconds > 0 ? span(seconds) : undefined;
  if (status === 429) problem.form = errors.tooMany(wait ?? span(60));
  else if (status === 503) problem.form = wait ? errors.unavailable(wait) : errors.unavailableSoon;
  else if (status === 502 || status === 504) problem.form = errors.gateway;
  else if (status === 405 || (status === 404 && detail === "Not Found")) problem.form = errors.off;
  else if (Array.isArray(detail)) {
    for (const entry of detail) {
      const field = entry.loc?.at(-1);
      if (typeof field === "string" && field !== "body") problem.fields[field] ??= invalid(entry);
      else problem.form ??= invalid(entry);
    }
  } else if (typeof detail === "string" && status < 500) problem.form = details[detail] ?? detail;
  else problem.form = status === 500 ? errors.internal : errors.other(status);
  return problem;
}

/** One entry of FastAPI's list of what is invalid. */
function invalid({ type, msg, ctx }) {
  const { errors, details } = texts;
  if (type === "missing" || (type === "string_too_short" && ctx?.min_length === 1)) return errors.required;
  if (type === "string_too_short") return errors.tooShort(ctx?.min_length);
  if (type === "string_too_long" && ctx?.max_length) return errors.tooLong(ctx.max_length);
  if (/email address/.test(msg) && !details[msg]) return ctx?.reason ? `${errors.email} ${ctx.reason}` : errors.email;
  return details[msg] ?? msg;
}

let refreshing;

/** The next tokens. Two requests at once must not use the same refresh token twice. */
function refresh() {
  refreshing ??= (async () => {
    const token = session.refresh ? { refresh_token: session.refresh } : {};
    const { ok, body, problem } = await send("POST", "/login", { form: { grant_type: "refresh_token", ...token } });
    if (ok) take(body);
    refreshing = undefined;
    return { ok, problem };
  })();
  return refreshing;
}

const canRefresh = () => features.sessions && (session.refresh !== undefined || session.byCookie);

export function expiryOf(token) {
  return claimsOf(token)?.exp;
}

export function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A request of the signed-in user. An access token that is over is replaced once. */
async function authorized(method, path, options = {}) {
  const isOver = session.access && expiryOf(session.access) <= now() + 5;
  const before = isOver && canRefresh() ? await refresh() : undefined;
  let answer = before?.problem && before.problem.status !== 400 ? before : await send(method, path, { ...options, bearer: true });
  if (answer.problem?.status === 401 && !before && canRefresh() && (await refresh()).ok) {
    answer = await send(method, path, { ...options, bearer: true });
  }
  if (answer.problem?.status === 401) {
    forget();
    onEnd();
  }
  return answer;
}

export async function signIn(username, password) {
  const answer = await send("POST", "/login", { form: { username, password } });
  if (answer.ok) {
    take(answer.body);
    return whoAmI();
  }
  return answer;
}

export async function whoAmI() {
  const answer = await authorized("GET", "/me");
  if (answer.ok) session.user = answer.body;
  return answer;
}

/** After a reload, if the browser has a cookie of the service. */
export async function resume() {
  const { setup, cookies, hasAccessCookie, hasRefreshCookie } = features;
  if (setup || !cookies || !(hasAccessCookie || hasRefreshCookie)) return;
  session.byCookie = true;
  if (!hasAccessCookie && !(await refresh()).ok) return forget();
  if (!(await whoAmI()).ok) forget();
}

export const signUp = (account) => send("POST", "/users", { json: account });
export const recover = (email) => send("POST", `/password-recovery/${encodeURIComponent(email)}`);
export const resetPassword = (token, new_password) => send("POST", "/reset-password", { json: { token, new_password } });
export const sendVerification = (email) => send("POST", `/email-verification/${encodeURIComponent(email)}`);
export const verifyEmail = (token) => send("POST", "/verify-email", { json: { token } });
export const listSessions = () => authorized("GET", "/me/sessions");
export const endSession = (id) => authorized("DELETE", `/me/sessions/${encodeURIComponent(id)}`);
export const deleteAccount = (current_password) => authorized("DELETE", "/me", { json: { current_password } });

/** The name of the own session is the first part of its refresh token. */
export const ownSession = () => session.refresh?.split(".")[0];

export async function changePassword(current_password, new_password) {
  const answer = await authorized("PATCH", "/me/password", { json: { current_password, new_password } });
  if (answer.ok) take(answer.body);
  return answer;
}

/** Ends the own session. Without sessions and cookies there is nothing that the service could end. */
export async function signOut() {
  const { refresh: token } = session;
  if (features.sessions && (token || features.cookies)) return send("POST", "/revoke", { form: token ? { token } : {} });
  return features.cookies ? signOutEverywhere() : { ok: true };
}

export const signOutEverywhere = () => authorized("POST", "/logout");

export const publishedKeys = () => send("GET", "/.well-known/jwks.json");
