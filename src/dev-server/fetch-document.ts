import type { FetchDocument } from '../server/index.ts'

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
    body: await readUpTo(response, maxBytes),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
  }
}

/** One byte more than is allowed shows that it is too long; the rest is not read. */
async function readUpTo(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = response.body?.getReader()
  let [text, size] = ['', 0]
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
    size += chunk.value.length
    text += decoder.decode(chunk.value, { stream: true })
    if (size <= maxBytes) continue
    await reader?.cancel()
    throw new TypeError('document: longer than is allowed')
  }
  return text + decoder.decode()
}
