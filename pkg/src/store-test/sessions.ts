// What a store must do for sessions.

import type { NewSession, SessionStore } from "../store.js";
import { collect, ADDRESS, NOW, OTHER_HASH, PLAIN, end, same, use } from "./context.js";

const { checks, check } = collect();

/** The checks of this file. */
export { checks };

check("a revocation deletes the user's sessions, with `withSessions` only", ["revokeTokens", "sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  for (const one of [user, user, other]) await on.inserted(one);
  await on.store.revokeTokens({ id: user.id, withSessions: false });
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 2, "the sessions without `withSessions`");
  await on.store.revokeTokens({ id: user.id, withSessions: true });
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
  same((await on.sessions.list({ userId: other.id, now: NOW })).length, 1, "the sessions of another user");
});

check("a session is stored only if the user has this hash and this token version", ["sessions"], async (on) => {
  const user = await on.user();
  const refused: [string, Partial<NewSession>][] = [
    ["another hash", { password: OTHER_HASH }],
    ["another token version", { tokenVersion: 1 }],
    ["another hash with the token version", { password: OTHER_HASH, tokenVersion: 0 }],
    ["an unknown user", { userId: on.ids === "integer" ? 987_654 : "no such user" }],
  ];
  for (const [name, more] of refused) same(await on.sessions.insert(on.session(user, more)), false, `insert with ${name}`);
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions after these");
  await on.inserted(user);
  await on.inserted(user, { tokenVersion: 0 });
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 2, "the sessions with the right ones");
});

check("a new session deletes no live session of the user, and no session of another user", ["sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  const live = await on.inserted(user, { now: NOW - 100, expiresAt: NOW + 1 });
  const others = await on.inserted(other, { now: NOW - 100 });
  await on.inserted(user);
  same((await on.sessions.list({ userId: user.id, now: NOW })).some(({ id }) => id === live.id), true, "the live session is there");
  same((await on.sessions.list({ userId: other.id, now: NOW })).map(({ id }) => id), [others.id], "the other user's sessions");
});

check("a refresh token is rotated, and the id is exact", ["sessions"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  const rotation = use(session);
  const row = await on.sessions.rotate(rotation);
  same([row?.user_id, row?.sealed], [user.id, rotation.sealed], "the row");
  const next = await on.sessions.rotate(use(session, { old: rotation.new, new: "third", sealed: "sealed-2", now: NOW + 120 }));
  same([next?.user_id, next?.sealed], [user.id, "sealed-2"], "the row of the next rotation");
  same(await on.sessions.rotate(use(session, { old: "unknown" })), null, "an unknown token");
  same(await on.sessions.rotate(use(session, { id: "unknown", old: "third" })), null, "an unknown session");
});

check("the same use is answered in the same way until the grace period ends", ["sessions"], async (on) => {
  const session = await on.inserted(await on.user());
  const rotation = use(session);
  await on.sessions.rotate(rotation);
  const again = (now: number) =>
    on.sessions.rotate(use(session, { new: "another", sealed: "another", now, expiresAt: now + 3600, graceSince: now - 30 }));
  same((await again(NOW + 61))?.sealed, rotation.sealed, "a second later");
  same((await again(NOW + 89))?.sealed, rotation.sealed, "29 seconds later, which the repetition has not prolonged");
  same(await again(NOW + 90), null, "30 seconds later");
  const [listed] = await on.sessions.list({ userId: (await on.store.userByEmail(ADDRESS, PLAIN))?.id ?? 0, now: NOW + 60 });
  same([listed?.last_used_at, listed?.expires_at], [NOW + 60, NOW + 3660], "the times after the repetitions");
  same((await on.sessions.rotate(use(session, { old: rotation.new })))?.sealed, rotation.sealed, "the next token is accepted");
});

check("simultaneous uses of a refresh token get the same answer", ["sessions"], async (on) => {
  const session = await on.inserted(await on.user());
  const uses = Array.from({ length: 8 }, (_, at) => use(session, { new: `next-${at}`, sealed: `sealed-${at}` }));
  const rows = await Promise.all(uses.map((rotation) => on.sessions.rotate(rotation)));
  same(new Set(rows.map((row) => row?.sealed)).size, 1, "the number of different answers");
  const winner = uses.find(({ sealed }) => sealed === rows[0]?.sealed);
  same(winner !== undefined, true, "the answer is one of them");
  const next = await on.sessions.rotate(use(session, { old: winner?.new ?? "", new: "last", sealed: "last" }));
  same(next?.sealed, "last", "the next token is the one that was answered");
});

check("an expired session is not rotated, and its absolute end is not moved", ["sessions"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  same(await on.sessions.rotate(use(session, { now: NOW + 3600 })), null, "when it expires");
  same((await on.sessions.rotate(use(session, { now: NOW + 3599, expiresAt: NOW + 7199 })))?.user_id, user.id, "a second before");
  const late = use(session, { old: use(session).new, new: "late", now: NOW + 7198, expiresAt: NOW + 10_798 });
  same((await on.sessions.rotate(late))?.user_id, user.id, "a second before the next end");
  same((await on.sessions.list({ userId: user.id, now: NOW }))[0]?.expires_at, NOW + 7200, "the end is the absolute one");
});

check("a rotation returns the user's present token_version when it is asked for", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  same((await on.sessions.rotate(use(session, { withTokenVersion: true })))?.token_version, 0, "at first");
  await on.store.revokeTokens({ id: user.id, withSessions: false });
  same((await on.sessions.rotate(use(session, { withTokenVersion: true })))?.token_version, 1, "after a revocation");
});

check("the sessions of a deleted user are not accepted", ["sessions", "deletedUsers"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  await on.hooks.deleteUser(user.id);
  same(await on.sessions.rotate(use(session)), null, "rotate");
  same(await on.sessions.insert(on.session(user)), false, "insert");
  same(await on.store.userById(user.id, PLAIN), null, "userById");
});

check("a session ends on the use of an old token, once", ["sessions"], async (on) => {
  const user = await on.user();
  const session = await on.inserted(user);
  const expired = async (more: object) => {
    const ended = await on.sessions.end(end(session, more));
    return ended && Boolean(ended.expired);
  };
  await on.sessions.rotate(use(session));
  same(await expired({ graceSince: NOW + 59 }), null, "within the grace period");
  same(await expired({ id: "unknown" }), null, "an unknown session");
  same(await expired({ old: "unknown", isVerified: false }), null, "an unknown token that is not verified");
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 1, "the sessions after these");
  same(await expired({ graceSince: NOW + 60, isVerified: false }), false, "the previous token after the grace period");
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
  same(await expired({ graceSince: NOW + 60 }), null, "once more");
});

check("the end of a session says whether it had expired", ["sessions"], async (on) => {
  const user = await on.user();
  for (const [now, expired] of [[NOW + 3599, false], [NOW + 3600, true]] as const) {
    const session = await on.inserted(user);
    same(Boolean((await on.sessions.end(end(session, { now, old: "verified" })))?.expired), expired, `after ${now - NOW} seconds`);
  }
});

check("the end of a live session raises token_version when it is asked to", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  const ended = async (more: object) => {
    const session = await on.inserted(user);
    await on.sessions.rotate(use(session));
    await on.sessions.end(end(session, { graceSince: NOW + 60, raiseTokenVersion: true, ...more }));
    return on.version(user.id);
  };
  same(await ended({ raiseTokenVersion: false }), 0, "not asked to");
  same(await ended({}), 1, "asked to");
  same(await ended({ now: NOW + 3660 }), 1, "it had expired");
  same(await ended({ graceSince: NOW + 59 }), 1, "within the grace period");
  same(await ended({ old: "unknown", isVerified: false }), 1, "an unknown token that is not verified");
  same(await ended({ old: "unknown" }), 2, "an unknown token that is verified");
});

check("a session is deleted by its name, its user and its token", ["sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  const session = await on.inserted(user);
  await on.sessions.rotate(use(session));
  const { id } = session;
  const refused: [string, Parameters<SessionStore["delete"]>[0]][] = [
    ["another name", { id: "unknown", userId: user.id, knownAs: undefined }],
    ["another user", { id, userId: other.id, knownAs: undefined }],
    ["a user who does not exist", { id, userId: "no such user", knownAs: undefined }],
    ["another token", { id, userId: undefined, knownAs: "unknown" }],
  ];
  for (const [name, asked] of refused) same(await on.sessions.delete(asked), false, `delete with ${name}`);
  same((await on.sessions.list({ userId: user.id, now: NOW })).length, 1, "the sessions after these");
  same(await on.sessions.delete({ id, userId: user.id, knownAs: session.current }), true, "delete with the previous token");
  same(await on.sessions.delete({ id, userId: user.id, knownAs: undefined }), false, "delete once more");
  const second = await on.inserted(user);
  same(await on.sessions.delete({ id: second.id, userId: undefined, knownAs: second.current }), true, "delete with the token only");
  same(await on.sessions.list({ userId: user.id, now: NOW }), [], "the sessions afterwards");
});

check("the live sessions are listed, the last used first", ["sessions"], async (on) => {
  const [user, other] = [await on.user(), await on.user("grace@example.com")];
  const first = on.session(user, { userAgent: "Firefox", address: "203.0.113.0/24" });
  same(await on.sessions.insert(first), true, "insert with a client");
  const second = await on.inserted(user, { now: NOW + 10 });
  await on.inserted(other);
  const names = async (now: number) => (await on.sessions.list({ userId: user.id, now })).map(({ id }) => id);
  same(await names(NOW), [second.id, first.id], "the newer one first");
  await on.sessions.rotate(use(first));
  same(await names(NOW), [first.id, second.id], "the last used one first");
  same(await names(NOW + 3600), [first.id], "without the one that has expired");
  const [row] = await on.sessions.list({ userId: user.id, now: NOW });
  same(
    [row?.created_at, row?.last_used_at, row?.expires_at, row?.user_agent, row?.address],
    [NOW, NOW + 60, NOW + 3660, "Firefox", "203.0.113.0/24"],
    "the columns",
  );
  same(await on.sessions.list({ userId: "no such user", now: NOW }), [], "the sessions of a user who does not exist");
});

check("no session is stored past a simultaneous revocation", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  for (let version = 0; version < 20; version += 1) {
    const revocation = () => on.store.revokeTokens({ id: user.id, withSessions: true });
    const logins = Array.from({ length: 4 }, () => () => on.sessions.insert(on.session(user, { tokenVersion: version })));
    // The revocation has another place each time. Before it a session is deleted, after it none is stored.
    const calls = logins.toSpliced(version % 5, 0, revocation as never);
    await Promise.all(calls.map((call) => call()));
    same(await on.sessions.list({ userId: user.id, now: NOW }), [], `the sessions after revocation ${version + 1}`);
  }
});

check("no refresh gets past a simultaneous revocation", ["sessions", "revokeTokens"], async (on) => {
  const user = await on.user();
  for (let version = 0; version < 20; version += 1) {
    const session = await on.inserted(user, { tokenVersion: version });
    const refresh = () => on.sessions.rotate(use(session, { withTokenVersion: true }));
    const revocation = async () => (await on.store.revokeTokens({ id: user.id, withSessions: true }), null);
    const calls = [refresh, refresh, refresh].toSpliced(version % 4, 0, revocation);
    const rows = await Promise.all(calls.map((call) => call()));
    const versions = rows.flatMap((row) => row?.token_version ?? []);
    same(versions.filter((one) => one !== version), [], `the token versions before revocation ${version + 1}`);
  }
});
