/** Reads a body, but at most one byte more than `atMost`: the core refuses a longer one. */
export async function readBody({ body }: Request | Response, atMost: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  while (reader && length <= atMost) {
    const { done, value } = await reader.read();
    if (done) break;
    // A copy, because the length and the memory of a chunk may change while wasm reads it.
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
