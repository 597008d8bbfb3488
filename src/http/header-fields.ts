/**
 * Sets a header field.
 *
 * @throws TypeError without the value in its message, which the platform's own would quote
 */
export function setField(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value)
  } catch {
    throw new TypeError(
      `header field "${name}": its name or value has characters that HTTP does not allow (RFC 9110 5)`,
    )
  }
}

/** As `new Headers`, and as silent about values as `setField`. */
export function toHeaders(fields: HeadersInit | undefined): Headers {
  try {
    return new Headers(fields)
  } catch {
    throw new TypeError('headers: a name or value has characters that HTTP does not allow (RFC 9110 5)')
  }
}
