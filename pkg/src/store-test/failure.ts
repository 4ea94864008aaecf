// What a store must do when its database fails.

import type { UserStore } from "../store.js";
import { collect, ADDRESS, HASH, NOW, OTHER_HASH, PLAIN, end, failure, same, use } from "./context.js";

const { checks, check } = collect();

/** The checks of this file. */
export { checks };

check("while the database fails every method rejects, and afterwards all work", ["failure"], async (on) => {
  const user = await on.user();
  // What a store may lack.
  const { replaceHash, changePassword, revokeTokens, sessions: hasSessions } = on.store as UserStore;
  const session = hasSessions ? await on.inserted(user) : undefined;
  const { store, sessions } = on;
  const calls: [string, () => Promise<unknown>][] = [
    ["userByEmail", () => store.userByEmail(ADDRESS, PLAIN)],
    ["userById", () => store.userById(user.id, PLAIN)],
    ["insertUser", () => store.insertUser({ email: "grace@example.com", password: HASH })],
  ];
  if (replaceHash) calls.push(["replaceHash", () => store.replaceHash({ id: user.id, old: HASH, new: OTHER_HASH })]);
  if (changePassword) {
    const change = { userId: user.id, old: "no hash", new: OTHER_HASH, tokenVersion: undefined, withSessions: hasSessions !== undefined, withMailTokens: false, mailToken: undefined, now: NOW };
    calls.push(["changePassword", () => store.changePassword(change)]);
  }
  const { moveUser, deleteUser, mailTokens } = on.store as UserStore;
  // Of an address that is taken: it changes nothing.
  if (moveUser) calls.push(["moveUser", () => moveUser({ id: user.id, email: ADDRESS, password: OTHER_HASH, createdAt: undefined })]);
  if (deleteUser) calls.push(["deleteUser", () => deleteUser({ userId: user.id, password: "no hash", tokenVersion: undefined, withSessions: hasSessions !== undefined, account: undefined })]);
  if (mailTokens) {
    calls.push(["store", () => mailTokens.store({ kind: "password-recovery", email: ADDRESS, hash: "no token", now: 0, expiresAt: 0, notSince: 0 })]);
    calls.push(["verifyEmail", () => mailTokens.verifyEmail({ hash: "no token", now: NOW })]);
    calls.push(["user", () => mailTokens.user({ hash: "no token", now: NOW, withTokenVersion: false })]);
  }
  if (revokeTokens) {
    calls.push(["revokeTokens", () => store.revokeTokens({ id: user.id, withSessions: false })]);
    if (hasSessions) calls.push(["revokeTokens", () => store.revokeTokens({ id: user.id, withSessions: true })]);
  }
  if ((on.store as UserStore).attempts) {
    calls.push(
      ["find", () => on.attempts.find({ email: ADDRESS, withTokenVersion: false, account: "a", client: "c", now: NOW })],
      ["count", () => on.attempts.count(failure(NOW))],
      ["succeeded", () => on.attempts.succeeded({ account: "a", client: "c", isKnown: true, expiresAt: NOW })],
    );
  }
  if (session) {
    calls.push(
      ["insert", () => sessions.insert(on.session(user))],
      ["rotate", () => sessions.rotate(use(session))],
      ["end", () => sessions.end(end(session, { raiseTokenVersion: revokeTokens !== undefined }))],
      ["delete", () => sessions.delete({ id: session.id, userId: user.id, knownAs: undefined })],
      ["list", () => sessions.list({ userId: user.id, now: NOW })],
    );
  }
  await on.hooks.fail();
  try {
    for (const [name, call] of calls) {
      const outcome = await call().then(() => "resolves", () => "rejects");
      same(outcome, "rejects", `${name} while the database fails`);
    }
  } finally {
    await on.hooks.recover();
  }
  same((await store.userByEmail(ADDRESS, PLAIN))?.password, HASH, "the hash afterwards");
  if (session) same((await sessions.list({ userId: user.id, now: NOW })).map(({ id }) => id), [session.id], "the sessions afterwards");
  if (revokeTokens) same(await on.version(user.id), 0, "token_version afterwards");
  for (const [name, call] of calls) {
    const error = await call().then(() => undefined, String);
    same(error, undefined, `${name} afterwards`);
  }
});
