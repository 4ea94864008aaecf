/** Reads a body, but at most one byte more than `atMost`: the core refuses a longer one. */
export async function readBody({ body }: Request | Response, atMost: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  while (reader && length <= atMost) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!(value instanceof Uint8Array)) throw new TypeError("edgegate: a body's stream must yield bytes");
    chunks.push(value);
    length += value.length;
  }
  if (length > atMost) await reader?.cancel();
  const [only = new Uint8Array()] = chunks;
  return chunks.length <= 1 ? only : concatenate(chunks, length);
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
