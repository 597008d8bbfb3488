import type { Operation, OperationInput } from '../lib/api.ts'
import { encodeFormComponent } from '../lib/form-component.ts'
import { isJson } from './media-type.ts'
import { type Encodings, serializePairs, toText } from './parameter-styles.ts'

export interface EncodedBody {
  readonly body: BodyInit
  /** Absent where the body brings its own: a boundary, a Blob's type. */
  readonly contentType?: string
}

/**
 * Encodes a body by its media type. What is ready to be sent (Blob, bytes, FormData, URLSearchParams, a stream)
 * goes as it is.
 *
 * @throws TypeError for an object under a media type that has no way to write it
 */
export function encodeBody(operation: Operation, input: OperationInput): EncodedBody | undefined {
  const { body } = input
  if (body === undefined) return undefined
  const mediaType = input.contentType ?? operation.body?.[0] ?? 'application/json'
  if (isReady(body)) {
    return body instanceof FormData || mediaType.includes('*') ? { body } : { body, contentType: mediaType }
  }
  if (isJson(mediaType) || mediaType === '*/*')
    return { body: JSON.stringify(body), contentType: isJson(mediaType) ? mediaType : 'application/json' }
  if (typeof body === 'object' && body !== null) {
    if (mediaType === 'application/x-www-form-urlencoded') {
      // OpenAPI 3.1 4.8.15.1: an object is JSON unless the document gives it a style.
      const pairs = serializePairs(body, operation.encodings?.body, encodeFormComponent, { style: 'json' })
      return { body: pairs.join('&'), contentType: mediaType }
    }
    if (mediaType.startsWith('multipart/')) return { body: encodeMultipart(body, operation.encodings?.body) }
    throw new TypeError(`${operation.id}: "body" must be text, bytes or a Blob for ${mediaType}`)
  }
  return { body: String(body), contentType: mediaType }
}

function isReady(body: unknown): body is Exclude<BodyInit, string> {
  return (
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof URLSearchParams ||
    body instanceof ReadableStream ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  )
}

/** A part for each field, for each item of an array; objects are JSON (OpenAPI 3.1 4.8.15.1). */
function encodeMultipart(fields: object, encodings: Encodings): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    const type = encodings?.[name]?.contentType
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item === undefined || item === null) continue
      if (item instanceof Blob) form.append(name, item)
      else if (isReady(item))
        form.append(name, new Blob([item as Uint8Array<ArrayBuffer>], type === undefined ? {} : { type }))
      else if (type === undefined) form.append(name, toText(item))
      else form.append(name, new Blob([toText(item)], { type }))
    }
  }
  return form
}
