/** The parts of a stored hash of Argon2id, as the peers take them. */
export function parts(stored) {
  const [, , , cost, salt, tag] = stored.split("$");
  const [memory, passes, lanes] = cost.split(",").map((part) => Number(part.slice(2)));
  return { memory, passes, lanes, salt: bytes(salt), tag: bytes(tag) };
}

export const utf8 = (text) => new TextEncoder().encode(text);

export const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
