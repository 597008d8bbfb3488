import { readUpTo } from '../lib/read-bytes.ts'

/** Bytes of a form that are looked at. */
const mostBytes = 64 * 1024

/**
 * Whether a form that goes with the request has a parameter `access_token`. The body stays as it is for the handler;
 * one that is too long, or was read already, is not looked at: what is not read here is not taken here either.
 *
 * @see RFC 6750 2.2
 */
export async function hasTokenInForm(request: Request): Promise<boolean> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded' || !request.body || request.bodyUsed) return false
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) return false
  const reader = request.clone().body?.getReader()
  // A body that breaks off is the handler's to notice.
  const bytes = reader && (await readUpTo(reader, mostBytes).catch(() => undefined))
  if (!bytes) {
    reader?.cancel().catch(() => {})
    return false
  }
  return new URLSearchParams(new TextDecoder().decode(bytes)).has('access_token')
}
