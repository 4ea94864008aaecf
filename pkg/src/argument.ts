// Arguments are checked before they enter wasm: the glue would use a value of a wrong type as an address, and trap.

/** Length of a text that is passed to wasm, in UTF-16 code units: 1 MiB, far more than any limit of the core. */
const TEXT_MAX = 1024 * 1024;

/** Length of all texts of a list together, in UTF-16 code units: several hundred thousand passwords. */
const LIST_TEXT_MAX = 4 * TEXT_MAX;

/** Number of entries of a list. */
const LIST_MAX = 1_000_000;

/**
 * @throws {TypeError} unless the value is a string without lone surrogates, which UTF-8 cannot encode.
 * @throws {RangeError} when it is longer than 1 MiB: wasm would have to hold a copy.
 */
export function text(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`edgegate: ${name} must be a string, not ${kindOf(value)}`);
  if (value.length > TEXT_MAX) throw new RangeError(`edgegate: ${name} is longer than ${TEXT_MAX} characters`);
  if (!isWellFormed(value)) throw new TypeError(`edgegate: ${name} has half of a surrogate pair`);
  return value;
}

/** Whether the value is a string that wasm can hold a copy of. For tokens, where any other value is a refusal and not an error. */
export function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_MAX;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function isWellFormed(value: string): boolean {
  return !LONE_SURROGATE.test(value);
}

/** @throws {TypeError} unless the value is a number or left out. */
export function optionalNumber(name: string, value: unknown): number | undefined {
  if (value !== undefined && typeof value !== "number") {
    throw new TypeError(`edgegate: ${name} must be a number, not ${kindOf(value)}`);
  }
  return value;
}

/** @throws {TypeError} unless the value can be the id of a user: a number, a string or a bigint. */
export function userId(name: string, value: unknown): number | string {
  if (typeof value === "number") return value;
  if (typeof value === "string") return text(name, value);
  // A bigint that no number holds exactly becomes one that the core refuses. The glue would trap on a bigint.
  if (typeof value === "bigint") return Number(value);
  throw new TypeError(`edgegate: ${name} must be a number or a string, not ${kindOf(value)}`);
}

/** @throws {TypeError} unless the value is a function. */
export function callable(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`edgegate: ${name} must be a function, not ${kindOf(value)}`);
}

/** @throws {TypeError} unless the value is an object. */
export function object<T extends object>(name: string, value: T): T {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`edgegate: ${name} must be an object, not ${kindOf(value)}`);
  }
  return value;
}

/** @throws {TypeError} unless the value is an object that is no array. */
export function members<T extends object>(name: string, value: T): T {
  if (Array.isArray(value)) throw new TypeError(`edgegate: ${name} must be an object, not an array`);
  return object(name, value);
}

/** @throws {TypeError} unless the value is an object with no other members than these: an option that is misspelt would be ignored. */
export function known<T extends object>(name: string, value: T, members: readonly string[]): T {
  for (const member of Object.keys(object(name, value))) {
    if (!members.includes(member)) throw new TypeError(`edgegate: ${name} has no member ${JSON.stringify(member)}: they are ${members.join(", ")}`);
  }
  return value;
}

/** The names of an environment that wasm compares with those of the settings, with spaces in between. */
export function namesOf(env: object): string {
  return Object.keys(env).filter((name) => /^\w{1,99}$/.test(name)).slice(0, 1000).join(" ");
}

/**
 * Reads a list of texts entry by entry, because an array may have holes or overridden methods.
 *
 * @throws {TypeError} unless the value is an array, and as {@link text} for the result of `pick`.
 * @throws {RangeError} when the list is too long for wasm to hold a copy.
 */
export function texts<T>(name: string, value: readonly T[], ...picks: [string, (entry: T) => unknown][]): string[][] {
  if (!Array.isArray(value)) throw new TypeError(`edgegate: ${name} must be an array, not ${kindOf(value)}`);
  if (value.length > LIST_MAX) throw new RangeError(`edgegate: ${name} has more than ${LIST_MAX} entries`);
  const lists = picks.map((): string[] => []);
  let length = 0;
  for (let at = 0; at < value.length; at += 1) {
    const entry = value[at] as T;
    picks.forEach(([member, pick], which) => {
      const picked = text(`${name}[${at}]${member}`, pick(entry));
      length += picked.length;
      if (length > LIST_TEXT_MAX) throw new RangeError(`edgegate: ${name} holds more than ${LIST_TEXT_MAX} characters`);
      lists[which]?.push(picked);
    });
  }
  return lists;
}

/**
 * Reads the settings with these names as strings. A getter that throws does so here, outside wasm. In wasm, `NaN` would be unset.
 *
 * @throws {TypeError} for a setting of another type: ignoring it could disable a check.
 */
export function plainSettings(names: readonly string[], env: object): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const name of names) {
    const value: unknown = env[name as keyof typeof env];
    if (value === undefined || value === null) continue;
    settings[name] = text(name, typeof value === "number" || typeof value === "boolean" ? String(value) : value);
  }
  return settings;
}

/** @throws {TypeError} unless the value is an array. */
export function array<T>(name: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`edgegate: ${name} must be an array, not ${kindOf(value)}`);
  return Array.from({ length: value.length }, (_, at) => value[at] as T);
}

/** Copies a store's row, so that getters run once and outside wasm. */
export function plainRow(row: unknown): Record<string, unknown> | null {
  return row === null || row === undefined ? null : { ...object("a store's row", row as object) };
}

/** The columns that the core reads. A value of an impossible type becomes `false`, which the core refuses with the column's name. */
export function coreColumns(row: Record<string, unknown>): Record<string, unknown> {
  const { id, email, password, created_at, token_version, is_active, email_verified } = row;
  return {
    id: plainValue(id),
    email: plainValue(email),
    // Only `null` says that the user has none.
    password: plainValue(password === undefined ? false : password),
    created_at: plainValue(created_at instanceof Date ? isoDate(created_at) : created_at),
    ...(token_version === undefined ? {} : { token_version: plainValue(token_version) }),
    // Others store when it was.
    ...(email_verified === undefined ? {} : { email_verified: email_verified === true || email_verified instanceof Date || plainValue(email_verified) }),
    ...(is_active === undefined ? {} : { is_active: is_active === true || plainValue(is_active) }),
  };
}

/** The columns of a row about sessions, in the types that the core checks. */
export function plainColumns(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value === true || plainValue(value)]));
}

/** The columns that the core does not read, for the app. */
export function furtherColumns(row: Record<string, unknown>): Record<string, unknown> {
  const { id: _id, email: _email, password: _password, created_at: _created, token_version: _version, is_active: _active, email_verified: _verified, ...further } = row;
  return further;
}

function plainValue(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : false;
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? value : false;
  return value === undefined || value === null || isText(value) ? value : false;
}

function isoDate(date: Date): string | false {
  return Number.isNaN(Date.prototype.getTime.call(date)) ? false : Date.prototype.toISOString.call(date);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}
