// Brings users along: all are checked before one is stored.

import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { UsageError } from "../usage.js";
import { Checker, isWithoutPassword, type Checked, type CheckOptions, type ImportedUser, type StoredUsers } from "./check.js";
import { counted, Progress } from "./progress.js";
import type { Source } from "./read.js";
import { afterIds, storedUsers, writes, type Table, type Write } from "./rows.js";

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
  const problems = new Problems(options.report);
  try {
    return await checkAndStore(source, table, options, problems);
  } catch (error) {
    problems.discard();
    throw error;
  } finally {
    problems.close();
  }
}

async function checkAndStore(source: Source, table: Table, options: ImportOptions, problems: Problems): Promise<number> {
  const [begun, { progress }] = [Date.now(), problems];
  const stored = await storedUsers(table);
  const { ids, givesIds, database } = table;
  const checker = new Checker({ ...options, ids, givesIds, stored, isPostgres: database.kind === "postgres" });
  const counts = { users: 0, overwritten: 0, same: 0, other: 0, without: 0 };
  let lines = 0;
  for await (const { line, checked } of allChecked(source, table, checker)) {
    lines += 1;
    if ("user" in checked) counts[checked.isThere ? "overwritten" : "users"] += 1;
    else if ("kept" in checked) counts[checked.kept === "same" ? "same" : "other"] += 1;
    else if (options.skipWithoutPassword && isWithoutPassword(checked)) counts.without += 1;
    else problems.tell(line, checked.problem);
    progress.show(() => `${counted(lines)} users checked`);
  }
  progress.clear();
  const { missingColumns } = checker;
  if (lines > 0 && missingColumns.length > 0) throw new UsageError(`--map names a column that is not there: ${missingColumns.join(", ")}`);
  tellColumns(checker);
  for (const [kind, users] of [...checker.kinds].sort(([, one], [, other]) => other - one)) console.error(`${counted(users).padStart(11)}  ${kind}`);
  const isRefused = problems.count > 0 && !options.partial;
  const refused = problems.count;
  const changed = counts.users + counts.overwritten;
  const isStored = !isRefused && !options.dryRun && changed > 0;
  let [lost, isUndone, done] = [{ users: 0, overwritten: 0 }, false, 0];
  if (isStored) {
    const users = toWrite(allChecked(source, table, checker), database.isFile && options.overwrite);
    const lists = allOf(table, asCounted(users, changed), (rows) => {
      done = rows;
      progress.show(() => `${counted(rows)} of ${counted(changed)} users stored`);
    });
    const check = async (inDatabase: number | undefined) => {
      if (database.isFile || inDatabase === changed) return;
      lost = await tellLost(source, table, checker, problems);
      if (lost.users + lost.overwritten > 0 && database.isAtomic && !options.partial) throw new NothingStored();
    };
    try {
      await database.run(lists, check);
    } catch (error) {
      if (!(error instanceof NothingStored)) throw database.isAtomic || done === 0 ? error : new UsageError(`${(error as Error).message}\n\n${counted(done)} of ${counted(changed)} users are stored. Run the same again: it goes on with the others.`, error instanceof UsageError ? error.next : undefined);
      [isUndone, lost] = [true, { users: 0, overwritten: 0 }];
    }
    progress.clear();
  }
  const verb = isStored && !isUndone ? (database.isFile ? "written" : "imported") : "to import";
  const parts = [
    `${counted(counts.users - lost.users)} ${verb}`,
    ...(counts.overwritten > 0 ? [`${counted(counts.overwritten - lost.overwritten)} ${verb === "to import" ? "to overwrite" : "overwritten"}`] : []),
    ...(counts.same + counts.other > 0 ? [`${counted(counts.same + counts.other)} there already${counts.other > 0 ? ` (${counted(counts.other)} with another hash, which was kept)` : ""}`] : []),
    ...(counts.without > 0 ? [`${counted(counts.without)} without a password left out`] : []),
    `${counted(refused)} refused`,
    ...(problems.count > refused ? [`${counted(problems.count - refused)} not taken by the database`] : []),
  ];
  console.log(`${database.name}: ${parts.join(", ")}; ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  if (isRefused || isUndone) console.error("Nothing was stored. Mend these lines and run it again, or add `--partial` to leave them out.");
  return isRefused || problems.count > refused || problems.isBroken ? 1 : 0;
}

/** The transaction is to be undone. */
class NothingStored extends Error {}

/** Problems by line: the first ones on standard error, and all of them in the report. */
class Problems {
  readonly progress = new Progress();
  readonly #name: string | undefined;
  #file: number | undefined;
  count = 0;
  /** Whether the report could not be written. */
  isBroken = false;

  constructor(report: string | undefined) {
    this.#name = report;
    if (report === undefined) return;
    try {
      // Not over another file, such as the one that is imported.
      this.#file = openSync(report, "wx", 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new UsageError(`${report} cannot be written: ${code === "EEXIST" ? "it exists already, so choose another name" : code}`);
    }
  }

  tell(line: number, problem: string): void {
    this.count += 1;
    if (this.#file !== undefined && !this.isBroken) {
      try {
        writeSync(this.#file, `${JSON.stringify({ line, problem })}\n`);
      } catch (error) {
        this.isBroken = true;
        console.error(`edgegate: ${this.#name} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
      }
    }
    if (this.count <= SHOWN) (this.progress.clear(), console.error(`line ${line}: ${problem}`));
    if (this.count === SHOWN + 1) console.error(this.#name === undefined ? "... and more: `--report FILE` has all of them" : `... and more, in ${this.#name}`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Removes a report without a problem, so that the same can be run again. */
  discard(): void {
    this.close();
    if (this.#name !== undefined && this.count === 0) rmSync(this.#name, { force: true });
  }
}

/** Says which columns are read: one that says who may log in, and is not known, would be missed otherwise. */
function tellColumns({ columns }: Checker): void {
  const named = (isUsed: boolean) => {
    const names = [...columns.values()].filter((column) => column.isUsed === isUsed).map(({ name }) => name.trim()).filter((name) => name !== "");
    // A name of a JSON object may be anything, also an address.
    const shown = names.filter((name) => /^[\w. -]{1,40}$/.test(name)).slice(0, 40);
    return [...shown, ...(shown.length < names.length ? [`${names.length - shown.length} more`] : [])].join(", ") || "none";
  };
  if (columns.size > 0) console.error(`columns that are used: ${named(true)}\ncolumns that are ignored: ${named(false)}`);
}

/** The same users as were counted, or none: a file may be replaced in between. */
async function* asCounted(users: AsyncIterable<Write>, expected: number): AsyncGenerator<Write> {
  let found = 0;
  for await (const user of users) {
    found += 1;
    yield user;
  }
  if (found !== expected) throw new UsageError("the file has changed while it was read: run the same again");
}

/** Users who were to be stored, and are not there: another user has the address, the id, or another value that must be unique. */
async function tellLost(source: Source, table: Table, checker: Checker, problems: Problems): Promise<{ users: number; overwritten: number }> {
  const now: StoredUsers = await storedUsers(table);
  const lost = { users: 0, overwritten: 0 };
  for await (const { line, fields } of withFields(source)) {
    const before = await checker.check(line, fields);
    if (!("user" in before) || columnMissing(table, before.user, before.isThere) !== undefined) continue;
    const after = await checker.check(line, fields, now);
    if ("kept" in after && after.kept === "same") continue;
    lost[before.isThere ? "overwritten" : "users"] += 1;
    problems.tell(line, "the database has not taken the user: another row has the address, the id, or another value that must be unique");
  }
  return lost;
}

async function* withFields(source: Source): AsyncGenerator<{ line: number; fields: Record<string, unknown> }> {
  for await (const read of source.read()) if ("fields" in read) yield read;
}

/** What the user has and the table cannot hold: to leave it out would let the user in. */
function columnMissing({ columns, database }: Table, { isActive, isVerified, tokenVersion = 0 }: ImportedUser, isThere: boolean): string | undefined {
  const why = (column: string, migration: number) => `the table has no column ${column}${database.kind === "sqlite" ? `: apply migration ${migration} first` : ""}`;
  if (isActive === false && !columns.has("is_active")) return `the user is not active, and ${why("is_active", 6)}`;
  if (!isThere && !isVerified && !columns.has("email_verified")) return `the address is not verified, and ${why("email_verified", 7)}`;
  if (tokenVersion > 0 && !columns.has("token_version")) return `tokens of the user were revoked, and ${why("token_version", 2)}`;
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
  let hasIds = false;
  async function* watched(): AsyncGenerator<Write> {
    for await (const write of users) {
      hasIds ||= typeof write.user.id === "number" && write.how !== "overwrite";
      yield write;
    }
  }
  yield* writes(table, watched(), done);
  if (hasIds && table.database.kind === "postgres" && (table.ids === "integer" || table.database.isFile)) yield [afterIds(table)];
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
