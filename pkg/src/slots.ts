/** How long something may hold its slot, in milliseconds. */
const FORGOTTEN = 60_000;

/**
 * How many things may go on at once. On Workers a request whose client disconnects never wakes again, so its slot is forgotten after a
 * minute: everything that takes one has shorter time limits.
 */
export class Slots {
  readonly #begun = new Set<{ at: number }>();

  constructor(readonly most: number) {}

  /** Takes a slot, and returns what gives it back; `undefined` if there is none. */
  begin(): (() => void) | undefined {
    const now = Date.now();
    if (this.#begun.size >= this.most) for (const one of this.#begun) if (now - one.at > FORGOTTEN) this.#begun.delete(one);
    if (this.#begun.size >= this.most) return undefined;
    const one = { at: now };
    this.#begun.add(one);
    return () => void this.#begun.delete(one);
  }
}
