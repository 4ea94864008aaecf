import type { Agreement, Difference, Event, Reason, Summary } from "../wasm/edgegate.js";

/**
 * An entry of the log. It never contains a password, a token, a hash, a key or an address. With `ACCESS_LOG=on` each request has one, with
 * the members of `Summary`; otherwise only refusals and failures have one.
 */
export interface LogEntry extends Pick<Event, "level">, Partial<Omit<Summary, "reason">> {
  /**
   * A stable code. `accepted`: none. `store`: the user store has rejected. `limiter`: a limiter has rejected, and the
   * request has passed. `schemes`: the module of other schemes was not loaded, or has no memory. `mail`: a mail was not sent. `pwned-passwords`: the service of
   * `PWNED_PASSWORDS` has not answered, and the password has passed. `upstream`: the backend of `UPSTREAM` has not answered. `handed-on`: it
   * has answered the request, with `ACCESS_LOG=on`. `shadow-agreed`, `shadow-disagreed`, `shadow-stored`: this backend would have answered the
   * same, or not, or will the next time; `shadow-skipped`: it was not found out. `event`: a security event was not
   * stored, or `onEvent` has rejected, and the answer is the same. `internal`: an error that is none of the request.
   */
  reason: Reason | "accepted" | "store" | "limiter" | "schemes" | "mail" | "pwned-passwords" | "event" | "upstream" | "handed-on" | `shadow-${Agreement}`;
  /** The HTTP status of the response, if there is one. */
  status?: number;
  /** The HTTP status of the backend of `UPSTREAM`, with `SHADOW=on`; `status` is that of this backend. */
  upstream_status?: number;
  /** In what the two answers differ. */
  difference?: Difference;
  /** Why this backend would have refused. */
  refusal?: Reason;
  /** The path of the request, if a route answers it: other paths are the app's, and may have anything in them. */
  path?: string;
  /** The name of the request, with `ACCESS_LOG=on`: {@link FetchOptions.requestId}, or a random UUID. */
  request_id?: string;
  /** How long the store took, in milliseconds, with `ACCESS_LOG=on`. */
  store_ms?: number;
  /** The error that was thrown, if any. */
  error?: unknown;
}

/** Receives the entries of the log. */
export type Log = (entry: LogEntry) => void;

/** Writes an entry to the console as a line of JSON, the format that Workers Logs parses: the default of {@link CreateOptions.log}. */
export const consoleLog: Log = ({ level, error, ...entry }) => {
  console[level](JSON.stringify({ source: "edgegate", level, ...entry, ...(error === undefined ? {} : cause(error)) }));
};

function cause(error: unknown): { error: string; cause?: string } {
  if (!(error instanceof Error)) return { error: printable(error) };
  const { message, cause } = error;
  return { error: printable(message), ...(cause instanceof Error ? { cause: printable(cause.message) } : {}) };
}

/** A request while it is answered: its name in the log, and what is measured. */
export class Exchange {
  path = "";
  #begun: number | undefined;
  #store = 0;

  /** @param measures Whether the times are wanted. */
  constructor(
    readonly id: string | undefined,
    measures: boolean,
  ) {
    if (measures) this.#begun = performance.now();
  }

  /** Measures what a store does. On Workers the clock only moves while something is waited for, as for a database. */
  async ofStore<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#begun === undefined) return ask();
    const before = performance.now();
    try {
      return await ask();
    } finally {
      this.#store += performance.now() - before;
    }
  }

  /** What every entry of this request has. */
  get entry(): Pick<LogEntry, "path" | "request_id"> {
    return { ...(this.path === "" ? {} : { path: this.path }), ...(this.id === undefined ? {} : { request_id: this.id }) };
  }

  get storeMilliseconds(): number {
    return rounded(this.#store);
  }

  /** The value of `Server-Timing`. */
  get serverTiming(): string {
    return `store;dur=${rounded(this.#store)}, total;dur=${rounded(performance.now() - (this.#begun ?? 0))}`;
  }
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

/** `String()` throws for some values, such as an object without `toString`. */
function printable(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a thrown ${typeof value}`;
  }
}
