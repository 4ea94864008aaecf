// What a store must do for the lockout.

import { collect, ADDRESS, HASH, NOW, failure, same } from "./context.js";

const { checks, check } = collect();

/** The checks of this file. */
export { checks };

check("the user of a login is found with and without a row about logins", ["attempts"], async (on) => {
  const user = await on.user();
  const find = (email: string, account: string, withTokenVersion = false) =>
    on.attempts.find({ email, withTokenVersion, account, client: "c", now: NOW });
  const found = await find(ADDRESS.toUpperCase(), "a");
  same([found.user?.id, found.user?.email, found.user?.password, found.attempts], [user.id, user.email, HASH, null], "without a row");
  same(await find("grace@example.com", "a"), { user: null, attempts: null }, "an unknown address without a row");
  await on.attempts.count(failure(NOW));
  const counted = await find(ADDRESS, "a");
  same([counted.user?.id, counted.attempts?.failures], [user.id, 1], "with a row");
  same((await find("grace@example.com", "a")).attempts?.failures, 1, "an unknown address with a row");
  same((await find(ADDRESS, "b")).attempts, null, "another account");
});

check("the user of a login has a token_version when it is asked for", ["attempts", "revokeTokens"], async (on) => {
  const user = await on.user();
  await on.store.revokeTokens({ id: user.id, withSessions: false });
  const found = await on.attempts.find({ email: ADDRESS, withTokenVersion: true, account: "a", client: "", now: NOW });
  same(found.user?.token_version, 1, "token_version");
});

check("logins are counted, and forgotten after a time", ["attempts"], async (on) => {
  same(await on.attempted(""), null, "before the first one");
  same(await on.attempts.count(failure(NOW)), 1, "what is returned for the first one");
  same(await on.attempts.count(failure(NOW + 10)), 2, "what is returned for the second one");
  same(await on.attempted(""), ["", 2, NOW + 10, NOW + 1810], "after two");
  same(await on.attempts.count(failure(NOW + 20, { counts: false, expiresAt: NOW })), 2, "what is returned for one that does not count");
  same(await on.attempted(""), ["", 2, NOW + 10, NOW + 1810], "after one that does not count and expires earlier");
  same(await on.attempted("", "b"), null, "another account");
  await on.attempts.count(failure(NOW + 909));
  same(await on.attempted(""), ["", 3, NOW + 909, NOW + 2709], "899 seconds after the last one");
  await on.attempts.count(failure(NOW + 1809));
  same(await on.attempted(""), ["", 1, NOW + 1809, NOW + 3609], "900 seconds after the last one");
  for (const most of [2, 2, 1]) same(await on.attempts.count(failure(NOW + 1810, { most })), 2, "what is counted no further");
});

check("simultaneous logins are counted one by one", ["attempts"], async (on) => {
  const counted = await Promise.all(Array.from({ length: 8 }, () => on.attempts.count(failure(NOW))));
  same(counted.toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8], "what is returned");
  same(await on.attempted(""), ["", 8, NOW, NOW + 1800], "after eight");
});

check("a client that has logged in has a row of its own", ["attempts"], async (on) => {
  await on.attempts.count(failure(NOW));
  await on.attempts.succeeded({ account: "a", client: "c", isKnown: true, expiresAt: NOW + 5000 });
  same(await on.attempted("c"), ["c", 0, 0, NOW + 5000], "the client");
  same(await on.attempted("d"), ["", 1, NOW, NOW + 1800], "another client");
  same(await on.attempted("c", "b"), null, "the client in another account");
  for (const at of [1, 2]) await on.attempts.count(failure(NOW + at, { client: "c" }));
  same(await on.attempted("c"), ["c", 2, NOW + 2, NOW + 5000], "the client after failures");
  same(await on.attempted(""), ["", 1, NOW, NOW + 1800], "the others after these");
});

check("a success takes back the login that was counted", ["attempts"], async (on) => {
  for (const at of [1, 2]) await on.attempts.count(failure(NOW + at));
  await on.attempts.succeeded({ account: "b", client: "", isKnown: false, expiresAt: NOW });
  same((await on.attempted(""))?.[1], 2, "after one in another account");
  await on.attempts.succeeded({ account: "a", client: "", isKnown: false, expiresAt: NOW });
  same(await on.attempted(""), ["", 1, NOW + 2, NOW + 1802], "after one of an unknown address");
  await on.attempts.succeeded({ account: "a", client: "c", isKnown: false, expiresAt: NOW + 9000 });
  same(await on.attempted(""), ["", 0, NOW + 2, NOW + 1802], "after one of a client that becomes known");
  same(await on.attempted("c"), ["c", 0, 0, NOW + 9000], "the client");
  await on.attempts.succeeded({ account: "a", client: "", isKnown: false, expiresAt: NOW });
  same((await on.attempted(""))?.[1], 0, "not below 0");
  for (const at of [3, 4]) await on.attempts.count(failure(NOW + at, { client: "c" }));
  await on.attempts.count(failure(NOW + 5));
  await on.attempts.succeeded({ account: "a", client: "c", isKnown: true, expiresAt: NOW + 9001 });
  same((await on.attempted("c"))?.toSpliced(2, 1), ["c", 0, NOW + 9001], "a known client, whose own failures are forgotten");
  same((await on.attempted(""))?.[1], 1, "the failures of others");
});

check("five clients of an account are known, the last used ones", ["attempts"], async (on) => {
  await on.attempts.count(failure(NOW));
  await on.attempts.succeeded({ account: "b", client: "other", isKnown: true, expiresAt: NOW });
  for (const at of [1, 2, 3, 4, 5, 6]) await on.attempts.succeeded({ account: "a", client: `c${at}`, isKnown: true, expiresAt: NOW + at });
  const known = async () => {
    const rows = await Promise.all([1, 2, 3, 4, 5, 6].map((at) => on.attempted(`c${at}`)));
    return rows.flatMap((row) => (row?.[0] ? [row[0]] : []));
  };
  same(await known(), ["c2", "c3", "c4", "c5", "c6"], "after six");
  await on.attempts.succeeded({ account: "a", client: "c2", isKnown: true, expiresAt: NOW + 7 });
  await on.attempts.succeeded({ account: "a", client: "c1", isKnown: true, expiresAt: NOW + 1 });
  same(await known(), ["c1", "c2", "c4", "c5", "c6"], "after the first one again");
  await on.attempts.succeeded({ account: "a", client: "", isKnown: false, expiresAt: NOW + 9 });
  same((await known()).length, 5, "after one of an unknown address");
  same(await on.attempted(""), ["", 0, NOW, NOW + 1800], "the row of unknown clients is still there");
  same((await on.attempted("other", "b"))?.[0], "other", "the client of another account is still there");
});

check("expired rows go by themselves", ["attempts"], async (on) => {
  for (const account of ["b", "c"]) await on.attempts.count(failure(NOW, { account }));
  await on.attempts.count(failure(NOW + 900, { account: "d" }));
  await on.attempts.count(failure(NOW + 1800));
  same([await on.attempted("", "b"), await on.attempted("", "c")], [null, null], "those that have expired");
  same((await on.attempted("", "d"))?.[1], 1, "one that has not");
  // What has expired counts no more, even where it is still there.
  await on.attempts.count(failure(NOW, { account: "kept" }));
  await on.attempts.succeeded({ account: "kept", client: "c", isKnown: true, expiresAt: NOW + 100 });
  same((await on.attempted("c", "kept", NOW + 99))?.[0], "c", "a known client a second before");
  same(await on.attempted("c", "kept", NOW + 100), ["", 1, NOW, NOW + 1800], "a known client that has expired");
  same(await on.attempted("c", "kept", NOW + 1800), null, "failures that have expired");
});
