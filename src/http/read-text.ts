import { readUpTo } from '../lib/read-bytes.ts'

/**
 * The body of a request that anybody may have sent, as text; nothing where it is longer than the limit. No more than
 * that is read.
 *
 * @param limit bytes
 */
export async function readTextUpTo(request: Request, limit: number): Promise<string | undefined> {
  const reader = (request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null)?.getReader()
  if (!reader) return ''
  const bytes = await readUpTo(reader, limit)
  return bytes && new TextDecoder().decode(bytes)
}
