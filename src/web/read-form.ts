import { mediaTypeOf } from '../lib/media-type.ts'
import { WebError, type WebErrorReason } from './web-error.ts'

/** An authorization response with an id_token, or a logout token, is a few kilobytes. */
const maxBytes = 256 * 1024

/**
 * The fields of a form, read up to a limit.
 *
 * @param reason what a body that is none is called
 * @throws WebError
 */
export async function readForm(request: Request, reason: WebErrorReason = 'invalid_request'): Promise<URLSearchParams> {
  if (request.body === null) return new URLSearchParams()
  if (mediaTypeOf(request.headers) !== 'application/x-www-form-urlencoded') {
    throw new WebError(reason, 'the body must be application/x-www-form-urlencoded')
  }
  const decoder = new TextDecoder()
  const reader = request.body.getReader()
  let text = ''
  let size = 0
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    size += chunk.value.length
    if (size > maxBytes) {
      await reader.cancel()
      throw new WebError(reason, `the body has more than ${maxBytes} bytes`)
    }
    text += decoder.decode(chunk.value, { stream: true })
  }
  return new URLSearchParams(text + decoder.decode())
}

/** A field that may come once. @throws WebError */
export function singleField(
  form: URLSearchParams,
  name: string,
  reason: WebErrorReason = 'invalid_request',
): string | undefined {
  const values = form.getAll(name)
  if (values.length > 1) throw new WebError(reason, `"${name}" came more than once`)
  return values[0]
}
