// Reads exported users: CSV, NDJSON (one JSON object in a line), or a JSON array, also compressed by gzip.

import { createReadStream, createWriteStream, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";
import { unreadable, UsageError } from "../usage.js";
import { temporaryFolder } from "./temporary.js";

/** A user as the file has it, or what is wrong with the line. */
export type Read = { line: number } & ({ fields: Record<string, unknown> } | { problem: string });

/** What can be read twice: once to check it, once to store it. */
export interface Source {
  read(): AsyncIterable<Read>;
  close(): Promise<void>;
}

/** A file, or `-` for standard input. It is read twice, so what can be read once is copied to a temporary file that only this user can read. */
export async function fileSource(name: string): Promise<Source> {
  if (name === "-" && process.stdin.isTTY) throw new UsageError("`-` reads users from standard input: pipe a file into it");
  if (name !== "-") {
    const file = stats(name);
    if (file.isDirectory()) throw new UsageError(`${name} cannot be read: it is a folder`);
    if (file.isFile()) return { read: () => readFile(name), close: async () => {} };
  }
  const folder = temporaryFolder();
  const copy = join(folder.path, "users");
  try {
    await pipeline(name === "-" ? process.stdin : createReadStream(name), createWriteStream(copy, { mode: 0o600 }));
  } catch (error) {
    folder.remove();
    throw new UsageError(`${name} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  return { read: () => readFile(copy), close: async () => folder.remove() };
}

function stats(name: string): Stats {
  try {
    return statSync(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unreadable(name, code);
  }
}

async function* readFile(name: string): AsyncGenerator<Read> {
  const blocks = decoded(bytesOf(name));
  const first = await blocks.next();
  if (first.done) throw new UsageError("the file is empty: export the users again");
  const all = again(first.value, blocks);
  const start = first.value.trimStart();
  if (start.startsWith("[")) return yield* readJson(all);
  if (!start.startsWith("{")) return yield* readCsv(all, isFirebase(start));
  const one = user(start.split("\n", 1)[0] ?? "");
  yield* "fields" in one && !Array.isArray(one.fields["users"]) ? readLines(all) : readJson(all);
}

async function* bytesOf(name: string): AsyncGenerator<Buffer> {
  try {
    const [head] = await createReadStream(name, { end: 1 }).toArray();
    const isGzip = head?.[0] === 0x1f && head[1] === 0x8b;
    const file = createReadStream(name);
    if (!isGzip) return yield* file;
    const gunzip = createGunzip();
    // An error of either is that of the other.
    pipeline(file, gunzip).catch(() => {});
    yield* gunzip;
  } catch (error) {
    const { code } = error as { code?: string };
    throw new UsageError(`${name} cannot be read: ${code === "Z_BUF_ERROR" ? "the end of the compressed file is missing" : (code ?? String(error))}`);
  }
}

/** Decodes whole lines, so that an error has the number of one. */
async function* decoded(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let [lines, isFirst, max] = [0, true, LINE_MAX];
  // Of a line that has not ended yet.
  let [rest, length]: [Buffer[], number] = [[], 0];
  const decode = (block: Buffer): string => {
    try {
      return utf8.decode(block);
    } catch {
      for (let begin = 0; ; lines += 1) {
        const end = block.indexOf(10, begin) + 1 || block.length;
        if (isUtf8(utf8, block.subarray(begin, end))) begin = end;
        else throw new UsageError(`line ${lines + 1} is not UTF-8: save the file as UTF-8`);
      }
    }
  };
  for await (const chunk of chunks) {
    if (isFirst && chunk.length >= 2 && ["fffe", "feff"].includes(chunk.subarray(0, 2).toString("hex"))) {
      throw new UsageError("the file is UTF-16: save it as UTF-8");
    }
    if (isFirst && /^(?:\xef\xbb\xbf)?\s*[[{]/.test(chunk.toString("latin1", 0, 1000))) max = JSON_MAX;
    isFirst = false;
    const end = chunk.lastIndexOf(10) + 1;
    if (end === 0) {
      rest.push(chunk);
      length += chunk.length;
      if (length > (lines === 0 ? max : LINE_MAX)) throw new UsageError(`line ${lines + 1} has more than ${(lines === 0 ? max : LINE_MAX) / 2 ** 20} MB`);
      continue;
    }
    const text = decode(Buffer.concat([...rest, chunk.subarray(0, end)]));
    yield text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
    rest = [Buffer.from(chunk.subarray(end))];
    length = chunk.length - end;
  }
  if (length > 0) yield decode(Buffer.concat(rest));
}

/** Bytes of a line. */
const LINE_MAX = 2 ** 24;

/** Bytes of a JSON document in one line. */
const JSON_MAX = 2 ** 28;

function isUtf8(decoder: TextDecoder, bytes: Buffer): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

async function* again(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

/** The columns of `firebase auth:export users.csv`, which has no line with their names. */
const OF_FIREBASE = [
  ...["localId", "email", "emailVerified", "passwordHash", "salt", "displayName", "photoUrl"],
  ...["google", "facebook", "twitter", "github"].flatMap((provider) => ["Id", "Email", "DisplayName", "PhotoUrl"].map((what) => provider + what)),
  ...["createdAt", "lastSignedInAt", "phoneNumber", "disabled", "customAttributes"],
];

/** How many columns it has: its first version had no `disabled`, and each line ends with a comma. */
const FIREBASE_WIDTHS = [26, 27, 28, 29];

/** Whether the text begins with a user of Firebase: no column is named `true` or `false`. */
function isFirebase(text: string): boolean {
  return /^[^",\s]+,(?:[^",\s]+@[^",\s]+)?,(?:true|false),[\w+/=-]*,[\w+/=-]*,/.test(text);
}

/** The names of the columns, by the first record. */
function namesOf(record: string[], isOfFirebase: boolean): { names: string[]; isHeader: boolean } {
  if (isOfFirebase && FIREBASE_WIDTHS.includes(record.length)) return { names: [...OF_FIREBASE, ""].slice(0, record.length), isHeader: false };
  // What only a user has: an address, or the text of a hash.
  if (isOfFirebase || record.some((value) => /.@.|^\$\w+\$|^pbkdf2|^scrypt:/.test(value))) {
    const widths = isOfFirebase ? `; a CSV export of Firebase has ${FIREBASE_WIDTHS[0]} to ${FIREBASE_WIDTHS.at(-1)} fields, and this line ${record.length}` : "";
    throw new UsageError(`line 1 has a user instead of the names of the columns: add a line such as id,email,password above it${widths}`);
  }
  const names = record.map((name) => name.trim());
  if (new Set(names).size < names.length) throw new UsageError("line 1: two columns have the same name");
  return { names, isHeader: true };
}

/** The first line has the names of the columns, except in an export of Firebase. */
async function* readCsv(blocks: AsyncIterable<string>, isOfFirebase: boolean): AsyncGenerator<Read> {
  // Firebase writes a quote in a name as it is.
  // Line ends of several systems may be mixed, if lines were added by hand.
  const records = parse({ record_delimiter: ["\r\n", "\n", "\r"], max_record_size: LINE_MAX, bom: true, info: true, relax_column_count: true, relax_quotes: isOfFirebase, skip_empty_lines: true });
  const feeding = feed(blocks, records);
  let names: string[] | undefined;
  try {
    for await (const { record, info } of records as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (!names) {
        const first = namesOf(record, isOfFirebase);
        names = first.names;
        if (first.isHeader) continue;
      }
      const line = info.lines;
      if (record.length !== names.length) yield { line, problem: `${record.length} fields instead of ${names.length}` };
      else yield { line, fields: Object.fromEntries(names.map((name, at) => [name, record[at]])) };
    }
    await feeding;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The message has a part of the file.
    throw new UsageError(`line ${Number(error["lines"])}: the CSV is broken (${error.code.replace(/^CSV_/, "").replaceAll("_", " ").toLowerCase()})`);
  }
}

async function feed(blocks: AsyncIterable<string>, parser: ReturnType<typeof parse>): Promise<void> {
  try {
    for await (const block of blocks) {
      if (!parser.write(block)) await roomIn(parser);
      if (parser.destroyed) return;
    }
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

/** Waits until more can be written, or nobody reads any more. */
function roomIn(parser: ReturnType<typeof parse>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      parser.off("drain", done).off("close", done);
      resolve();
    };
    parser.on("drain", done).on("close", done);
  });
}

async function* readLines(blocks: AsyncIterable<string>): AsyncGenerator<Read> {
  let line = 0;
  for await (const block of blocks) {
    const lines = block.replace(/^\uFEFF/, "").split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (const text of lines) {
      line += 1;
      if (text.trim() !== "") yield { line, ...user(text) };
    }
  }
}

function user(text: string): { fields: Record<string, unknown> } | { problem: string } {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? { fields: value } : { problem: "no JSON object" };
  } catch {
    return { problem: "no JSON" };
  }
}

/** An array of users, or an object that has one under `users`. The numbers are those of the users. */
async function* readJson(blocks: AsyncIterable<string>): AsyncGenerator<Read> {
  let text = "";
  for await (const block of blocks) text += block;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new UsageError("the file is no JSON");
  }
  const users = isObject(value) ? value["users"] : value;
  if (!Array.isArray(users)) throw new UsageError("the JSON is neither an array of users nor an object with one under `users`");
  for (const [at, user] of users.entries()) yield { line: at + 1, ...(isObject(user) ? { fields: user } : { problem: "no JSON object" }) };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
