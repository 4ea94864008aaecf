/** A body, up to one byte more than is of use: what is longer is refused anyway, and not read on. */
export async function readBody({ body }: Request | Response, atMost: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  while (reader && length <= atMost) {
    const { done, value } = await reader.read();
    if (done) break;
    // A copy: the length that a chunk tells, and its memory, may change while wasm reads it.
    const chunk = new Uint8Array(bytes(value));
    chunks.push(chunk);
    length += chunk.length;
  }
  if (length > atMost) await reader?.cancel();
  return concatenate(chunks, length);
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
