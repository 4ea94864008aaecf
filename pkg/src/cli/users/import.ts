// Brings users along: all are checked before one is stored.

import { createWriteStream } from "node:fs";
import { UsageError } from "../usage.js";
import { Checker, isWithoutPassword, type Checked, type CheckOptions, type ImportedUser } from "./check.js";
import { counted, Progress } from "./progress.js";
import type { Source } from "./read.js";
import { afterInserts, storedUsers, writes, type Table, type Write } from "./rows.js";

export interface ImportOptions extends Pick<CheckOptions, "mapping" | "newIds" | "firebase" | "overwrite"> {
  /** Stores the users in whose lines nothing is wrong, although something is wrong in others. */
  partial: boolean;
  skipWithoutPassword: boolean;
  /** Checks only. */
  dryRun: boolean;
  /** A file for all problems; the first ones are shown in any case. */
  report: string | undefined;
}

/** How many problems are shown. */
const SHOWN = 20;

/** Returns the exit status: 1 if something is wrong. */
export async function importUsers(source: Source, table: Table, options: ImportOptions): Promise<number> {
  const [begun, progress] = [Date.now(), new Progress()];
  const stored = await storedUsers(table);
  const { ids, givesIds } = table;
  const checking = { ...options, ids, givesIds, stored };
  const counts = { users: 0, overwritten: 0, same: 0, other: 0, without: 0, problems: 0 };
  const report = options.report === undefined ? undefined : createWriteStream(options.report, { mode: 0o600 });
  report?.on("error", (error: NodeJS.ErrnoException) => {
    console.error(`edgegate: ${options.report} cannot be written: ${error.code}`);
  });
  const tell = (line: number, problem: string) => {
    counts.problems += 1;
    report?.write(`${JSON.stringify({ line, problem })}\n`);
    if (counts.problems <= SHOWN) (progress.clear(), console.error(`line ${line}: ${problem}`));
    if (counts.problems === SHOWN + 1) console.error(options.report === undefined ? "... and more: `--report FILE` has all of them" : `... and more, in ${options.report}`);
  };
  const checker = new Checker(checking);
  for await (const { line, checked } of allChecked(source, table, checker)) {
    if ("user" in checked) counts[checked.isThere ? "overwritten" : "users"] += 1;
    else if ("kept" in checked) counts[checked.kept === "same" ? "same" : "other"] += 1;
    else if (options.skipWithoutPassword && isWithoutPassword(checked)) counts.without += 1;
    else tell(line, checked.problem);
    progress.show(() => `${counted(counts.users + counts.overwritten + counts.same + counts.other + counts.problems)} users checked`);
  }
  progress.clear();
  report?.end();
  for (const [kind, users] of [...checker.kinds].sort(([, one], [, other]) => other - one)) console.error(`${counted(users).padStart(11)}  ${kind}`);
  const isRefused = counts.problems > 0 && !options.partial;
  const changed = counts.users + counts.overwritten;
  const isStored = !isRefused && !options.dryRun && changed > 0;
  if (isStored) {
    const users = toWrite(allChecked(source, table, checker), table.database.isFile && options.overwrite);
    await table.database.run(allOf(table, users, (rows) => progress.show(() => `${counted(rows)} of ${counted(changed)} users stored`)));
    progress.clear();
  }
  const verb = isStored ? (table.database.isFile ? "written" : "imported") : "to import";
  const parts = [
    `${counted(counts.users)} ${verb}`,
    ...(counts.overwritten > 0 ? [`${counted(counts.overwritten)} ${isStored ? "overwritten" : "to overwrite"}`] : []),
    ...(counts.same + counts.other > 0 ? [`${counted(counts.same + counts.other)} there already${counts.other > 0 ? ` (${counted(counts.other)} with another hash, which was kept)` : ""}`] : []),
    ...(counts.without > 0 ? [`${counted(counts.without)} without a password left out`] : []),
    `${counted(counts.problems)} refused`,
  ];
  console.log(`${table.database.name}: ${parts.join(", ")}; ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  if (isRefused) console.error("Nothing was stored. Mend these lines and run it again, or add `--partial` to leave them out.");
  return isRefused ? 1 : 0;
}

/** What the user has and the table cannot hold: to leave it out would let the user in. */
function columnMissing({ columns, database }: Table, { isActive, isVerified }: ImportedUser, isThere: boolean): string | undefined {
  const why = (column: string, migration: number) => `the table has no column ${column}${database.kind === "sqlite" ? `: apply migration ${migration} first` : ""}`;
  if (isActive === false && !columns.has("is_active")) return `the user is not active, and ${why("is_active", 6)}`;
  if (!isThere && !isVerified && !columns.has("email_verified")) return `the address is not verified, and ${why("email_verified", 7)}`;
  return undefined;
}

async function* allChecked(source: Source, table: Table, checker: Checker): AsyncGenerator<{ line: number; checked: Checked }> {
  for await (const read of source.read()) {
    const checked = "problem" in read ? read : await checker.check(read.line, read.fields);
    const missing = "user" in checked ? columnMissing(table, checked.user, checked.isThere) : undefined;
    yield { line: read.line, checked: missing === undefined ? checked : { problem: missing } };
  }
}

/** The users in whose lines nothing is wrong. Nobody knows who is in the table of a file for SQL. */
async function* toWrite(all: AsyncIterable<{ checked: Checked }>, isEither: boolean): AsyncGenerator<Write> {
  for await (const { checked } of all) {
    if ("user" in checked) yield { user: checked.user, how: isEither ? "either" : checked.isThere ? "overwrite" : "insert" };
  }
}

async function* allOf(table: Table, users: AsyncIterable<Write>, done: (rows: number) => void): AsyncGenerator<string[]> {
  yield* writes(table, users, done);
  const after = afterInserts(table);
  if (after.length > 0) yield after;
}

/** `email=mail,password=pw_hash` */
export function mappingOf<F extends string>(text: string | undefined, fields: readonly F[]): Partial<Record<F, string>> {
  const mapping: Partial<Record<F, string>> = {};
  for (const part of text?.split(",") ?? []) {
    const [field = "", column = ""] = part.split("=").map((half) => half.trim());
    const known = fields.find((known) => known === field);
    if (known === undefined || column === "") throw new UsageError(`--map is FIELD=COLUMN,...; the fields are ${fields.join(", ")}`);
    mapping[known] = column;
  }
  return mapping;
}
