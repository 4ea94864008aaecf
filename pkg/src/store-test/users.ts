// What a store must do for users and passwords.

import type { UserId } from "../../wasm/edgegate.js";
import { collect, ADDRESS, HASH, NOW, OTHER_HASH, PLAIN, VERSIONED, same } from "./context.js";

const { checks, check } = collect();

const WITHOUT_MAIL = { withMailTokens: false, mailToken: undefined, now: NOW };

/** The checks of this file. */
export { checks };

check("a new user is returned, and found by address and by id", [], async (on) => {
  const row = await on.user();
  same(typeof row.id, on.ids === "integer" ? "number" : "string", "the type of the id");
  same(row.email.toLowerCase(), ADDRESS.toLowerCase(), "email");
  same(row.password, HASH, "password");
  const { id, email, password } = row;
  for (const columns of [PLAIN, VERSIONED]) {
    for (const found of [await on.store.userByEmail(ADDRESS, columns), await on.store.userById(id, columns)]) {
      same([found?.id, found?.email, found?.password], [id, email, password], "the row that was inserted");
      same(String(found?.created_at), String(row.created_at), "created_at");
    }
  }
});

check("an unknown address and an unknown id are null", [], async (on) => {
  await on.user();
  for (const email of ["grace@example.com", "%", "_da.Lovelace@example.com", "' OR 1 = 1 --", ""]) {
    same(await on.store.userByEmail(email, PLAIN), null, `userByEmail(${JSON.stringify(email)})`);
  }
  const ids = [987_654, 2 ** 40, Number.MAX_SAFE_INTEGER, -1, "no such user", "0f8fad5b-d9cb-469f-a165-70867728950e", "a\0b", "' OR 1 = 1 --"];
  for (const id of ids) same(await on.store.userById(id, PLAIN), null, `userById(${JSON.stringify(id)})`);
});

check("the letter case of an address is ignored", [], async (on) => {
  const { id } = await on.user();
  for (const email of [ADDRESS.toLowerCase(), ADDRESS.toUpperCase()]) {
    same((await on.store.userByEmail(email, PLAIN))?.id, id, `userByEmail(${email})`);
    same(await on.store.insertUser({ email, password: OTHER_HASH }), null, `insertUser with the taken address ${email}`);
  }
  same((await on.store.userById(id, PLAIN))?.password, HASH, "the hash after the address was refused");
});

check("one of many simultaneous registrations of an address succeeds", [], async (on) => {
  // The first round may have to open connections one by one.
  for (let round = 0; round < 5; round += 1) {
    const address = `round${round}.${ADDRESS}`;
    const spellings = Array.from({ length: 8 }, (_, at) => `${address.slice(0, at).toUpperCase()}${address.slice(at).toLowerCase()}`);
    const rows = await Promise.all(spellings.map((email) => on.store.insertUser({ email, password: HASH })));
    const stored = rows.filter((row) => row !== null);
    same(stored.length, 1, "the number of stored users");
    same((await on.store.userByEmail(address, PLAIN))?.id, stored[0]?.id, "the user who is found");
  }
});

check("ids are exact, and users are told apart", [], async (on) => {
  const users = [];
  for (let at = 0; at < 12; at += 1) users.push(await on.user(`user${at}@example.com`));
  same(new Set(users.map(({ id }) => id)).size, users.length, "the number of different ids");
  for (const { id, email } of users) same((await on.store.userById(id, PLAIN))?.email, email, `the user with the id ${id}`);
});

check("a user who moves keeps the id and the time, and takes nobody's", ["moveUser"], async (on) => {
  const there = await on.user();
  const [id, next] = on.ids === "integer" ? [4_000, 4_001] : ["0f8fad5b-d9cb-469f-a165-70867728950e", "1f8fad5b-d9cb-469f-a165-70867728950e"];
  const user = { id, email: "Grace@example.com", password: OTHER_HASH, createdAt: "2020-01-02T03:04:05Z" };
  for (const [what, taken] of [["id", { ...user, id: there.id }], ["address", { ...user, email: ADDRESS.toUpperCase() }]] as const) {
    same(await on.store.moveUser(taken), false, `with the ${what} of another user`);
  }
  same((await on.store.userById(there.id, PLAIN))?.email, there.email, "the other user afterwards");
  const moved = await Promise.all([user, user, user].map((one) => on.store.moveUser(one)));
  same(moved.filter(Boolean).length, 1, "how many of three simultaneous moves took effect");
  const found = await on.store.userByEmail("grace@EXAMPLE.com", PLAIN);
  same([found?.id, found?.email.toLowerCase(), found?.password], [id, "grace@example.com", OTHER_HASH], "the row");
  same(Date.parse(String(found?.created_at)), Date.parse(user.createdAt), "created_at");
  same((await on.store.userById(id, PLAIN))?.email, found?.email, "the user with the id");
  same(await on.store.moveUser({ ...user, id: next, email: "mary@example.com", createdAt: undefined }), true, "without a time");
  same(Math.abs(Date.parse(String((await on.store.userById(next, PLAIN))?.created_at)) - Date.now()) < 86_400_000, true, "whether the database has set created_at");
});

check("a hash is replaced only if it is still the old one", ["replaceHash"], async (on) => {
  const [{ id }, other] = [await on.user(), await on.user("grace@example.com")];
  await on.store.replaceHash({ id, old: OTHER_HASH, new: "wrong" });
  same((await on.store.userById(id, PLAIN))?.password, HASH, "the hash after another old one");
  await on.store.replaceHash({ id, old: HASH, new: OTHER_HASH });
  same((await on.store.userById(id, PLAIN))?.password, OTHER_HASH, "the hash afterwards");
  same((await on.store.userById(other.id, PLAIN))?.password, HASH, "the same hash of another user");
});

check("one of many simultaneous replacements of a hash takes effect", ["replaceHash"], async (on) => {
  const { id } = await on.user();
  const hashes = Array.from({ length: 8 }, (_, at) => `${OTHER_HASH.slice(0, -1)}${at}`);
  await Promise.all(hashes.map((hash) => on.store.replaceHash({ id, old: HASH, new: hash })));
  const chosen = (await on.store.userById(id, PLAIN))?.password ?? "";
  same(hashes.includes(chosen), true, "the hash is one of them");
  await on.store.replaceHash({ id, old: HASH, new: "late" });
  same((await on.store.userById(id, PLAIN))?.password, chosen, "the hash after a late replacement");
});

check("a password is changed only if the user has this hash and this token version", ["changePassword"], async (on) => {
  const [{ id }, other] = [await on.user(), await on.user("grace@example.com")];
  const change = { userId: id, old: HASH, new: OTHER_HASH, tokenVersion: undefined, withSessions: false, ...WITHOUT_MAIL };
  same(await on.store.changePassword({ ...change, old: OTHER_HASH }), false, "from another hash");
  same(await on.store.changePassword({ ...change, userId: on.ids === "integer" ? 987_654 : "no such user" }), false, "of an unknown user");
  same((await on.store.userById(id, PLAIN))?.password, HASH, "the hash after these");
  same(await on.store.changePassword(change), true, "from the hash that was read");
  same(await on.store.changePassword(change), false, "the same again");
  same((await on.store.userById(id, PLAIN))?.password, OTHER_HASH, "the hash afterwards");
  same((await on.store.userById(other.id, PLAIN))?.password, HASH, "the same hash of another user");
});

check("one of many simultaneous changes of a password takes effect", ["changePassword"], async (on) => {
  const { id } = await on.user();
  const hashes = Array.from({ length: 8 }, (_, at) => `${OTHER_HASH.slice(0, -1)}${at}`);
  const change = { userId: id, old: HASH, tokenVersion: undefined, withSessions: false, ...WITHOUT_MAIL };
  const changed = await Promise.all(hashes.map((hash) => on.store.changePassword({ ...change, new: hash })));
  same(changed.filter(Boolean).length, 1, "how many took effect");
  same((await on.store.userById(id, PLAIN))?.password, hashes[changed.indexOf(true)], "the hash afterwards");
});

check("a new password ends the user's tokens and sessions, and no session is stored past it", ["changePassword", "revokeTokens", "sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  for (const one of [user, user, other]) await on.inserted(one);
  const change = { userId: user.id, old: HASH, new: OTHER_HASH, tokenVersion: 0, withSessions: true, ...WITHOUT_MAIL };
  same(await on.store.changePassword({ ...change, tokenVersion: 1 }), false, "from another token version");
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 2, "the sessions after it");
  same(await on.version(user.id), 0, "token_version after it");
  const login = () => on.sessions.insert(on.session(user, { tokenVersion: 0 }));
  const [, changed] = await Promise.all([login(), on.store.changePassword(change), login()]);
  same(changed, true, "from the token version that was read");
  same(await on.version(user.id), 1, "token_version afterwards");
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
  same((await on.sessions.list({ userId: other.id, now: NOW })).length, 1, "the sessions of another user");
  same(await on.version(other.id), 0, "token_version of another user");
});

check("the token of a mail is for one user and one new password", ["mailTokens", "changePassword"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  const token = (email: string, hash: string, now: number) => ({ kind: "password-recovery" as const, email, hash, now, expiresAt: now + 100, notSince: now - 60 });
  const found = async (hash: string, now: number) => (await on.store.mailTokens.user({ hash, now, withTokenVersion: false }))?.id ?? null;
  same((await on.store.mailTokens.store(token(ADDRESS.toUpperCase(), "one", NOW)))?.toLowerCase(), ADDRESS.toLowerCase(), "the stored address");
  same(await on.store.mailTokens.store(token(ADDRESS, "two", NOW + 59)), null, "the next one, too early");
  same(await on.store.mailTokens.store(token("nobody@example.com", "three", NOW)), null, "of nobody");
  same(await found("one", NOW + 99), user.id, "the user of the token");
  same(await found("one", NOW + 100), null, "after its time");
  same(await found("two", NOW), null, "of another token");
  await on.store.mailTokens.store(token(ADDRESS, "four", NOW + 61));
  same(await found("one", NOW + 99), user.id, "the user of the earlier token");
  await on.store.mailTokens.store(token("grace@example.com", "five", NOW + 61));
  const change = { userId: user.id, old: HASH, new: OTHER_HASH, tokenVersion: undefined, withSessions: false, withMailTokens: true, mailToken: "four", now: NOW + 62 };
  for (const [what, wrong] of [["an unknown", { mailToken: "two" }], ["an expired", { now: NOW + 161 }], ["another user's", { mailToken: "five" }]] as const) {
    same(await on.store.changePassword({ ...change, ...wrong }), false, `with ${what} token`);
  }
  same((await on.store.userById(user.id, PLAIN))?.password, HASH, "the hash after these");
  const hashes = Array.from({ length: 5 }, (_, at) => `${OTHER_HASH.slice(0, -1)}${at}`);
  const changed = await Promise.all(hashes.map((hash) => on.store.changePassword({ ...change, new: hash })));
  same(changed.filter(Boolean).length, 1, "how many of five simultaneous uses of the token took effect");
  const hash = hashes[changed.indexOf(true)] as string;
  same(await on.store.changePassword({ ...change, old: hash, new: HASH }), false, "the token again");
  same(await found("one", NOW + 62), null, "the earlier token after it");
  same(await found("five", NOW + 62), other.id, "the token of another user");
  // A new password ends a token that was not used.
  same(await on.store.changePassword({ ...change, userId: other.id, mailToken: undefined }), true, "with the old password");
  same(await found("five", NOW + 62), null, "the token after it");
});

check("an address is verified by the token of its mail, once", ["mailTokens"], async (on) => {
  const { mailTokens } = on.store;
  const row = await on.store.insertUser({ email: ADDRESS, password: HASH, isUnverified: true });
  if (!row) throw new Error("insertUser returned null for a new address");
  const other = await on.user("grace@example.com");
  const verified = async (id: UserId) => {
    const value: unknown = (await on.store.userById(id, PLAIN))?.email_verified ?? true;
    return !(value === false || value === 0 || value === "0" || value === "false");
  };
  same([await verified(row.id), await verified(other.id)], [false, true], "whether the addresses are verified");
  for (const [kind, hash] of [["email-verification", "one"], ["password-recovery", "two"]] as const) {
    same(await mailTokens.store({ kind, email: ADDRESS, hash, now: NOW, expiresAt: NOW + 100, notSince: NOW - 60 }) !== null, true, `a token for ${kind}`);
  }
  same(await mailTokens.user({ hash: "one", now: NOW, withTokenVersion: false }), null, "the user of a token of another kind");
  for (const [what, of] of [["of another kind", { hash: "two", now: NOW }], ["that has expired", { hash: "one", now: NOW + 100 }], ["that is unknown", { hash: "x", now: NOW }]] as const) {
    same(await mailTokens.verifyEmail(of), false, `with a token ${what}`);
  }
  same(await verified(row.id), false, "whether it is verified after these");
  const uses = await Promise.all([0, 1, 2].map(() => mailTokens.verifyEmail({ hash: "one", now: NOW + 99 })));
  same(uses.filter(Boolean).length, 1, "how many of three simultaneous uses took effect");
  same([await verified(row.id), await verified(other.id)], [true, true], "whether the addresses are verified afterwards");
  same((await mailTokens.user({ hash: "two", now: NOW, withTokenVersion: false }))?.id, row.id, "the user of the other token");
});

check("a user is deleted only with this hash and this token version, with the sessions", ["deleteUser", "revokeTokens", "sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  for (const one of [user, user, other]) await on.inserted(one);
  const deletion = { userId: user.id, password: HASH, tokenVersion: 0, withSessions: true, account: undefined };
  same(await on.store.deleteUser({ ...deletion, password: OTHER_HASH }), false, "with another hash");
  same(await on.store.deleteUser({ ...deletion, tokenVersion: 1 }), false, "with another token version");
  same(await on.store.deleteUser({ ...deletion, userId: on.ids === "integer" ? 987_654 : "no such user" }), false, "of an unknown user");
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 2, "the sessions after these");
  const deletions = await Promise.all([deletion, deletion, deletion].map((one) => on.store.deleteUser(one)));
  same(deletions.filter(Boolean).length, 1, "how many of three simultaneous deletions took effect");
  same([await on.store.userById(user.id, PLAIN), await on.store.userByEmail(ADDRESS, PLAIN)], [null, null], "the user afterwards");
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
  same((await on.sessions.list({ userId: other.id, now: NOW })).length, 1, "the sessions of another user");
  const again = await on.user();
  same(again.id === user.id, false, "whether the next user gets the same id");
  same(await on.store.deleteUser({ userId: again.id, password: HASH, tokenVersion: undefined, withSessions: false, account: undefined }), true, "without a version");
  same((await on.user()).id === again.id, false, "whether the next user gets the id of the last one who was deleted, whose token is still valid");
});

check("token_version starts at 0, and a revocation adds 1 for this user only", ["revokeTokens"], async (on) => {
  const [{ id }, other] = [await on.user(), await on.user("grace@example.com")];
  same(await on.version(id), 0, "token_version of a new user");
  same((await on.store.userByEmail(ADDRESS, VERSIONED))?.token_version, 0, "token_version by address");
  await on.store.revokeTokens({ id, withSessions: false });
  same(await on.version(id), 1, "token_version afterwards");
  await Promise.all(Array.from({ length: 5 }, () => on.store.revokeTokens({ id, withSessions: false })));
  same(await on.version(id), 6, "token_version after five simultaneous revocations");
  same(await on.version(other.id), 0, "token_version of another user");
});
