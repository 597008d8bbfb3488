import type { EncodedBody, Encodings } from '../api.ts'
import { encodeFormComponent } from '../form-component.ts'
import { entriesOf, toText } from './values.ts'
import { serializePairs } from './write-styled-query.ts'

/**
 * `application/x-www-form-urlencoded` whose fields all have the default encoding: items of an array are repeated,
 * objects are JSON (OpenAPI 3.1 4.8.15.1). Fields that no document lists are sent like any other.
 *
 * @throws TypeError for a body that is no object, or text with a lone surrogate
 */
export function writeForm(body: unknown, mediaType: string): EncodedBody {
  const pairs = entriesOf(fieldsOf(body)).flatMap(([name, value]) =>
    (Array.isArray(value) ? entriesOf(value).map(([, item]) => item) : [value]).map(
      (item) => `${encodeFormComponent(name)}=${encodeFormComponent(toText(item))}`,
    ),
  )
  return { body: pairs.join('&'), contentType: mediaType }
}

/** As `writeForm`, for forms with fields of other styles. */
export function writeStyledForm(body: unknown, mediaType: string, encodings?: Encodings): EncodedBody {
  const pairs = serializePairs(fieldsOf(body), encodings, encodeFormComponent, { style: 'json' })
  return { body: pairs.join('&'), contentType: mediaType }
}

function fieldsOf(body: unknown): object {
  if (typeof body !== 'object' || body === null) throw new TypeError('"body" must be an object with the form’s fields')
  return body instanceof URLSearchParams ? fieldsOfParams(body) : body
}

/** Fields by name, those of one name together. */
function fieldsOfParams(params: URLSearchParams): object {
  return Object.fromEntries([...params.keys()].map((name) => [name, params.getAll(name)]))
}
