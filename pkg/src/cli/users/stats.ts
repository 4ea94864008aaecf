// Which hashes a table has, and the value of HASH_MIX for it.

import { randomInt } from "node:crypto";
import { kindOf } from "./check.js";

export interface Kinds {
  /** Users by scheme and cost, the most first. */
  counts: [kind: string, users: number][];
  /** The value of `HASH_MIX`, or `undefined` if the table needs none. */
  hashMix: string | undefined;
}

export async function kindsOf(hashes: AsyncIterable<string | null>): Promise<Kinds> {
  const kinds = new Map<string, { users: number; sample: string | undefined }>();
  for await (const stored of hashes) {
    const found = stored ? await kindOf(stored) : { problem: "no password hash" };
    const name = "kind" in found ? found.kind : found.problem;
    const kind = kinds.get(name);
    if (kind) kind.users += 1;
    else kinds.set(name, { users: 1, sample: "kind" in found ? (stored ?? undefined) : undefined });
  }
  const sorted = [...kinds].sort(([, one], [, other]) => other.users - one.users);
  const mixed = sorted.flatMap(([, { users, sample }]) => (sample === undefined ? [] : [`${users}:${ofNobody(sample)}`]));
  const isAllBcrypt = sorted.every(([kind]) => kind.startsWith("bcrypt") || kind.startsWith("no "));
  return { counts: sorted.map(([kind, { users }]) => [kind, users]), hashMix: mixed.length > 1 || (mixed.length > 0 && !isAllBcrypt) ? mixed.join(" ") : undefined };
}

/** A hash of the same scheme and cost that is of no password: nobody's hash must be in the settings. */
export function ofNobody(stored: string): string {
  const bcrypt = /^(\$2.\$\d\d\$)(.{21})(.)(.{30})(.)$/.exec(stored);
  if (bcrypt) {
    const [, cost = "", salt = "", lastOfSalt = "", hash = "", lastOfHash = ""] = bcrypt;
    return cost + scrambled(salt) + lastOfSalt + scrambled(hash) + lastOfHash;
  }
  const parts = stored.split(stored.includes("$") ? "$" : ":");
  const [salt = "", key = ""] = parts.slice(-2);
  // Firebase's parameters have a key of the project.
  const before = parts.slice(0, -2).map((part) => part.replace(/(?<=,sk=)[^,]+/, scrambled));
  return [...before, scrambled(salt), scrambled(key)].join(stored.includes("$") ? "$" : ":");
}

/** Random characters of the same kinds. The last one stays if it may be base64, where it may have bits that must be zero. */
function scrambled(text: string): string {
  const body = text.replace(/=*$/, "");
  const alphabet = /^[0-9a-f]+$/.test(body) ? "0123456789abcdef" : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const last = body.slice(-1);
  return Array.from(body.slice(0, -1), () => alphabet[randomInt(alphabet.length)]).join("") + (/^[^\w+/-]$/.test(last) ? "x" : last) + text.slice(body.length);
}
