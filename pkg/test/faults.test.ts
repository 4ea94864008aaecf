// A store that does not answer.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createGate, hashPassword, type LogEntry, type UserStore } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { COMPLETE } from "./users.ts";

const settings = { ...COMPLETE, AUDIT: "on", REHASH: "on", REGISTRATION: "open" };
/** Of a lower cost than the settings say, so that the login replaces it. */
const hash = await hashPassword("secret", { cost: 10 });
const email = "ada@example.com";

type Method = Exclude<keyof UserStore, "sessions" | "attempts"> | `sessions.${keyof NonNullable<UserStore["sessions"]>}` | `attempts.${keyof NonNullable<UserStore["attempts"]>}`;

/** A gate whose store does not answer one method, until `recover` is called. */
function open(silent: Method, more: Record<string, string> = {}) {
  const entries: LogEntry[] = [];
  let [hangs, asked] = [true, 0];
  const watched = <T extends object>(store: T, path = ""): T =>
    new Proxy(store, {
      get(_, name: string) {
        const member: unknown = Reflect.get(store, name);
        if (typeof member === "object" && member !== null) return watched(member, `${path}${name}.`);
        if (typeof member !== "function" || `${path}${name}` !== silent) return member;
        return (...args: unknown[]) => {
          asked += 1;
          return hangs ? new Promise(() => {}) : (member as (...args: unknown[]) => unknown).apply(store, args);
        };
      },
    });
  const gate = createGate({ ...settings, ...more }, watched(memoryUsers([{ email, password: hash }])), { log: (entry) => void entries.push(entry) });
  const send = async (path: string, init: RequestInit = {}) =>
    inTime(async () => {
      const later: Promise<unknown>[] = [];
      const response = await gate.fetch(new Request(`http://localhost${path}`, init), { address: "198.51.100.1", waitUntil: (promise) => later.push(promise) });
      await Promise.all(later);
      return response;
    });
  const form = (path: string, fields: Record<string, string>) => send(path, { method: "POST", body: new URLSearchParams(fields) });
  const login = (password = "secret") => form("/login", { username: email, password });
  return { send, form, login, entries, recover: () => (hangs = false), asked: () => asked };
}

/** Lets ten seconds pass as often as needed, and no time really. */
async function inTime<T>(ask: () => Promise<T>): Promise<T> {
  let settled = false;
  mock.timers.enable({ apis: ["setTimeout"] });
  const done = ask().finally(() => (settled = true));
  try {
    while (!settled) {
      await setImmediate();
      mock.timers.tick(1000);
    }
  } finally {
    mock.timers.reset();
  }
  return done;
}

const LATE = "Error: edgegate: the user store has not answered within 10000 ms";

/** The request that asks the method, with the tokens of a login. */
const ASKING: [Method, (gate: ReturnType<typeof open>, tokens: { access_token: string; refresh_token: string; session: string }) => Promise<Response>, number?][] = [
  ["attempts.find", ({ login }) => login()],
  ["attempts.count", ({ login }) => login()],
  ["sessions.insert", ({ login }) => login()],
  ["userById", ({ send }, { access_token }) => send("/me", { headers: { authorization: `Bearer ${access_token}` } })],
  ["insertUser", ({ send }) => send("/users", { method: "POST", headers: { "content-type": "application/json" }, body: '{"email":"new@example.com","password":"a new password"}' })],
  ["sessions.rotate", ({ form }, { refresh_token }) => form("/login", { grant_type: "refresh_token", refresh_token })],
  ["sessions.list", ({ send }, { access_token }) => send("/me/sessions", { headers: { authorization: `Bearer ${access_token}` } })],
  ["sessions.delete", ({ form }, { refresh_token }) => form("/revoke", { token: refresh_token })],
  // A token whose session has ended: is it a used one?
  ["sessions.end", async ({ send, form }, { access_token, refresh_token, session }) => {
    await send(`/me/sessions/${session}`, { method: "DELETE", headers: { authorization: `Bearer ${access_token}` } });
    return form("/login", { grant_type: "refresh_token", refresh_token });
  }, 400],
  ["sessions.delete", ({ send }, { access_token, session }) => send(`/me/sessions/${session}`, { method: "DELETE", headers: { authorization: `Bearer ${access_token}` } })],
  ["revokeTokens", ({ send }, { access_token }) => send("/logout", { method: "POST", headers: { authorization: `Bearer ${access_token}` } })],
];

test("a store that does not answer is 503 after ten seconds, and nothing is lost", async () => {
  for (const [method, ask, recovered = 200] of ASKING) {
    const gate = open(method);
    const { send, login, entries, recover, asked } = gate;
    const tokens = { access_token: "", refresh_token: "", session: "" };
    if (!["attempts.find", "attempts.count", "sessions.insert"].includes(method)) {
      Object.assign(tokens, await (await login()).json());
      if (!["sessions.list", "userById"].includes(method)) {
        const sessions = (await (await send("/me/sessions", { headers: { authorization: `Bearer ${tokens.access_token}` } })).json()) as { id: string }[];
        tokens.session = sessions[0]?.id ?? "";
      }
    }
    entries.length = 0;
    const response = await ask(gate, tokens);
    assert.deepEqual([response.status, await response.text()], [503, '{"detail":"Service Unavailable"}'], method);
    assert.equal(asked(), 1, method);
    assert.deepEqual(entries.filter(({ reason }) => reason === "store").map(({ error }) => String(error)), [LATE], method);
    recover();
    const { status } = await ask(gate, tokens);
    assert.equal(recovered === 200 ? Math.floor(status / 100) * 100 : status, recovered, `${method}, when the store answers again`);
  }
});

test("a login does not fail because the store does not answer what follows it", async () => {
  for (const method of ["attempts.succeeded", "replaceHash", "recordEvent"] satisfies Method[]) {
    const { login, entries, asked } = open(method, { BCRYPT_COST: "11" });
    assert.equal((await login()).status, 200, method);
    assert.equal(asked(), 1, method);
    assert(entries.some(({ error }) => String(error) === LATE), method);
    assert.equal((await login("wrong")).status, 403, method);
  }
});
