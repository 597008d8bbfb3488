/**
 * Sets a header field.
 *
 * @throws TypeError without the value in its message, which the platform's own would quote
 */
export function setField(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value)
  } catch {
    throw new TypeError(`"${name}": a name or value that HTTP does not allow (RFC 9110 5)`)
  }
}

/** Sets header fields over those of the same names; as silent about values as `setField`. */
export function setFields(headers: Headers, fields: HeadersInit | undefined): void {
  try {
    for (const [name, value] of new Headers(fields)) headers.set(name, value)
  } catch {
    throw new TypeError('"headers" hold a name or value that HTTP does not allow (RFC 9110 5)')
  }
}
