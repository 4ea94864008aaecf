// Checks a user before anything is stored, whatever program has exported it.

import { bcryptCost, EdgegateError, storedEmail } from "edgegate";
import { schemes } from "edgegate/schemes";
import { fingerprint, Numbers } from "./fingerprints.js";
import { isObject } from "./read.js";

/** A user to store. */
export interface ImportedUser {
  id: string | number | undefined;
  email: string;
  password: string;
  /** As RFC 3339 has it. */
  createdAt: string | undefined;
  /** `undefined` if the file does not say: a new user is active, and one who is there already stays as before. */
  isActive: boolean | undefined;
  isVerified: boolean;
  /** `undefined` if the file does not say. */
  tokenVersion: number | undefined;
}

/** Those who are there already: each one has a number, by which address and id belong together. */
export class StoredUsers {
  readonly #byEmail = new Numbers();
  readonly #byId = new Numbers();
  /** By number and hash: 1, plus 1 for an active user, plus 2 for each token version. */
  readonly #states = new Numbers();
  #users = 0;

  add({ id, email, password, isActive, tokenVersion }: { id: string | number; email: string | null; password: string | null } & State): void {
    this.#users += 1;
    if (email !== null) this.#byEmail.add(fingerprint(folded(email)), this.#users);
    this.#byId.add(fingerprint(String(id)), this.#users);
    this.#states.add(fingerprint(`${this.#users} ${password ?? ""}`), 1 + Number(isActive) + 2 * Math.min(tokenVersion, TOKEN_VERSION_MAX));
  }

  get byEmail(): Pick<Numbers, "get"> {
    return this.#byEmail;
  }

  get byId(): Pick<Numbers, "get"> {
    return this.#byId;
  }

  /** The state of a user; `undefined` if the user has another hash than this one. */
  state(user: number, password: string): State | undefined {
    const state = this.#states.get(fingerprint(`${user} ${password}`));
    return state === undefined ? undefined : { isActive: (state - 1) % 2 === 1, tokenVersion: Math.floor((state - 1) / 2) };
  }
}

interface State {
  isActive: boolean;
  tokenVersion: number;
}

/** A state is a number of 32 bits. Nobody has logged out more often. */
const TOKEN_VERSION_MAX = 2 ** 30;

/** What a text id may have at most: indexes of databases and tokens have limits. */
const ID_MAX = 255;

/** The names that exports give to what is stored, as {@link plainName} writes them. Where several columns say whether a user may log in, each one counts. */
const NAMES = {
  // Auth0 has `_id`, Firebase `localId`.
  id: ["id", "userid", "uid", "localid", "_id"],
  // Clerk has `primary_email_address`.
  email: ["email", "primaryemailaddress", "emailaddress", "username"],
  // FastAPI's template has `hashed_password`, Supabase `encrypted_password`, Auth0 and Firebase `passwordHash`, Clerk `password_digest`.
  password: ["password", "hashedpassword", "encryptedpassword", "passwordhash", "passworddigest"],
  createdAt: ["createdat", "datejoined"],
  isActive: ["isactive", "active", "isenabled", "enabled"],
  isDisabled: ["disabled", "blocked", "banned", "suspended", "deleted"].flatMap((state) => [state, `is${state}`, `${state}at`, `${state}until`]),
  // Supabase has the time of it.
  isVerified: ["emailverified", "emailconfirmedat"],
  tokenVersion: ["tokenversion"],
} as const satisfies Record<string, readonly string[]>;

type Field = keyof typeof NAMES;

/** Names of columns of one's own, such as `password=pw_hash`. */
export type Mapping = Partial<Record<Field, string>>;

export const FIELDS = Object.keys(NAMES) as Field[];

export interface CheckOptions {
  mapping: Mapping;
  /** The type of the table's ids; `undefined` if it is not known. */
  ids: "integer" | "text" | "uuid" | undefined;
  /** Whether the database gives an id to a user who has none. */
  givesIds: boolean;
  /** Whether the type of the ids is that of PostgreSQL, which reads a UUID in any letter case. */
  isPostgres: boolean;
  /** Leaves the ids of the file out. */
  newIds: boolean;
  stored: StoredUsers;
  /** Gives those who are there already the hash and the state of the file. */
  overwrite: boolean;
  firebase: FirebaseParameters | undefined;
}

/** The parameters of a Firebase project's scrypt. */
export interface FirebaseParameters {
  signerKey: string;
  saltSeparator: string;
  rounds: string;
  memCost: string;
}

/** What is to be done with a user; a problem names no address, password or hash. */
export type Checked = { user: ImportedUser; isThere: boolean } | { kept: "same" | "another hash" } | { problem: string };

/** Checks one user after the other, and says the same about the same line again. */
export class Checker {
  readonly #options: CheckOptions;
  readonly #names: Record<Field, readonly string[]>;
  readonly #known: ReadonlySet<string>;
  /** The first line of an address and of an id. */
  readonly #lines = { email: new Numbers(), id: new Numbers() };
  /** Hashes by scheme and cost. */
  readonly kinds = new Map<string, number>();
  /** Columns that a line has, and whether what they say is used; by their plain names. */
  readonly columns = new Map<string, { name: string; isUsed: boolean }>();

  constructor(options: CheckOptions) {
    this.#options = options;
    const { mapping } = options;
    this.#names = Object.fromEntries(FIELDS.map((field) => [field, mapping[field] === undefined ? NAMES[field] : [plainName(mapping[field])]])) as Record<Field, string[]>;
    this.#known = new Set(Object.values(this.#names).flat());
  }

  /** Columns of the mapping that no line has had. */
  get missingColumns(): string[] {
    return Object.values(this.#options.mapping).filter((name) => !this.columns.has(plainName(name)));
  }

  /** `stored` are those who are there now, if they are not those of the options any more. */
  async check(line: number, fields: Record<string, unknown>, stored = this.#options.stored): Promise<Checked> {
    const values = new Map<string, unknown>();
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === "string" && value.includes("\0")) return problem("a NUL character");
      const plain = plainName(name);
      const isKnown = this.#known.has(plain);
      if (isKnown && values.has(plain) && values.get(plain) !== value) return problem("two columns whose names differ in letter case or `_` only");
      values.set(plain, value);
      if ((isKnown || this.columns.size < COLUMNS_MAX) && !this.columns.has(plain)) this.columns.set(plain, { name, isUsed: false });
    }
    const of = (field: Field) => this.#first(values, field);
    const [typed, given] = [of("email"), of("id")];
    if (typeof typed !== "string" || typed.trim() === "") return problem("no e-mail address");
    const email = lookedUp(typed);
    if (email === undefined) return problem("an e-mail address that no login finds: it is too long, or has half of a character");
    const key = fingerprint(folded(email));
    const twice = another(line, this.#lines.email.add(key, line));
    if (twice !== undefined) return problem(`the same e-mail address as line ${twice}, ignoring letter case`);
    const id = this.#id(given);
    if (typeof id === "object") return id;
    if (id === undefined && !this.#options.givesIds) return problem("no id, and the table gives none");
    const idKey = id === undefined ? undefined : fingerprint(String(id));
    const earlier = idKey && another(line, this.#lines.id.add(idKey, line));
    if (earlier !== undefined) return problem(`the same id as line ${earlier}`);
    const password = this.#password(fields, of("password"));
    if (typeof password === "object") return password;
    const kind = await kindOf(password);
    if ("problem" in kind) return kind;
    const createdAt = time(of("createdAt"));
    if (createdAt === null) return problem("a time of creation that is none, or can be read in several ways: write it as 2024-05-01T10:00:00Z");
    const isActive = this.#isActive(values);
    const verified = of("isVerified");
    const isVerified = verified === undefined ? true : (happened(verified, false) ?? (isEmpty(verified) ? false : null));
    if (isActive === null || isVerified === null) return problem(`${isActive === null ? "a state" : "a verification"} that is neither true nor false, nor a time`);
    const tokenVersion = version(of("tokenVersion"));
    if (tokenVersion === null) return problem("a token_version that is no whole number");
    const { overwrite } = this.#options;
    const [there, ofId] = [stored.byEmail.get(key), idKey && stored.byId.get(idKey)];
    if (there === undefined && ofId !== undefined) return problem("the id is there already, with another e-mail address");
    if (there !== undefined) {
      if (idKey !== undefined && there !== ofId) return problem("the e-mail address is there already, with another id");
      const state = stored.state(there, password);
      const isSame = state !== undefined && (!overwrite || ((isActive === undefined || isActive === state.isActive) && (tokenVersion ?? 0) <= state.tokenVersion));
      if (isSame || !overwrite) return { kept: isSame ? "same" : "another hash" };
    }
    this.kinds.set(kind.kind, (this.kinds.get(kind.kind) ?? 0) + 1);
    return { user: { id, email, password, createdAt, isActive, isVerified, tokenVersion }, isThere: there !== undefined };
  }

  /** The first column of the field that the line has. */
  #first(values: ReadonlyMap<string, unknown>, field: Field): unknown {
    const name = this.#names[field].find((name) => values.get(name) !== undefined);
    return name === undefined ? undefined : this.#use(values, name);
  }

  #use(values: ReadonlyMap<string, unknown>, name: string): unknown {
    this.#mark(name);
    return values.get(name);
  }

  #mark(name: string): void {
    const column = this.columns.get(name);
    if (column) column.isUsed = true;
  }

  /** Whether no column says that the user may not log in: `undefined` if none says anything, `null` if one says something unknown. */
  #isActive(values: ReadonlyMap<string, unknown>): boolean | undefined | null {
    const states: (boolean | undefined | null)[] = [];
    for (const name of this.#names.isActive) {
      if (!values.has(name)) continue;
      const value = this.#use(values, name);
      // The library takes NULL for false.
      states.push(value === null ? false : truth(value));
    }
    for (const name of this.#names.isDisabled) {
      if (!values.has(name)) continue;
      const disabled = happened(this.#use(values, name), name.endsWith("until"));
      states.push(disabled === undefined || disabled === null ? disabled : !disabled);
    }
    if (states.includes(null)) return null;
    return states.includes(false) ? false : states.includes(true) ? true : undefined;
  }

  #id(given: unknown): string | number | undefined | { problem: string } {
    if (this.#options.newIds) return undefined;
    // MongoDB's form, which Auth0 exports.
    const id = isObject(given) ? given["$oid"] : given;
    if (isEmpty(id)) return problem("no id: `--new-ids` lets the table give new ones, and tokens of the old ones become invalid");
    if (typeof id === "number" && !Number.isSafeInteger(id)) return problem("an id that JSON does not keep as it is: write it as a text");
    if (typeof id !== "string" && typeof id !== "number") return problem("an id that is neither a number nor a text");
    const text = String(id);
    if (text.trim() === "" || text.length > ID_MAX || /[\0\p{Surrogate}]/u.test(text)) return problem(`an id that is blank, has more than ${ID_MAX} characters, or has one that is none`);
    const { ids, isPostgres } = this.#options;
    if (ids === "text") return text;
    if (isPostgres && ids !== "integer" && UUID.test(text)) return text.toLowerCase();
    if (ids === "uuid") return problem("an id that is no UUID, as those of the table are: `--new-ids` leaves the ids of the file out, and their tokens become invalid");
    if (/^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    if (ids === undefined) return text;
    return problem("an id that is no positive whole number, as those of the table are: `--new-ids` leaves the ids of the file out, and their tokens become invalid");
  }

  #password(fields: Record<string, unknown>, given: unknown): string | { problem: string } {
    // Django's mark of an unusable password is `!`, and what follows is random.
    if (typeof given !== "string" || given === "" || given.startsWith("!")) return problem("no password hash: `--skip-without-password` leaves such users out");
    const salt = fields["salt"];
    // Django writes the name of its hasher before a hash that has a form of its own: `argon2$argon2id$v=19$...`, `bcrypt$$2b$12$...`.
    if (typeof salt !== "string" || fields["passwordHash"] !== given) return given.trim().replace(/^(?:argon2(?=\$argon2)|bcrypt\$(?=\$2))/, "");
    const { firebase } = this.#options;
    this.#mark("salt");
    if (!firebase) return problem("a hash of Firebase, which needs the parameters of the project: set FIREBASE_SIGNER_KEY, and FIREBASE_SALT_SEPARATOR, FIREBASE_ROUNDS and FIREBASE_MEM_COST if they are not Bw==, 8 and 14");
    const { signerKey, saltSeparator, rounds, memCost } = firebase;
    const base64 = (text: string) => text.replaceAll("-", "+").replaceAll("_", "/");
    return `$fbscrypt$v=1,n=${memCost},r=${rounds},p=1,ss=${base64(saltSeparator)},sk=${base64(signerKey)}$${base64(salt)}$${base64(given)}`;
  }
}

/** Whether the user has no hash, such as one who logs in by another service. */
export function isWithoutPassword(checked: Checked): boolean {
  return "problem" in checked && checked.problem.startsWith("no password hash");
}

/** The scheme and the cost of a stored hash. */
export async function kindOf(stored: string): Promise<{ kind: string } | { problem: string }> {
  if (/^\$2[a-z]?\$/.test(stored)) {
    try {
      return { kind: `bcrypt, cost ${bcryptCost(stored)}` };
    } catch (error) {
      if (!(error instanceof EdgegateError)) throw error;
      return problem(`a hash of bcrypt that no login can verify: ${error.message}`);
    }
  }
  if (stored.startsWith("bcrypt_sha256$")) return problem("a hash of Django's bcrypt_sha256, which no login verifies: the user has to get a new password");
  const found = await schemes.describe(stored);
  switch (found) {
    case "unknown":
      return problem("a password hash of an unknown scheme");
    case "malformed":
      return problem("a password hash that begins as one of a known scheme, and is none");
    case "too-costly":
      return problem("a password hash that takes more than a login may compute");
    default:
      if (typeof found === "string") return problem(`a password hash that cannot be read: ${found}`);
      return { kind: found.cost ? `argon2id, m=${found.cost.memory},t=${found.cost.passes},p=${found.cost.lanes}` : `${found.kind}${costOf(stored)}` };
  }
}

/** Users of one scheme and of several costs are told apart by the time of a refusal. */
function costOf(stored: string): string {
  const [, firebase = "", argon2 = "", iterations = "", scrypt = ""] = /^\$fbscrypt\$v=\d+,(n=\d+,r=\d+,p=\d+)|^\$(argon2[id]+(?:\$v=\d+)?\$m=\d+,t=\d+,p=\d+)|^pbkdf2(?:_sha256\$|:sha256:)(\d+)|^scrypt:(\d+:\d+:\d+)/.exec(stored) ?? [];
  const cost = [firebase, argon2.replaceAll("$", " "), iterations && `${iterations} iterations`, scrypt].find((cost) => cost !== "");
  return cost === undefined ? "" : `, ${cost}`;
}

function problem(problem: string): { problem: string } {
  return { problem };
}

function lookedUp(typed: string): string | undefined {
  try {
    return storedEmail(typed);
  } catch {
    // Half of a surrogate pair, or a text of a megabyte.
    return undefined;
  }
}

/** A line that has it already, and is not this one. */
function another(line: number, first: number | undefined): number | undefined {
  return first === line ? undefined : first;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** A name of a column without letter case and the `_` between words: `emailVerified` and `email_verified` are the same. */
function plainName(name: string): string {
  return name.trim().toLowerCase().replace(/(?!^)_/g, "");
}

/** The letters A to Z, as the stores compare addresses. */
function folded(email: string): string {
  return email.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How many names of columns are kept, of lines that have any. */
const COLUMNS_MAX = 200;

/** As RFC 3339 has it; PostgreSQL writes a space and a short offset. Without an offset it is UTC, and a date is its first second. */
const TIME = /^(\d{4}-(\d\d)-(\d\d))(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9}))? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** 2000 to 2100, in seconds since 1970. Other numbers may be anything, such as a date of digits. */
const [SECONDS_MIN, SECONDS_MAX] = [946_684_800, 4_102_444_800];

/** `null` for what is no time. */
function time(given: unknown): string | undefined | null {
  // MongoDB's form.
  const value = isObject(given) ? given["$date"] : given;
  if (isEmpty(value)) return isObject(given) ? null : undefined;
  const text = String(value).trim();
  if (typeof value === "number" || /^\d+(?:\.\d+)?$/.test(text)) {
    // Milliseconds, as Firebase has them, or seconds.
    const seconds = Number(text) < SECONDS_MAX ? Number(text) : Number(text) / 1000;
    return seconds >= SECONDS_MIN && seconds < SECONDS_MAX ? written(new Date(seconds * 1000)) : null;
  }
  const [, day = "", , , minute = "00:00", second = ":00", fraction = "", zone = "Z"] = (typeof value === "string" && TIME.exec(text)) || [];
  const offset = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "") || "00"}` : "Z";
  const [date, midnight] = [new Date(`${day}T${minute}${second}${offset}`), new Date(`${day}T00:00:00Z`)];
  // JavaScript takes the 31st of a month of 30 days for the first of the next one.
  return Number.isNaN(date.getTime()) || !midnight.toISOString().startsWith(day) ? null : written(date, fraction);
}

/** As FastAPI writes it at `GET /me`: with six digits of the second, or none. PostgreSQL leaves zeros out, and a `Date` has three digits. */
function written(date: Date, fraction = ""): string {
  const digits = fraction.slice(0, 6).padEnd(6, "0");
  return date.toISOString().replace(/\.\d+Z$/, digits === "000000" ? "Z" : `.${digits}Z`);
}

/** What databases and programs write for a truth value. */
const TRUTHS = new Map<unknown, boolean>([
  ...["true", "t", "1", "yes", "y", "on"].map((text) => [text, true] as const),
  ...["false", "f", "0", "no", "n", "off"].map((text) => [text, false] as const),
]);

/** `undefined` if nothing is given, `null` for what is no truth value. */
function truth(value: unknown): boolean | undefined | null {
  if (isObject(value) || Array.isArray(value)) return null;
  const text = String(value ?? "").trim().toLowerCase();
  return text === "" ? undefined : (TRUTHS.get(text) ?? null);
}

/** The same for what may also have the time at which it happened, or the time at which it ends. */
function happened(value: unknown, isEnd: boolean): boolean | undefined | null {
  const said = truth(value);
  if (said !== null) return said;
  if (isEnd && value === "infinity") return true;
  const at = time(value);
  if (typeof at !== "string") return null;
  return !isEnd || Date.parse(at) > Date.now();
}

/** `null` for what is none. */
function version(value: unknown): number | undefined | null {
  if (isEmpty(value)) return undefined;
  const number = typeof value === "string" && /^\d{1,10}$/.test(value.trim()) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= TOKEN_VERSION_MAX ? number : null;
}
