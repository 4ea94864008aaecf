import type { WebReader, WebRequest, WebSignal } from "./web.js";

/** The sender of a body has closed the connection, or the body cannot be read for another reason of the sender. */
export class ClosedError extends Error {
  override name = "ClosedError";
}

/** Limits for {@link readBody}. */
export interface BodyLimits {
  /** The core refuses a longer body, so at most one byte more is kept. */
  atMost: number;
  /** How long the whole body may take. Without it there is no limit. */
  withinSeconds?: number;
}

/**
 * Reads a body.
 *
 * @returns `undefined` when the body has not arrived in time. The rest of it is cancelled.
 * @throws {ClosedError} when the sender has closed the connection.
 */
export async function readBody(source: Pick<WebRequest, "body" | "signal">, limits: BodyLimits): Promise<Uint8Array | undefined> {
  const begun = await beginBody(source, limits);
  if (begun?.reader) cancel(begun.reader);
  return begun?.bytes;
}

/** The beginning of a body. */
export interface BegunBody {
  /** All of it, unless there is a reader. */
  bytes: Uint8Array;
  /** The reader of the rest of a body that is longer than wanted. */
  reader?: WebReader;
}

/** The same, and keeps the rest of a longer body. */
export async function beginBody(source: Pick<WebRequest, "body" | "signal">, { atMost, withinSeconds }: BodyLimits): Promise<BegunBody | undefined> {
  if (!source.body) return { bytes: new Uint8Array() };
  const chunks: Uint8Array[] = [];
  const reader = source.body.getReader();
  const deadline = new Deadline(withinSeconds, source.signal);
  let [length, isWhole] = [0, false];
  try {
    while (length <= atMost) {
      const read = await deadline.before(reader.read().catch(closed));
      isWhole = read === LATE || read.done;
      if (read === LATE || read.done) break;
      // A copy, because the length and the memory of a chunk may change while wasm reads it.
      const chunk = new Uint8Array(bytes(read.value));
      chunks.push(chunk);
      length += chunk.length;
    }
  } catch (error) {
    cancel(reader);
    throw error;
  } finally {
    deadline.clear();
  }
  if (!deadline.isOver) return { bytes: concatenate(chunks, length), ...(isWhole ? {} : { reader }) };
  cancel(reader);
  return undefined;
}

function cancel(reader: WebReader): void {
  void reader.cancel().catch(() => {});
}

function closed(cause: unknown): never {
  throw new ClosedError("edgegate: the body was not sent to its end", { cause });
}

const LATE = Symbol("late");

/** A point in time before which promises must settle. */
class Deadline {
  isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #signal: WebSignal | undefined;
  readonly #late: Promise<typeof LATE>;
  #abort = (): void => {};

  /** @param signal Of the request, where the platform tells that the client has closed it. */
  constructor(seconds: number | undefined, signal: WebSignal | undefined) {
    this.#signal = signal;
    this.#late = new Promise((resolve, reject) => {
      this.#abort = () => reject(new ClosedError("edgegate: the client has closed the request"));
      if (signal?.aborted) this.#abort();
      signal?.addEventListener("abort", this.#abort);
      if (seconds === undefined) return;
      this.#timer = setTimeout(() => {
        this.isOver = true;
        resolve(LATE);
      }, seconds * 1000);
    });
  }

  before<T>(promise: Promise<T>): Promise<T | typeof LATE> {
    return Promise.race([promise, this.#late]);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}

function bytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError("edgegate: a body's stream must yield bytes");
  return value;
}

function concatenate(chunks: Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
