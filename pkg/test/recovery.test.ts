// A new password by mail, over real databases, and a real server that takes the mails.

import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { consoleMail, bindingMail, createGate, EdgegateError, hashPassword, webhookMail, type LogEntry, type Mail, type SecurityEvent, type UserStore } from "edgegate";
import { d1Users } from "edgegate/d1";
import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
import { d1Database } from "./databases.ts";
import { COMPLETE } from "./users.ts";

const settings = { ...COMPLETE, ACCESS_LOG: "on", PASSWORD_RECOVERY: "on", FRONTEND_HOST: "https://app.example.com" };
const hash = await hashPassword("secret", { cost: 10 });

function open(more: { settings?: object; sendMail?: (mail: Mail) => unknown; users?: UserStore } = {}) {
  const database = new DatabaseSync(":memory:");
  const { users, sessions, attempts, mailTokens } = sqliteSchema();
  database.exec(users + sessions + attempts + mailTokens);
  database.prepare("INSERT INTO users (email, password) VALUES ('Ada@example.com', ?)").run(hash);
  const [entries, events, mails]: [LogEntry[], SecurityEvent[], Mail[]] = [[], [], []];
  const gate = createGate({ ...settings, ...more.settings }, more.users ?? sqliteUsers(database), {
    log: (entry) => void entries.push(entry),
    onEvent: (event) => void events.push(event),
    sendMail: more.sendMail ?? ((mail) => void mails.push(mail)),
  });
  return { ...requests(gate), database, entries, events, mails };
}

function requests(gate: ReturnType<typeof createGate>) {
  const answered = async (response: Response) => ({ status: response.status, headers: [...response.headers], body: await response.text() });
  const recover = async (email = "ada@example.com") => {
    const later: Promise<unknown>[] = [];
    const request = new Request(`http://localhost/password-recovery/${encodeURIComponent(email)}`, { method: "POST" });
    const reply = await answered((await gate.fetch(request, { waitUntil: (promise) => later.push(promise) })) as Response);
    const waited = later.length;
    await Promise.all(later);
    return { reply, waited };
  };
  const reset = async (token: unknown, next: string) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token, new_password: next }) };
    return answered((await gate.fetch(new Request("http://localhost/reset-password", init))) as Response);
  };
  const login = async (password: string) =>
    (await gate.fetch(new Request("http://localhost/login", { method: "POST", body: new URLSearchParams({ username: "ada@example.com", password }) }))).status;
  return { gate, recover, reset, login };
}

const tokenOf = (mail?: Mail) => new URL(mail?.link ?? "").searchParams.get("token") ?? "";

test("a user gets a mail, and sets a new password with its link once", async () => {
  const { recover, reset, login, mails, events, entries, database } = open();
  const { reply } = await recover();
  assert.deepEqual([reply.status, reply.body], [200, '{"message":"If that email is registered, we sent a password recovery link"}']);
  assert.deepEqual(mails.map(({ kind, to, subject }) => [kind, to, subject]), [["password-recovery", "Ada@example.com", "Password recovery"]]);
  const token = tokenOf(mails[0]);
  assert(mails[0]?.text.includes(`https://app.example.com/reset-password?token=${token}`));
  assert.equal(await login("secret"), 200);
  assert.deepEqual([(await reset("x", "a new secret")).status, (await reset(token, "short")).status, (await reset(undefined, "a new secret")).status], [400, 422, 422]);
  assert.equal((await reset(token, "a new secret")).body, '{"message":"Password updated successfully"}');
  assert.equal((await reset(token, "another secret")).body, '{"detail":"Invalid token"}');
  assert.deepEqual([await login("secret"), await login("a new secret")], [403, 200]);
  assert.deepEqual(events.map(({ kind }) => kind), ["login", "password-changed", "login-refused", "login"]);
  assert.equal(database.prepare("SELECT count(*) AS n FROM sessions").get()?.["n"], 1, "that of the last login");
  const routes = new Set(entries.map(({ route, path }) => `${route} ${path}`));
  assert.deepEqual(routes, new Set(["/password-recovery/{email} /password-recovery/{email}", "/login /login", "/reset-password /reset-password"]));
  for (const secret of [token, "a new secret", "da@example", "da%40example"]) assert(!JSON.stringify([entries, events]).includes(secret), secret);
});

test("an address is not logged, however the path is written", async () => {
  for (const path of ["password-recovery", "password%2Drecovery", "%70assword-recover%79", "email-verification", "email%2dverification"]) {
    for (const name of ["ada@example.com", "ada%40example.com", "%ffada@example.com"]) {
      const { gate, entries } = open({ settings: { EMAIL_VERIFICATION: "on" } });
      const { status } = await gate.fetch(new Request(`http://localhost/${path}/${name}`, { method: "POST" }));
      assert.equal(status, 200, path);
      const get = await gate.fetch(new Request(`http://localhost/auth/${path}/${name}`), { prefix: "/auth" });
      assert.equal(get.status, 405);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert(entries.length >= 2 && !JSON.stringify(entries).match(/ada|example\.com/), JSON.stringify(entries));
    }
  }
});

test("the answer does not wait for what depends on the address, and is the same for any", async () => {
  const { recover, mails } = open();
  const known = await recover();
  for (const email of ["nobody@example.com", "nobody", " ", "\0", "x".repeat(500)]) assert.deepEqual(await recover(email), { ...known, waited: email.trim() === "" || email === "\0" || email.length > 320 ? 0 : 1 });
  assert.equal(mails.length, 1);
  // A store that never answers is not waited for.
  const hanging = open({ users: { ...sqliteUsers(new DatabaseSync(":memory:")), mailTokens: { store: () => new Promise(() => {}), user: async () => null, verifyEmail: async () => false } } as UserStore });
  const request = new Request("http://localhost/password-recovery/ada@example.com", { method: "POST" });
  assert.equal((await hanging.gate.fetch(request)).status, 200);
});

test("one mail a minute, and a request of somebody else does not end the link", async () => {
  const { recover, reset, mails, database } = open();
  await Promise.all([recover(), recover(), recover()]);
  assert.equal(mails.length, 1);
  database.exec("UPDATE mail_tokens SET created_at = created_at - 50");
  await recover();
  assert.equal(mails.length, 1, "ten seconds too early");
  database.exec("UPDATE mail_tokens SET created_at = created_at - 10");
  await recover();
  assert.equal(mails.length, 2);
  assert.equal((await reset(tokenOf(mails[0]), "a new secret")).status, 200);
  assert.equal((await reset(tokenOf(mails[1]), "another secret")).status, 400, "a new password ends all links");
  const expired = open();
  await expired.recover();
  expired.database.exec("UPDATE mail_tokens SET expires_at = expires_at - 3601");
  assert.equal((await expired.reset(tokenOf(expired.mails[0]), "a new secret")).status, 400);
});

test("an account that is deleted and created again gets no second mail at once", async () => {
  const { gate, mails } = open({ settings: { REGISTRATION: "open", EMAIL_VERIFICATION: "on", ACCOUNT_DELETION: "on" } });
  const later: Promise<unknown>[] = [];
  for (const email of ["grace@example.com", "Grace@example.com", "grace@example.com"]) {
    const body = JSON.stringify({ email, password: "correct horse" });
    const request = new Request("http://localhost/users", { method: "POST", headers: { "content-type": "application/json" }, body });
    assert.equal((await gate.fetch(request, { waitUntil: (promise) => later.push(promise) })).status, 201);
    await Promise.all(later.splice(0));
    const verdict = await gate.login({ username: email, password: "correct horse" });
    assert(verdict.outcome === "accepted");
    assert.equal((await gate.deleteUser(`Bearer ${verdict.access_token}`, { currentPassword: "correct horse" })).outcome, "accepted");
  }
  assert.deepEqual(mails.map(({ to }) => to), ["grace@example.com"]);
});

test("an address with a line break gets no mail", async () => {
  const { gate, mails, database } = open();
  const email = "grace@example.com\r\nBcc: all@example.com";
  database.prepare("INSERT INTO users (email, password) VALUES (?, ?)").run(email, hash);
  const later: Promise<unknown>[] = [];
  assert.deepEqual(await gate.recoverPassword(email, { waitUntil: (promise) => later.push(promise) }), { outcome: "accepted" });
  await Promise.all(later);
  assert.deepEqual([mails, database.prepare("SELECT count(*) AS n FROM mail_tokens").get()?.["n"]], [[], 1]);
});

test("a new hash of the old password, made meanwhile, does not refuse a reset", async () => {
  const database = new DatabaseSync(":memory:");
  const { users, sessions, attempts, mailTokens } = sqliteSchema();
  database.exec(users + sessions + attempts + mailTokens);
  database.prepare("INSERT INTO users (email, password) VALUES ('ada@example.com', ?)").run(hash);
  const store = sqliteUsers(database);
  const rehashed = await hashPassword("secret", { cost: 10 });
  let changes = 0;
  const changePassword: UserStore["changePassword"] = (change) => {
    if (changes++ === 0) database.prepare("UPDATE users SET password = ?").run(rehashed);
    return store.changePassword(change);
  };
  const { recover, reset, login, mails } = open({ users: { ...store, changePassword } });
  await recover();
  assert.equal((await reset(tokenOf(mails[0]), "a new secret")).status, 200);
  assert.deepEqual([changes, await login("a new secret")], [2, 200]);
});

test("work after replies is bounded, with a store that does not answer", async () => {
  const hanging = { ...sqliteUsers(new DatabaseSync(":memory:")), mailTokens: { store: () => new Promise(() => {}), user: async () => null, verifyEmail: async () => false } } as UserStore;
  const { gate, entries } = open({ users: hanging, settings: { RATE_LIMIT: "off", ACCESS_LOG: "off" } });
  let later = 0;
  for (let at = 0; at < 1010; at += 1) assert.deepEqual(await gate.recoverPassword("ada@example.com", { waitUntil: () => (later += 1) }), { outcome: "accepted" });
  assert.equal(later, 1000);
  assert.equal(entries.filter(({ error }) => String(error).includes("1000 requests have not ended")).length, 10);
});

test("what has not ended after a minute, such as that of a request that Workers have cancelled, keeps nothing out", async (context) => {
  const hanging = { ...sqliteUsers(new DatabaseSync(":memory:")), mailTokens: { store: () => new Promise(() => {}), user: async () => null, verifyEmail: async () => false } } as UserStore;
  const { gate } = open({ users: hanging, settings: { RATE_LIMIT: "off", ACCESS_LOG: "off" } });
  let later = 0;
  const recover = (times: number) => Promise.all(Array.from({ length: times }, () => gate.recoverPassword("ada@example.com", { waitUntil: () => (later += 1) })));
  await recover(1001);
  assert.equal(later, 1000);
  const now = Date.now();
  context.mock.method(Date, "now", () => now + 59_000);
  await recover(1);
  assert.equal(later, 1000);
  context.mock.method(Date, "now", () => now + 70_000);
  await recover(1);
  assert.equal(later, 1001);
});

test("of many uses of a link at once, one counts", async () => {
  const { recover, reset, mails, login } = open();
  await recover();
  const statuses = await Promise.all(Array.from({ length: 6 }, (_, at) => reset(tokenOf(mails[0]), `a new secret ${at}`).then(({ status }) => status)));
  assert.deepEqual([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 400).length], [1, 5]);
  assert.equal(await login(`a new secret ${statuses.indexOf(200)}`), 200);
});

test("D1 answers in the same way", async () => {
  const { database, all, close } = await d1Database();
  try {
    await all(`INSERT INTO users (email, password) VALUES ('ada@example.com', '${hash}')`);
    const mails: Mail[] = [];
    const gate = createGate({ ...settings, ACCESS_LOG: "off" }, d1Users(database), { log: () => {}, sendMail: (mail) => void mails.push(mail) });
    const { recover, reset, login } = requests(gate);
    await recover();
    await recover("nobody@example.com");
    assert.equal((await reset(tokenOf(mails[0]), "a new secret")).status, 200);
    assert.equal((await reset(tokenOf(mails[0]), "another secret")).status, 400);
    assert.deepEqual([mails.length, await login("a new secret"), await all("SELECT hash FROM mail_tokens")], [1, 200, []]);
  } finally {
    await close();
  }
});

test("what fails is logged, without the mail, and the answer is the same", async () => {
  const failures: [unknown, string][] = [[() => Promise.reject(new Error("no mail today")), "mail"], [() => { throw new Error("no mail today"); }, "mail"]];
  for (const [sendMail, reason] of failures) {
    const { recover, entries } = open({ sendMail: sendMail as () => unknown, settings: { ACCESS_LOG: "off" } });
    assert.equal((await recover()).reply.status, 200);
    assert.deepEqual(entries.map((entry) => [entry.reason, entry.path, (entry.error as Error).message]), [[reason, "/password-recovery/{email}", "no mail today"]]);
  }
  const without = open({ users: { ...sqliteUsers(new DatabaseSync(":memory:")), mailTokens: undefined } as unknown as UserStore });
  assert.equal((await without.recover()).reply.status, 200);
  assert.equal(without.entries.find(({ reason }) => reason === "store")?.level, "error");
  assert.throws(() => createGate(settings, sqliteUsers(new DatabaseSync(":memory:"))), (error) => error instanceof EdgegateError && error.code === "setting" && error.message.includes("sendMail"));
});

test("without HTTP", async () => {
  const { gate, mails, login } = open();
  const later: Promise<unknown>[] = [];
  assert.deepEqual(await gate.recoverPassword("ada@example.com", { address: "203.0.113.7", waitUntil: (promise) => later.push(promise) }), { outcome: "accepted" });
  await Promise.all(later);
  const token = tokenOf(mails[0]);
  assert.deepEqual(await gate.resetPassword({ token: "x", newPassword: "a new secret" }), { outcome: "refused", reason: "mail-token" });
  assert.deepEqual(await gate.resetPassword({ token, newPassword: "short" }), { outcome: "refused", reason: "body-unprocessable" });
  assert.deepEqual(await gate.resetPassword({ token: 7 as unknown as string, newPassword: "a new secret" }), { outcome: "refused", reason: "mail-token" });
  assert.deepEqual(await gate.resetPassword({ token, newPassword: "a new secret" }), { outcome: "accepted" });
  assert.equal(await login("a new secret"), 200);
  for (const wrong of [undefined, 7, {}] as unknown as string[]) {
    await assert.rejects(gate.recoverPassword(wrong), TypeError);
    await assert.rejects(gate.resetPassword({ token, newPassword: wrong }), TypeError);
  }
});

test("a new user verifies the address before the first login", async () => {
  const { gate, mails, entries, events, database } = open({ settings: { REGISTRATION: "open", EMAIL_VERIFICATION: "required" } });
  const later: Promise<unknown>[] = [];
  const send = async (path: string, body?: object) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: body ? JSON.stringify(body) : null };
    const response = await gate.fetch(new Request(`http://localhost${path}`, init), { waitUntil: (promise) => later.push(promise) });
    await Promise.all(later.splice(0));
    return { status: response.status, body: await response.text() };
  };
  const login = async () => {
    const body = new URLSearchParams({ username: "grace@example.com", password: "correct horse" });
    return (await gate.fetch(new Request("http://localhost/login", { method: "POST", body }))).status;
  };
  assert.equal((await send("/users", { email: "grace@example.com", password: "correct horse" })).status, 201);
  assert.deepEqual([mails.map(({ kind, to }) => [kind, to]), await login()], [[["email-verification", "grace@example.com"]], 400]);
  const sent = { status: 200, body: '{"message":"If that email is registered and not verified yet, we sent a verification link"}' };
  for (const name of ["grace@example.com", "ada@example.com", "nobody@example.com"]) assert.deepEqual(await send(`/email-verification/${name}`), sent);
  assert.equal(mails.length, 1, "one a minute, and none to an address that is verified or unknown");
  const token = tokenOf(mails[0]);
  assert.equal((await send("/reset-password", { token, new_password: "a new secret" })).body, '{"detail":"Invalid token"}');
  assert.deepEqual([(await send("/verify-email", { token: "x" })).status, (await send("/verify-email", {})).status], [400, 422]);
  assert.deepEqual(await send("/verify-email", { token }), { status: 200, body: '{"message":"Email verified successfully"}' });
  assert.deepEqual([(await send("/verify-email", { token })).status, await login()], [400, 200]);
  assert.equal(database.prepare("SELECT email_verified AS value FROM users WHERE email LIKE 'grace%'").get()?.["value"], 1);
  assert.deepEqual(events.map(({ kind }) => kind), ["signed-up", "email-verified", "login"]);
  assert(!JSON.stringify([entries, events]).match(/grace|ada@|nobody/) && !JSON.stringify([entries, events]).includes(token));
  // The same without HTTP.
  assert.deepEqual(await gate.requestVerification("nobody@example.com"), { outcome: "accepted" });
  for (const wrong of [token, "", undefined] as string[]) assert.deepEqual(await gate.verifyEmail(wrong), { outcome: "refused", reason: "mail-token" });
});

test("a webhook gets the mail as JSON, and what is no 2xx rejects", async (t) => {
  const seen: { headers: IncomingHttpHeaders; body: Mail }[] = [];
  let status = 202;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) as Mail });
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("the mail was: ...");
  });
  t.after(() => server.close());
  const url = `http://127.0.0.1:${await listening(server)}/send`;
  const mail: Mail = { kind: "password-recovery", to: "ada@example.com", subject: "Password recovery", text: "a link", link: "https://app.example.com/?token=x" };
  await webhookMail(url, { token: "the-token" })(mail);
  assert.deepEqual([seen[0]?.body, seen[0]?.headers.authorization, seen[0]?.headers["content-type"]], [mail, "Bearer the-token", "application/json"]);
  await webhookMail(url)(mail);
  assert.equal(seen[1]?.headers.authorization, undefined);
  for (status of [302, 400, 500]) await assert.rejects(webhookMail(url)(mail), { message: `edgegate: the webhook for mails answered ${status}` });
  assert.equal(seen.length, 5, "a redirect is not followed");
  // No error has a secret, which would be logged.
  await assert.rejects(webhookMail("http://127.0.0.1:1/SECRET", { token: "SECRET" })(mail), { message: "edgegate: the webhook for mails has not answered (TypeError)" });
  const secrets: [unknown, object?][] = [["http://mail.SECRET.com/"], ["ftp://localhost/SECRET"], ["SECRET"], [7], ["https://SECRET:SECRET@example.com/"], ["https://SECRET@example.com/"], [url, { token: "SECRET\n" }], [url, { token: "SECRET\u201c" }], [url, { token: 5 }], [url, { tokens: "SECRET" }]];
  for (const [wrong, options] of secrets) assert.throws(() => webhookMail(wrong as string, options), (error) => error instanceof TypeError && !error.message.includes("SECRET"));
});

test("a binding and the console get the mail", async () => {
  const mail: Mail = { kind: "password-recovery", to: "ada@example.com", subject: "Password recovery", text: "a link", link: "" };
  const sent: unknown[] = [];
  await bindingMail({ send: async (given) => sent.push(given) }, "login@example.com")(mail);
  assert.deepEqual(sent, [{ from: "login@example.com", to: "ada@example.com", subject: "Password recovery", text: "a link" }]);
  const suppressed = Object.assign(new Error("ada@example.com is suppressed"), { code: "E_RECIPIENT_SUPPRESSED" });
  for (const [error, shown] of [[suppressed, "E_RECIPIENT_SUPPRESSED"], [new Error("ada@example.com"), "Error"], [{ code: "ada@example.com" }, "unknown"]] as const) {
    await assert.rejects(bindingMail({ send: () => Promise.reject(error) }, "login@example.com")(mail), { message: `edgegate: the binding for mails has failed (${shown})` });
  }
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => void lines.push(line);
  try {
    await consoleMail(mail);
  } finally {
    console.log = log;
  }
  assert.deepEqual(lines, ["A mail to ada@example.com\nSubject: Password recovery\n\na link"]);
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}
