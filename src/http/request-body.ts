import type { BodyWriter, EncodedBody, Operation } from '../lib/api.ts'
import { isJson } from '../lib/media-type.ts'
import { isReady } from '../lib/wire/values.ts'
import { writeStyledForm } from '../lib/wire/write-form.ts'
import { writeAny, writeJson } from '../lib/wire/write-json.ts'
import { writeMultipart } from '../lib/wire/write-multipart.ts'
import { writeRaw } from '../lib/wire/write-raw.ts'

/**
 * Encodes a body by its media type alone, for calls that no operation describes. What is ready to be sent (Blob,
 * bytes, FormData, URLSearchParams, a stream) goes as it is.
 *
 * @throws TypeError for an object under a media type that has no way to write it
 */
export function encodeBody(operation: Operation, body: unknown, contentType: string): EncodedBody | undefined {
  if (body === undefined) return undefined
  const mediaType = contentType || Object.keys(operation.body ?? {})[0] || 'application/json'
  const write = isReady(body) && !mediaType.includes('*') ? writeRaw : writerOf(mediaType)
  return write(body, mediaType, operation.encodings?.body)
}

function writerOf(mediaType: string): BodyWriter {
  if (mediaType.includes('*')) return writeAny
  if (isJson(mediaType)) return writeJson
  if (mediaType === 'application/x-www-form-urlencoded') return writeStyledForm
  return mediaType.startsWith('multipart/') ? writeMultipart : writeRaw
}
