import type { EncodedBody, Encodings } from '../api.ts'
import { entriesOf, isReady, toText } from './values.ts'

/**
 * A part for each field, for each item of an array; objects are JSON (OpenAPI 3.1 4.8.15.1). The platform writes the
 * boundary and the media type. A `File` keeps its name.
 *
 * @throws TypeError for a body that is no object
 */
export function writeMultipart(body: unknown, mediaType: string, encodings?: Encodings): EncodedBody {
  if (body instanceof FormData) return { body }
  if (typeof body !== 'object' || body === null) throw new TypeError(`"body" must be an object for ${mediaType}`)
  const form = new FormData()
  for (const [name, value] of entriesOf(body)) {
    const type = encodings?.[name]?.contentType?.split(',', 1)[0]
    const options = type === undefined || type.includes('*') ? {} : { type }
    for (const item of Array.isArray(value) ? entriesOf(value).map((entry) => entry[1]) : [value]) {
      if (item instanceof Blob) form.append(name, item)
      else if (isReady(item)) form.append(name, new Blob([item as Uint8Array<ArrayBuffer>], options))
      else if (options.type === undefined) form.append(name, toText(item))
      else form.append(name, new Blob([toText(item)], options))
    }
  }
  return { body: form }
}
