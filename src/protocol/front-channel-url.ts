import { ProtocolError } from '../errors/protocol.ts'
import { encodeFormComponent } from '../lib/form-component.ts'

/**
 * The URL to send the browser to. A query that the endpoint has of its own is kept as it is.
 *
 * @param field the endpoint's in the metadata, for messages
 * @param parameters what is undefined is left out
 * @throws ProtocolError `invalid_metadata` when the endpoint's own query already sets one of the parameters
 * @see RFC 6749 3.1
 */
export function buildFrontChannelUrl(
  field: string,
  endpoint: string | URL,
  parameters: Readonly<Record<string, unknown>>,
): URL {
  const url = new URL(endpoint)
  const pairs: string[] = []
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    // RFC 6749 3.1: no parameter more than once.
    if (url.searchParams.has(name)) throw repeatedByEndpoint(field, name)
    for (const text of writeParameter(value)) pairs.push(`${encodeFormComponent(name)}=${encodeFormComponent(text)}`)
  }
  const own = url.search.slice(1)
  // With its question mark, since the setter takes one away: the endpoint's own query may begin with another.
  url.search = `?${[...(own === '' ? [] : [own]), ...pairs].join('&')}`
  return url
}

function repeatedByEndpoint(field: string, name: string): ProtocolError {
  return new ProtocolError(
    'invalid_metadata',
    `the query of "${field}" already has "${name}", which every request sets itself`,
    { clause: 'RFC 6749 3.1', expected: `no "${name}" in the endpoint's query`, actual: name },
  )
}

/** RFC 8707 2 repeats `resource`; OpenID Connect Core 5.5 and RFC 9396 3 have JSON in one parameter. */
function writeParameter(value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)]
}
