// The command `edgegate shadow report`: what the log says of two backends that are compared.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { LogEntry } from "edgegate";
import { unreadable, UsageError } from "./usage.js";

/** What a difference means, and what to do. */
const DIFFERENCES: Record<string, string> = {
  status: "the edge would have answered another status; the reason says why",
  body: "the bodies differ as JSON",
  token: "the token of the other backend is not valid at the edge: SECRET_KEY, ALGORITHM, USER_ID_CLAIM, JWT_ISSUER and JWT_AUDIENCE must be those of the other backend",
  user: "the user is another one: the ids of both tables must be the same",
  claims: "the token of the other backend has claims that those of the edge have not: see JWT_CLAIMS, and `claims` of createGate",
  lifetime: "the tokens expire at different times: see ACCESS_TOKEN_EXPIRE_MINUTES",
};

/** What a reason means, where the text of the difference does not say it. */
const REASONS: Record<string, string> = {
  "unknown-user": "the edge has no user with this address: import the users who are missing, or set TRICKLE=on",
  "wrong-password": "the edge has another password: import again with --overwrite, or set TRICKLE=on",
  "rate-limited": "the edge would have limited the requests of this client or account",
  "store-unavailable": "the edge's database did not answer",
};

type Compared = Pick<LogEntry, "reason" | "path" | "status" | "upstream_status" | "difference" | "refusal">;

interface Group extends Compared {
  requests: number;
}

/** Returns the exit status: 1 if there is a disagreement. */
export async function shadowReport(file: string): Promise<number> {
  const groups = new Map<string, Group>();
  let failures = 0;
  for await (const entry of entriesOf(file)) {
    if (entry.reason === "upstream") failures += 1;
    if (!entry.reason.startsWith("shadow-")) continue;
    const { reason, path = "", status, upstream_status, difference, refusal } = entry;
    const key = JSON.stringify([path, upstream_status, status, reason, difference, reason === "shadow-agreed" ? undefined : refusal]);
    const group = groups.get(key) ?? { reason, path, status, upstream_status, difference, refusal, requests: 0 } as Group;
    groups.set(key, group);
    group.requests += 1;
  }
  const found = [...groups.values()].sort((one, other) => String(one.path).localeCompare(String(other.path)) || other.requests - one.requests);
  if (found.length === 0) throw new UsageError(`there is no comparison in this log${failures > 0 ? `, and the other backend did not answer ${counted(failures)} requests` : ": SHADOW=on logs one for each POST /login and GET /me"}`);
  print(found, failures);
  return found.some(({ reason }) => reason === "shadow-disagreed") ? 1 : 0;
}

function print(found: Group[], failures: number): void {
  const rows = [["requests", "route", "old", "edge", ""], ...found.map(rowOf)];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  for (const row of rows) console.log(row.map((cell, at) => (at === 0 ? cell.padStart(widths[0] as number) : cell.padEnd(widths[at] ?? 0))).join("  ").replace(/[\0-\x1f\x7f-\x9f]/g, "?").trimEnd());
  const sum = (reason: string) => found.filter((group) => group.reason === reason).reduce((sum, { requests }) => sum + requests, 0);
  const [agreed, stored, disagreed, skipped] = ["shadow-agreed", "shadow-stored", "shadow-disagreed", "shadow-skipped"].map(sum) as [number, number, number, number];
  console.log(`\n${counted(agreed + stored + disagreed)} compared: ${counted(agreed)} agreed, ${stored > 0 ? `${counted(stored)} will the next time, because the user or the password was stored, ` : ""}${counted(disagreed)} disagreed`);
  if (skipped > 0) console.log(`${counted(skipped)} were not compared: at most four are at once, within the rate limits and up to 16 KiB`);
  if (failures > 0) console.log(`${counted(failures)} requests were not answered by the other backend`);
  const differing = found.filter(({ reason }) => reason === "shadow-disagreed");
  for (const [named, meanings] of [[differing.map(({ difference }) => difference), DIFFERENCES], [differing.map(({ refusal }) => refusal), REASONS]] as const) {
    for (const name of new Set(named)) if (name !== undefined && meanings[name]) console.log(`\n${name}: ${meanings[name]}`);
  }
}

function rowOf({ requests, path = "", status, upstream_status, reason, difference, refusal }: Group): string[] {
  const what = [reason.slice("shadow-".length), ...(reason === "shadow-disagreed" ? [difference, refusal] : [])].filter((part) => part !== undefined);
  return [counted(requests), path, String(upstream_status), String(status), what.join(", ")];
}

const counted = (count: number): string => count.toLocaleString("en-US");

/**
 * The entries of a log: a line of JSON each, as the console has them, whatever is before or behind it, or within a text of another JSON, as
 * `wrangler tail --format json` and exports of Workers Logs have them.
 */
async function* entriesOf(file: string): AsyncGenerator<LogEntry> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  const failed = new Promise<never>((_, reject) => {
    input.on("error", ({ code }: NodeJS.ErrnoException) => reject(unreadable(file, code)));
  });
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await Promise.race([lines.next(), failed]);
    if (done) return;
    yield* entriesIn(value);
  }
}

function* entriesIn(line: string): Generator<LogEntry> {
  const messages = [...line.matchAll(MESSAGE)].map(({ index, 0: found }) => line.slice(index + found.indexOf("{")).replaceAll('\\"', '"'));
  const at = line.indexOf('{"source":"edgegate"');
  for (const text of messages.length > 0 || at < 0 ? messages : [line.slice(at)]) {
    const entry = objectOf(text);
    if (entry && typeof entry["reason"] === "string") yield entry as unknown as LogEntry;
  }
}

/** An entry as a message in another JSON, where it is an element of an array: a header field of a client, which is there too, is none. */
const MESSAGE = /(?:^|[[,])\s*"\{\\"source\\":\\"edgegate\\"/g;

/** The JSON object at the beginning. Entries are flat: it ends at the first brace outside of a text. */
function objectOf(text: string): Record<string, unknown> | undefined {
  for (let end = text.indexOf("}"); end >= 0; end = text.indexOf("}", end + 1)) {
    try {
      return JSON.parse(text.slice(0, end + 1)) as Record<string, unknown>;
    } catch {
      // A brace within a text.
    }
  }
  return undefined;
}
