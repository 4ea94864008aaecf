/**
 * Reads a body, but at most one byte more than `atMost`: the core refuses a longer one.
 *
 * @param withinSeconds How long the whole body may take. Without it there is no limit.
 * @returns `undefined` when the body has not arrived in time. The rest of it is cancelled.
 */
export async function readBody(
  { body }: Request | Response,
  atMost: number,
  withinSeconds?: number,
): Promise<Uint8Array | undefined> {
  if (!body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
  const deadline = new Deadline(withinSeconds);
  let length = 0;
  try {
    while (length <= atMost) {
      const read = await deadline.before(reader.read());
      if (read === LATE || read.done) break;
      // A copy, because the length and the memory of a chunk may change while wasm reads it.
      const chunk = new Uint8Array(bytes(read.value));
      chunks.push(chunk);
      length += chunk.length;
    }
  } finally {
    deadline.clear();
  }
  if (length > atMost || deadline.isOver) void reader.cancel().catch(() => {});
  return deadline.isOver ? undefined : concatenate(chunks, length);
}

const LATE = Symbol("late");

/** A point in time before which promises must settle. */
class Deadline {
  isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #late: Promise<typeof LATE> | undefined;

  constructor(seconds: number | undefined) {
    if (seconds === undefined) return;
    this.#late = new Promise((resolve) => {
      this.#timer = setTimeout(() => {
        this.isOver = true;
        resolve(LATE);
      }, seconds * 1000);
    });
  }

  before<T>(promise: Promise<T>): Promise<T | typeof LATE> {
    return this.#late ? Promise.race([promise, this.#late]) : promise;
  }

  clear(): void {
    clearTimeout(this.#timer);
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
