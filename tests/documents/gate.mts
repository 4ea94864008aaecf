// The calls of a gate, each with a user of its own where one call would end what the next one needs.

import assert from "node:assert/strict";
import type { EdgegateError, LoginVerdict, Mail } from "edgegate";
import { d1Database } from "../../pkg/test/databases.ts";
import { PASSWORD, SECRET_KEY } from "../../tests/documents/support/run.mts";

const { database, all, close } = await d1Database();
const settings = { SECRET_KEY, BCRYPT_COST: 10, RATE_LIMIT: "off", REFRESH_TOKEN_EXPIRE_MINUTES: 60, REVOCATION: "on" };
const env = { ...settings, PASSWORD_CHANGE: "on", ACCOUNT_DELETION: "on", REGISTRATION: "invitation", DB: database };
const [username, password] = ["ada@example.com", PASSWORD];
const [currentPassword, newPassword] = [PASSWORD, "another password of Ada"];
const accepted = (verdict: { outcome: string }) => assert.equal(verdict.outcome, "accepted", JSON.stringify(verdict));
const JWT_KEYS = JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", kid: "1", k: Buffer.from(SECRET_KEY).toString("base64url") }] });

async function signUp(email: string): Promise<void> {
  const { id } = (await d1Users(database).insertUser({ email, password: await hashPassword(PASSWORD, { cost: 10 }) })) ?? {};
  assert(id);
}
await signUp(username);
const request = new Request("http://localhost/login", { method: "POST", body: new URLSearchParams({ username, password }) });

// BLOCK

// BLOCK *const login = await gate.login(*
// BLOCK *await gate.login({ username, password }, {*
// BLOCK *const current = await gate.currentUser(request)*
assert.equal(response.status, 200);
accepted(login);
assert(current.outcome === "refused" && current.reason === "no-token", "the request of a login has no token");

/** Another user, who has just logged in. */
async function user(email: string, of = gate) {
  await signUp(email);
  const login = await of.login({ username: email, password: PASSWORD });
  assert(login.outcome === "accepted" && login.refresh_token);
  const request = new Request("http://localhost/", { headers: { authorization: `Bearer ${login.access_token}` } });
  return { request, refresh_token: login.refresh_token, isIn: async () => (await of.currentUser(request)).outcome === "accepted" };
}

{
  const { request, isIn } = await user("changes@example.com");
  // BLOCK *await gate.changePassword(*
  assert.equal(await isIn(), false);
  accepted(await gate.login({ username: "changes@example.com", password: newPassword }));
}
{
  const { request, isIn } = await user("leaves@example.com");
  // BLOCK *await gate.deleteUser(*
  assert.equal(await isIn(), false);
  assert.deepEqual(await all("SELECT id FROM users WHERE email = 'leaves@example.com'"), []);
}
{
  const mails: Mail[] = [];
  const sendMail = (mail: Mail) => void mails.push(mail);
  const later: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>) => later.push(promise);
  const tokenOf = async () => {
    await Promise.all(later.splice(0));
    return new URL(mails.pop()?.link ?? "").searchParams.get("token") ?? "";
  };
  const gate = createGate({ ...settings, PASSWORD_RECOVERY: "on", EMAIL_VERIFICATION: "on", FRONTEND_HOST: "https://app.example.com" }, d1Users(database), { sendMail });
  const email = "mails@example.com";
  await signUp(email);
  await all(`UPDATE users SET email_verified = 0 WHERE email = '${email}'`);
  {
    // BLOCK *await gate.requestVerification(*
    const token = await tokenOf();
    // BLOCK *await gate.verifyEmail(token)*
    assert.equal((await gate.verifyEmail(token)).outcome, "refused", "it was used");
  }
  // BLOCK *await gate.recoverPassword(*
  const token = await tokenOf();
  // BLOCK *await gate.resetPassword(*
  accepted(await gate.login({ username: email, password: newPassword }));
}
{
  const email = "invited@example.com";
  const invitation =
    // BLOCK *await gate.invite(*
  assert.equal(typeof invitation, "string");
  const body = JSON.stringify({ email, password, invitation });
  const signUp = new Request("http://localhost/users", { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal((await gate.fetch(signUp)).status, 201);
}
{
  const { request, isIn } = await user("everywhere@example.com");
  assert.equal(await isIn(), true);
  // BLOCK *await gate.logOut(*
  assert.equal(await isIn(), false);
}
{
  const { refresh_token } = await user("refreshes@example.com");
  const next: LoginVerdict =
    // BLOCK *await gate.refresh(*
  assert(next.outcome === "accepted" && next.refresh_token !== refresh_token);
}
{
  const { refresh_token } = await user("revokes@example.com");
  // BLOCK *await gate.revoke(*
  assert.equal((await gate.refresh(refresh_token)).outcome, "refused");
}
{
  const { request, refresh_token } = await user("lists@example.com");
  // BLOCK *const listed = await gate.sessions(*
  assert(listed.outcome === "accepted" && listed.sessions.length === 1);
  const id = listed.sessions[0]?.id ?? "";
  // BLOCK *await gate.endSession(*
  assert.equal((await gate.refresh(refresh_token)).outcome, "refused");
}

assert.match(hash, /^\$2b\$12\$/);
assert.equal(hashes.length, 2);
assert.equal(await verifyPassword("wrong", hash), false);
await assert.rejects(verifyPassword("wrong", "no hash"), ({ code }: EdgegateError) => typeof code === "string");
assert(verdict.outcome === "accepted" && verdict.issuer === "own" && verdict.userId === 7 && verdict.claims["user_id"] === 7);
await close();
