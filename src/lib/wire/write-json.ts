import type { EncodedBody } from '../api.ts'
import { isReady } from './values.ts'

/** Writes a body as `application/json`. */
export function writeJson(body: unknown, mediaType: string): EncodedBody {
  return { body: JSON.stringify(body), contentType: mediaType }
}

/** Under a range such as `image/*`: what is ready under the type that it brings, all else as JSON. */
export function writeAny(body: unknown): EncodedBody {
  return isReady(body) ? { body } : writeJson(body, 'application/json')
}
