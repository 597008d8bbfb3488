import type { Encodings, Operation, OperationInput, ValueEncoding } from '../api.ts'
import { appendQuery } from './append-query.ts'
import { entriesOf, listItems, toText } from './values.ts'

type Encode = (text: string) => string

const separators: Readonly<Record<string, string>> = { spaceDelimited: '%20', pipeDelimited: '%7C' }

/** As `writeQuery`, for parameters of any style. */
export function writeStyledQuery(url: URL, { encodings }: Operation, { query }: OperationInput): void {
  appendQuery(url, serializePairs(query ?? {}, encodings?.query, encodeURIComponent))
}

/**
 * `name=value` for each parameter of a query, a form or a Cookie field; absent and null ones are left out.
 * Each value is encoded by itself, so that a comma between values differs from one within.
 *
 * @param ofObjects how an object is written for which the document says nothing
 * @see OpenAPI 3.1 4.8.12.3, style values
 */
export function serializePairs(
  values: object,
  encodings: Encodings | undefined,
  encode: Encode,
  ofObjects?: ValueEncoding,
): string[] {
  return entriesOf(values).flatMap(([name, value]) =>
    serializePair(name, value, encodings?.[name] ?? (Array.isArray(value) ? undefined : ofObjects), encode),
  )
}

function serializePair(name: string, value: unknown, encoding: ValueEncoding = {}, encodeAny: Encode): string[] {
  const { style = 'form', explode = style === 'form', allowReserved } = encoding
  const encode = allowReserved ? (text: string) => unescapeReserved(encodeAny(text)) : encodeAny
  const pair = (key: string, text: string) => `${encodeAny(key)}=${text}`
  if (typeof value !== 'object' || value === null || style === 'json' || encoding.contentType?.endsWith('json')) {
    return [pair(name, encode(toText(value)))]
  }
  if (style === 'deepObject') return deepPairs(name, value, (key, text) => pair(key, encode(text)))
  const entries = entriesOf(value)
  if (explode) return entries.map(([key, item]) => pair(Array.isArray(value) ? name : key, encode(toText(item))))
  return entries.length > 0 ? [pair(name, listItems(value, encode).join(separators[style] ?? ','))] : []
}

function deepPairs(name: string, value: object, pair: (key: string, text: string) => string): string[] {
  return entriesOf(value).flatMap(([key, item]) => {
    const path = `${name}[${key}]`
    return typeof item === 'object' ? deepPairs(path, item, pair) : [pair(path, toText(item))]
  })
}

/** What RFC 3986 2.2 reserves and a query may hold as it is; `#`, `&` and `+` would change its meaning. */
function unescapeReserved(text: string): string {
  return text.replace(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B|3D)/g, decodeURIComponent)
}
