import { ConfigurationError } from '../errors/configuration.ts'
import type { Operation, OperationInput, RequestOptions } from '../lib/api.ts'
import { type Encodings, serializePairs, serializeSimple } from './parameter-styles.ts'

export interface UrlOptions {
  readonly baseUrl?: string | URL | undefined
  readonly metadata?: object | undefined
}

/**
 * The URL of an operation: the call's own, else the discovered one, else base URL and path; a query that these
 * have is kept.
 *
 * @throws ConfigurationError missing_metadata
 * @throws TypeError without a base URL, or for a path parameter that would leave its segment
 */
export function buildUrl(
  operation: Operation,
  input: OperationInput,
  init: Pick<RequestOptions, 'baseUrl' | 'url'>,
  options: UrlOptions,
): URL {
  const target = init.url ?? discoveredUrl(operation, options.metadata)
  const url = target ? new URL(target) : joinUrl(operation, input, init.baseUrl ?? options.baseUrl ?? operation.server)
  // RFC 9110 4.2.4; fetch refuses it too, with a message that quotes the password.
  if (url.username || url.password) throw new TypeError(`${operation.id}: its URL must have no user name or password`)
  const query = serializePairs(input.query, operation.encodings?.query, encodeURIComponent)
  if (query.length > 0) url.search = [url.search.slice(1), ...query].filter(Boolean).join('&')
  return url
}

/** @throws ConfigurationError missing_metadata where metadata is given and has no such URL */
function discoveredUrl(operation: Operation, metadata: object | undefined): string | undefined {
  const { metadataField: field, id } = operation
  if (!metadata || field === undefined) return undefined
  const url: unknown = Object.entries(metadata).find(([name]) => name === field)?.[1]
  if (typeof url === 'string' && URL.canParse(url)) return url
  const message = `${id}: the authorization server's metadata has no URL in "${field}", so it does not offer this`
  throw new ConfigurationError('missing_metadata', message, { field, expected: 'a URL', actual: typeof url })
}

function joinUrl(operation: Operation, input: OperationInput, base: string | URL | undefined): URL {
  if (base === undefined || !URL.canParse(base)) {
    throw new TypeError(
      `${operation.id}: "baseUrl" must be an absolute URL; the document names no server to fall back on`,
    )
  }
  const url = new URL(base)
  url.pathname = url.pathname.replace(/\/$/, '') + fillPath(operation.path, input.path, operation.encodings?.path)
  return url
}

/**
 * Puts the parameters into a path template, each percent-encoded so that it cannot leave its segment.
 *
 * @throws TypeError for a missing or empty parameter, and for one that makes `.` or `..` of a segment
 */
function fillPath(template: string, values: object | undefined, encodings: Encodings): string {
  const given = new Map(Object.entries(values ?? {}))
  const path = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = given.get(name)
    const { style, explode } = encodings?.[name] ?? {}
    const items = serializeSimple(value ?? '', explode, encodeURIComponent)
    if (items.join('') === '') throw new TypeError(`path parameter "${name}" is missing or empty`)
    if (style === 'label') return `.${items.join(explode ? '.' : ',')}`
    if (style !== 'matrix') return items.join(',')
    if (!explode) return `;${name}=${items.join(',')}`
    return items
      .map((item) => (Array.isArray(value) || typeof value !== 'object' ? `;${name}=${item}` : `;${item}`))
      .join('')
  })
  // WHATWG URL 4.4: a segment of one or two dots moves the path, percent-encoded or not.
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    throw new TypeError(`a path parameter makes "." or ".." of a segment of ${template}`)
  }
  return path
}
