// One subject behind HTTP, the same on Node and on workerd. Each request runs one piece of work n times and responds at
// the end, so that the client measures the time. A wrong result is an error and not a measurement.

import hashes from "./hashes.json" with { type: "json" };
import { foreignToken } from "./subjects/pairs/keys.js";

const BULK_COST = 10;

/** A hash of argon2-cffi with its default cost. */
const ARGON2 = {
  password: "a password of 16",
  stored: "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$UyaUzat3JS+bhF2eBT/Q950B03Rxky+Q6J3xroW1QwA",
};

export async function answer(subject, url) {
  const { pathname, searchParams } = new URL(url, "http://kernel");
  const n = Number(searchParams.get("n") ?? 1);
  const work = WORKS[pathname.slice(1)];
  if (!work) return { status: 404, text: "no such work" };
  try {
    return { status: 200, text: await work(subject, n, searchParams) };
  } catch (error) {
    return { status: 500, text: String(error?.stack ?? error) };
  }
}

const WORKS = {
  nothing: async () => "ok",

  async "bcrypt-verify"(subject, n, params) {
    const hash = hashes[params.get("cost") ?? BULK_COST];
    for (let i = 0; i < n; i++) expect(await subject.verify(hashes.password, hash), "a right password is refused");
    return "ok";
  },

  async "bcrypt-refuse"(subject) {
    expect((await subject.verify("another password", hashes[BULK_COST])) === false, "a wrong password is accepted");
    return "ok";
  },

  async "bulk-verify"(subject, n) {
    const pair = { password: hashes.password, hash: hashes[BULK_COST] };
    if (!subject.verifyMany) return WORKS["bcrypt-verify"](subject, n, new URLSearchParams()).then(() => "single");
    const verdicts = await subject.verifyMany(Array.from({ length: n }, () => pair));
    expect(verdicts.length === n && verdicts.every((verdict) => verdict === true), "a bulk verdict is wrong");
    return "bulk";
  },

  async "bulk-hash"(subject, n) {
    const passwords = Array.from({ length: n }, () => hashes.password);
    const made = subject.hashMany ? await subject.hashMany(passwords, BULK_COST) : [];
    for (let i = made.length; i < n; i++) made.push(await subject.hash(hashes.password, BULK_COST));
    expect(new Set(made).size === n, "two hashes share a salt");
    return subject.hashMany ? "bulk" : "single";
  },

  async "argon2-verify"(subject, n) {
    for (let i = 0; i < n; i++) expect(await subject.verify(ARGON2.password, ARGON2.stored), "a right password is refused");
    return "ok";
  },

  async "jwt-sign"(subject, n) {
    await subject.prepare?.();
    let token;
    for (let i = 0; i < n; i++) token = await subject.sign();
    expect(token.split(".").length === 3, "no token");
    return "ok";
  },

  async "jwt-verify"(subject, n) {
    await subject.prepare?.();
    const token = await subject.sign();
    for (let i = 0; i < n; i++) expect(await subject.verify(token), "a good token is refused");
    return "ok";
  },

  async "pair-sign"(subject, n, params) {
    const alg = params.get("alg");
    await subject.prepare(alg);
    let token;
    for (let i = 0; i < n; i++) token = await subject.sign(alg);
    expect(await subject.verify(alg, token), "its own token is refused");
    return "ok";
  },

  async "pair-verify"(subject, n, params) {
    const alg = params.get("alg");
    await subject.prepare(alg);
    const token = await foreignToken(alg);
    for (let i = 0; i < n; i++) expect(await subject.verify(alg, token), "a good token is refused");
    return "ok";
  },
};

function expect(holds, message) {
  if (!holds) throw new Error(message);
}
