import type { EncodedBody } from '../api.ts'
import { isReady } from './values.ts'

/**
 * Text, bytes, a Blob or a stream, as it is.
 *
 * @throws TypeError for an object that nobody knows how to write under this media type
 */
export function writeRaw(body: unknown, mediaType: string): EncodedBody {
  // It writes its own media type, with the boundary.
  if (body instanceof FormData) return { body }
  if (isReady(body)) return { body, contentType: mediaType }
  if (typeof body === 'object') throw new TypeError(`"body" must be text, bytes or a Blob for ${mediaType}`)
  return { body: String(body), contentType: mediaType }
}
