import type { Event, Reason } from "../wasm/edgegate.js";

/** An entry of the log. It never contains a password, a token, a hash or a key. */
export interface LogEntry extends Omit<Event, "reason"> {
  /** A stable code. `store`: the user store has rejected. `limiter`: a limiter has rejected, and the request has passed. `internal`: an error that is none of the request. */
  reason: Reason | "store" | "limiter";
  /** The HTTP status of the response, if there is one. */
  status?: number;
  /** The path of the request. */
  path: string;
  /** The error that was thrown, if any. */
  error?: unknown;
}

/** Receives the entries of the log. */
export type Log = (entry: LogEntry) => void;

/** Writes each entry to the console as a line of JSON, the format that Workers Logs parses. */
export const consoleLog: Log = ({ level, error, ...entry }) => {
  console[level](JSON.stringify({ source: "edgegate", level, ...entry, ...(error === undefined ? {} : cause(error)) }));
};

function cause(error: unknown): { error: string; cause?: string } {
  if (!(error instanceof Error)) return { error: printable(error) };
  const { message, cause } = error;
  return { error: printable(message), ...(cause instanceof Error ? { cause: printable(cause.message) } : {}) };
}

/** `String()` throws for some values, such as an object without `toString`. */
function printable(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a thrown ${typeof value}`;
  }
}
