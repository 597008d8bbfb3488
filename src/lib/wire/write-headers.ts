import type { Operation, OperationInput, RequestParts } from '../api.ts'
import { setField } from '../header-fields.ts'
import { serializeSimple } from './fill-styled-path.ts'
import { entriesOf } from './values.ts'
import { serializePairs } from './write-styled-query.ts'

/** @throws TypeError for a value that HTTP does not allow, without quoting it */
export function writeHeaders(
  { encodings }: Operation,
  { headers: values }: OperationInput,
  request: RequestParts,
): void {
  for (const [name, value] of entriesOf(values)) {
    const { explode = false } = encodings?.headers?.[name] ?? {}
    setField(request.headers, name, serializeSimple(value, explode, String).join(','))
  }
}

/** The Cookie field, where the runtime lets code set it: browsers do not. */
export function writeCookies({ encodings }: Operation, { cookies }: OperationInput, request: RequestParts): void {
  const pairs = serializePairs(cookies ?? {}, encodings?.cookies, encodeURIComponent)
  if (pairs.length > 0) request.headers.set('cookie', pairs.join('; '))
}
