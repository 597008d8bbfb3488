import { mediaTypeOf } from '../lib/media-type.ts'
import { readUpTo } from '../lib/read-bytes.ts'

/** Bytes of a form that are looked at. */
const mostBytes = 64 * 1024
/** Milliseconds that it is waited for: whoever sends it drop by drop would else hold the request for good. */
const patience = 5_000

/**
 * Whether a form that goes with the request has a parameter `access_token`. The body stays as it is for the handler;
 * one that is too long or too slow, or was read already, is not looked at any further: what is not read here is not
 * taken here either.
 *
 * @see RFC 6750 2.2
 */
export async function hasTokenInForm(request: Request): Promise<boolean> {
  const { body, bodyUsed, headers } = request
  if (mediaTypeOf(headers) !== 'application/x-www-form-urlencoded' || !body || bodyUsed || body.locked) return false
  if (Number(headers.get('content-length') ?? 0) > mostBytes) return false
  const reader = request.clone().body!.getReader()
  const letGo = () => void reader.cancel().catch(() => {})
  const timer = setTimeout(letGo, patience)
  try {
    const bytes = await readUpTo(reader, mostBytes)
    return bytes !== undefined && new URLSearchParams(new TextDecoder().decode(bytes)).has('access_token')
  } catch {
    // A body that breaks off is the handler's to notice.
    letGo()
    return false
  } finally {
    clearTimeout(timer)
  }
}
