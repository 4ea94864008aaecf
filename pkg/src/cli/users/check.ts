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
}

/** Those who are there already: each one has a number, by which address and id belong together. */
export class StoredUsers {
  readonly #byEmail = new Numbers();
  readonly #byId = new Numbers();
  /** By number and hash: {@link ACTIVE} or {@link INACTIVE}. */
  readonly #states = new Numbers();
  #users = 0;

  add({ id, email, password, isActive }: { id: string | number; email: string; password: string | null; isActive: boolean }): void {
    this.#users += 1;
    this.#byEmail.add(fingerprint(email.toLowerCase()), this.#users);
    this.#byId.add(fingerprint(String(id)), this.#users);
    this.#states.add(fingerprint(`${this.#users} ${password ?? ""}`), isActive ? ACTIVE : INACTIVE);
  }

  get byEmail(): Pick<Numbers, "get"> {
    return this.#byEmail;
  }

  get byId(): Pick<Numbers, "get"> {
    return this.#byId;
  }

  /** Whether a user is active; `undefined` if the user has another hash than this one. */
  isActive(user: number, password: string): boolean | undefined {
    const state = this.#states.get(fingerprint(`${user} ${password}`));
    return state === undefined ? undefined : state === ACTIVE;
  }
}

const [ACTIVE, INACTIVE] = [1, 2];

/** The names that exports give to what is stored, the first one first. */
const NAMES = {
  // Auth0 has `_id`, Firebase `localId`.
  id: ["id", "user_id", "uid", "localId", "_id"],
  // Clerk has `primary_email_address`.
  email: ["email", "primary_email_address", "email_address", "username"],
  // FastAPI's template has `hashed_password`, Supabase `encrypted_password`, Auth0 and Firebase `passwordHash`, Clerk `password_digest`.
  password: ["password", "hashed_password", "encrypted_password", "passwordHash", "password_hash", "password_digest"],
  createdAt: ["created_at", "createdAt", "date_joined"],
  isActive: ["is_active"],
  isDisabled: ["disabled", "blocked", "banned", "banned_until", "deleted_at"],
  // Supabase has the time of it.
  isVerified: ["email_verified", "emailVerified", "email_confirmed_at"],
} as const;

type Field = keyof typeof NAMES;

/** Names of columns of one's own, such as `password=pw_hash`. */
export type Mapping = Partial<Record<Field, string>>;

export const FIELDS = Object.keys(NAMES) as Field[];

export interface CheckOptions {
  mapping: Mapping;
  /** The type of the table's ids; `undefined` if it is not known. */
  ids: "integer" | "text" | undefined;
  /** Whether the database gives an id to a user who has none. */
  givesIds: boolean;
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
  /** The first line of an address and of an id. */
  readonly #lines = { email: new Numbers(), id: new Numbers() };
  /** Hashes by scheme and cost. */
  readonly kinds = new Map<string, number>();

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  async check(line: number, fields: Record<string, unknown>): Promise<Checked> {
    const of = (field: Field) => this.#field(fields, field);
    if (Object.values(fields).some((value) => typeof value === "string" && value.includes("\0"))) return problem("a NUL character");
    const [typed, given] = [of("email"), of("id")];
    if (typeof typed !== "string" || typed.trim() === "") return problem("no e-mail address");
    const email = lookedUp(typed);
    if (email === undefined) return problem("an e-mail address that no login finds: it is too long");
    const key = fingerprint(email.toLowerCase());
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
    if (createdAt === null) return problem("a time of creation that is none");
    const [active, disabled, verified] = [of("isActive"), of("isDisabled"), of("isVerified")];
    const isSaid = !isEmpty(active) || disabled !== undefined;
    const isActive = isSaid ? (isEmpty(active) || truth(active)) && !isPresent(disabled) : undefined;
    const { stored, overwrite } = this.#options;
    const [there, ofId] = [stored.byEmail.get(key), idKey && stored.byId.get(idKey)];
    if (there === undefined && ofId !== undefined) return problem("the id is there already, with another e-mail address");
    if (there !== undefined) {
      if (idKey !== undefined && there !== ofId) return problem("the e-mail address is there already, with another id");
      const wasActive = stored.isActive(there, password);
      const isSame = wasActive !== undefined && (!overwrite || isActive === undefined || isActive === wasActive);
      if (isSame || !overwrite) return { kept: isSame ? "same" : "another hash" };
    }
    this.kinds.set(kind.kind, (this.kinds.get(kind.kind) ?? 0) + 1);
    return { user: { id, email, password, createdAt, isActive, isVerified: verified === undefined || truth(verified) }, isThere: there !== undefined };
  }

  #field(fields: Record<string, unknown>, field: Field): unknown {
    const { mapping } = this.#options;
    const names = mapping[field] === undefined ? NAMES[field] : [mapping[field]];
    const name = names.find((name) => fields[name] !== undefined);
    return name === undefined ? undefined : fields[name];
  }

  #id(given: unknown): string | number | undefined | { problem: string } {
    if (this.#options.newIds || given === undefined || given === null || given === "") return undefined;
    // MongoDB's form, which Auth0 exports.
    const id = isObject(given) ? given["$oid"] : given;
    if (typeof id !== "string" && typeof id !== "number" && typeof id !== "bigint") return problem("an id that is neither a number nor a text");
    if (this.#options.ids === "text") return String(id);
    if (/^[1-9]\d{0,15}$/.test(String(id)) && Number.isSafeInteger(Number(id))) return Number(id);
    if (this.#options.ids === undefined) return String(id);
    return problem("an id that is no positive whole number, as those of the table are: `--new-ids` leaves the ids of the file out, and their tokens become invalid");
  }

  #password(fields: Record<string, unknown>, given: unknown): string | { problem: string } {
    // Django's mark of an unusable password is `!`, and what follows is random.
    if (typeof given !== "string" || given === "" || given.startsWith("!")) return problem("no password hash: `--skip-without-password` leaves such users out");
    const salt = fields["salt"];
    // Django writes the name of its hasher before a hash that has a form of its own: `argon2$argon2id$v=19$...`, `bcrypt$$2b$12$...`.
    if (typeof salt !== "string" || fields["passwordHash"] !== given) return given.trim().replace(/^(?:argon2(?=\$argon2)|bcrypt\$(?=\$2))/, "");
    const { firebase } = this.#options;
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
      return { kind: found.cost ? `argon2id, m=${found.cost.memory},t=${found.cost.passes},p=${found.cost.lanes}` : found.kind };
  }
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

/** `null` for what is no time. */
function time(value: unknown): string | undefined | null {
  if (isEmpty(value)) return undefined;
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  // Milliseconds since 1970, as Firebase has them, or seconds. PostgreSQL writes a space and a short offset.
  const date = typeof number === "number" ? new Date(number < 1e11 ? number * 1000 : number) : new Date(String(number).replace(/^(\d{4}-\d{2}-\d{2}) /, "$1T").replace(/([+-]\d{2})$/, "$1:00"));
  if (Number.isNaN(date.getTime())) return null;
  // As FastAPI writes it at `GET /me`: with six digits of the second, or none. PostgreSQL leaves zeros out, and a `Date` has three digits.
  const digits = typeof number === "string" ? (/:\d{2}\.(\d+)/.exec(number)?.[1] ?? "").slice(0, 6).padEnd(6, "0") : "000000";
  return date.toISOString().replace(/\.\d+Z$/, digits === "000000" ? "Z" : `.${digits}Z`);
}

/** What databases and programs write for a truth value; a time counts as true. */
function truth(value: unknown): boolean {
  return ![undefined, null, "", "0", "f", "false", "no", "off"].includes(typeof value === "string" ? value.toLowerCase() : (value as null)) && value !== false && value !== 0;
}

/** The same for a state that may have an end, which has passed. */
function isPresent(value: unknown): boolean {
  const end = typeof value === "string" && /^\d{4}-/.test(value) ? time(value) : undefined;
  return truth(value) && !(typeof end === "string" && Date.parse(end) < Date.now());
}
