// Arguments are checked before they enter wasm: the glue would use a value of a wrong type as an address, and trap.

/** Length of a text that is passed to wasm, in UTF-16 code units: 1 MiB, far more than any limit of the core. */
const TEXT_MAX = 1024 * 1024;

/**
 * @throws {TypeError} unless the value is a string.
 * @throws {RangeError} when it is longer than 1 MiB: wasm would have to hold a copy.
 */
export function text(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`edgegate: ${name} must be a string, not ${kindOf(value)}`);
  if (value.length > TEXT_MAX) throw new RangeError(`edgegate: ${name} is longer than ${TEXT_MAX} characters`);
  return value;
}

/** Whether {@link text} accepts the value. Used for tokens, where any other value is a refusal and not an error. */
export function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_MAX;
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
  if (typeof value === "number" || isText(value)) return value;
  // The core accepts a bigint that fits a number, and refuses others.
  if (typeof value === "bigint") return value as unknown as number;
  throw new TypeError(`edgegate: ${name} must be a number or a string, not ${kindOf(value)}`);
}

/** @throws {TypeError} unless the value is an object. */
export function object<T extends object>(name: string, value: T): T {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`edgegate: ${name} must be an object, not ${kindOf(value)}`);
  }
  return value;
}

/** @throws {TypeError} unless the value is an array. */
export function array<T>(name: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`edgegate: ${name} must be an array, not ${kindOf(value)}`);
  return value;
}

/**
 * A copy of a store's row without getters and proxies, so that reading it in wasm runs no foreign code. A getter that
 * throws does so here. Dates become ISO 8601 strings, other objects become their JSON.
 */
export function plainRow(row: unknown): Record<string, unknown> | null {
  if (row === null || row === undefined) return null;
  const entries = Object.entries(object("a store's row", row as object));
  return Object.fromEntries(entries.map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) return JSON.parse(JSON.stringify(value)) as unknown;
  return typeof value === "function" || typeof value === "symbol" ? undefined : value;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}
