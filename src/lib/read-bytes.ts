type Bytes = Uint8Array<ArrayBuffer>

/** Everything that a stream gives, or nothing once it has given more than `limit` bytes; then the rest is let go. */
export async function readUpTo(reader: ReadableStreamDefaultReader<Bytes>, limit: number): Promise<Bytes | undefined> {
  const chunks: Bytes[] = []
  let size = 0
  while (size <= limit) {
    const { done, value } = await reader.read()
    if (done) return concat(chunks, size)
    chunks.push(value)
    size += value.byteLength
  }
  reader.cancel().catch(() => {})
  return undefined
}

function concat(chunks: readonly Bytes[], size: number): Bytes {
  if (chunks.length === 1) return chunks[0]!
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
