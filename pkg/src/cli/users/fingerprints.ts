// Which texts were there already, in little memory: an address and an id of a file take 52 bytes together, and not 700.

import { createHash, randomBytes } from "node:crypto";

/** Secret, so that nobody can choose two addresses with the same fingerprint, and hinder the import of the other one. */
const KEY = randomBytes(32).toString("base64");

/** 96 bits that stand for a text: two of a billion texts have the same with a probability of 10^-11. */
export type Fingerprint = string & { readonly of: "text" };

export function fingerprint(text: string): Fingerprint {
  return createHash("sha256").update(`${KEY}${text}`).digest("hex").slice(0, 24) as Fingerprint;
}

/** Words of a slot: those of the fingerprint, and the number. The number of a free slot is 0. */
const WORDS = 4;

/** Numbers of texts, such as their lines: a hash table of fixed-size slots with linear probing. */
export class Numbers {
  #slots = new Uint32Array(WORDS * 1024);
  #size = 0;

  /** The number of the text. */
  get(of: Fingerprint): number | undefined {
    if (this.#size === 0) return undefined;
    return this.#slots[this.#find(...words(of)) + WORDS - 1] || undefined;
  }

  /** The number that the text has already; if it has none, it gets this one, which is greater than 0. */
  add(of: Fingerprint, number: number): number | undefined {
    const [one, two, three] = words(of);
    const slot = this.#find(one, two, three);
    const earlier = this.#slots[slot + WORDS - 1];
    if (earlier) return earlier;
    this.#slots.set([one, two, three, number], slot);
    this.#size += 1;
    if (this.#size * WORDS > this.#slots.length * 0.75) this.#grow();
    return undefined;
  }

  /** Where the fingerprint is, or the free slot for it. */
  #find(one: number, two: number, three: number): number {
    const slots = this.#slots;
    let slot = Math.floor((one / 2 ** 32) * (slots.length / WORDS)) * WORDS;
    while (slots[slot + 3] !== 0 && (slots[slot] !== one || slots[slot + 1] !== two || slots[slot + 2] !== three)) {
      slot = slot + WORDS < slots.length ? slot + WORDS : 0;
    }
    return slot;
  }

  /** By a half, because twice as much would be free for a long time. */
  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(Math.ceil((old.length / WORDS) * 1.5) * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      const [one = 0, two = 0, three = 0, number = 0] = old.subarray(at, at + WORDS);
      if (number !== 0) this.#slots.set([one, two, three, number], this.#find(one, two, three));
    }
  }
}

function words(of: Fingerprint): [number, number, number] {
  return [parseInt(of.slice(0, 8), 16), parseInt(of.slice(8, 16), 16), parseInt(of.slice(16), 16)];
}
