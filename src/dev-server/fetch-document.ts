import { readUpTo } from '../lib/read-bytes.ts'
import type { FetchDocument } from '../server/index.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Fetches a client's keys or its metadata document. Unlike a real server's it may reach this machine, since that is
 * where a developer's clients are.
 */
export const fetchDocument: FetchDocument = async (url, { maxBytes, timeout }) => {
  const headers = { accept: 'application/json' }
  const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(timeout) })
  const contentType = (response.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  const maxAge = /(?:^|[,\s])max-age=(\d{1,9})/.exec(response.headers.get('cache-control') ?? '')?.[1]
  return {
    status: response.status,
    contentType,
    body: await readText(response, maxBytes),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
  }
}

/** Nothing that is longer is believed in part. @throws TypeError also for what is not UTF-8 */
async function readText({ body }: Response, maxBytes: number): Promise<string> {
  const bytes = body ? await readUpTo(body.getReader(), maxBytes) : new Uint8Array()
  if (!bytes) throw new TypeError('document: longer than is allowed')
  return utf8.decode(bytes)
}
