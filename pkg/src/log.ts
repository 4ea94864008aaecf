import type { Event } from "../wasm/edgegate.js";

/** A line for the log. No password, token, hash or key is ever part of it. */
export interface LogEntry extends Event {
  /** The status that was answered, when one was. */
  status?: number;
  /** The path of the request. */
  path: string;
  /** What was thrown, when something was. */
  error?: unknown;
}

/** Where the log goes. */
export type Log = (entry: LogEntry) => void;

/** A line of JSON to the console, which is where Workers Logs reads it. */
export const consoleLog: Log = ({ level, error, ...entry }) => {
  console[level](JSON.stringify({ source: "edgegate", level, ...entry, ...(error === undefined ? {} : cause(error)) }));
};

function cause(error: unknown): { error: string; cause?: string } {
  if (!(error instanceof Error)) return { error: printable(error) };
  const { message, cause } = error;
  return { error: printable(message), ...(cause instanceof Error ? { cause: printable(cause.message) } : {}) };
}

/** An object without `toString`, for one, cannot be made a string. */
function printable(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a thrown ${typeof value}`;
  }
}
