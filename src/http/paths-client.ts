import createClient, { type Client } from 'openapi-fetch'
import type { AuthentypeError } from '../errors/base.ts'
import { ResponseError, type ResponseErrorCode } from '../errors/response.ts'
import type { HttpMethod, Operation } from '../lib/api.ts'
import type { Fetch } from '../lib/fetch.ts'
import { isJson, mediaTypeOf, parseJson } from '../lib/media-type.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { fillStyledPath } from '../lib/wire/fill-styled-path.ts'
import { readOAuthError } from '../lib/wire/oauth-errors.ts'
import { writeStyledQuery } from '../lib/wire/write-styled-query.ts'
import { toNetworkError, withoutQuery } from './network-errors.ts'
import { isRedirect } from './redirects.ts'
import { createReplayableRequest } from './replay.ts'
import { encodeBody } from './request-body.ts'
import { buildUrl } from './request-url.ts'

/** What `createPathsClient` takes. */
export interface PathsClientOptions {
  readonly baseUrl: string | URL
  /** Sends the calls, with a token if it is a session's. @default the global fetch */
  readonly fetch?: Fetch
  /** Sends the operations that ask for no access token; needs `operations`. @default the global fetch */
  readonly publicFetch?: Fetch
  /** The generated table (`import * as operations from './operations.js'`): who needs a token, how values are written. */
  readonly operations?: object
  /** The authorization server's metadata, as discovered: its endpoint URLs win over base URL and path. */
  readonly metadata?: object
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

/** openapi-fetch's client without its middleware, which cannot send a request again and so cannot authenticate. */
export type PathsClient<Paths extends object> = Omit<Client<Paths>, 'use' | 'eject'>

const knownOptions: readonly (keyof PathsClientOptions)[] = [
  'baseUrl',
  'fetch',
  'publicFetch',
  'operations',
  'metadata',
  'runtime',
]

const methods: readonly HttpMethod[] = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']

/**
 * Calls by path and method, typed by the `paths` of openapi-typescript, over openapi-fetch. Given the operation
 * table, a call carries a token only where the document asks for one. Redirects are not followed.
 *
 * @throws TypeError for an unknown option
 * @example
 * const client = createPathsClient<paths>({ baseUrl: issuer, fetch: session.fetch, operations })
 * const { data, error } = await client.GET('/userinfo')
 */
export function createPathsClient<Paths extends object>(options: PathsClientOptions): PathsClient<Paths> {
  assertKnownOptions('createPathsClient', options, knownOptions)
  const table = tableOf(options.operations)
  const client = createClient<Record<string, never>>()
  const send = client.request as unknown as (method: string, url: string, init: CallInit) => Promise<Outcome>
  const request = async (method: string, path: string, init: CallInit = {}): Promise<Outcome> => {
    const verb = method.toUpperCase() as HttpMethod
    const described = table.get(`${verb} ${path}`)
    const bare: Operation = described ?? { id: `${verb} ${path}`, method: verb, path, responses: {} }
    // Whatever the call gives is written: the types of openapi-typescript decide what it may give.
    const operation: Operation = { ...bare, fillPath: fillStyledPath, writeQuery: writeStyledQuery }
    const call = prepare(operation, init, options, described !== undefined)
    try {
      const outcome = await send(verb, call.url, call.init)
      return judge(operation, outcome, init, options.runtime ?? systemRuntime)
    } catch (error) {
      // openapi-fetch reads bodies without a guard: a connection lost half way, or text parsed as JSON on demand.
      throw error instanceof SyntaxError ? invalidJson(operation, call.url) : call.typed(error)
    }
  }
  const calls = methods.map((method) => [method, (path: string, init?: CallInit) => request(method, path, init)])
  return { request, ...Object.fromEntries(calls) } as unknown as PathsClient<Paths>
}

interface CallInit {
  readonly baseUrl?: string
  readonly body?: unknown
  readonly fetch?: Fetch
  readonly params?: { readonly path?: object; readonly query?: object }
  readonly parseAs?: string
  readonly [option: string]: unknown
}

interface Outcome {
  readonly data?: unknown
  readonly error?: unknown
  readonly response: Response
}

/** By method and path. Of a module namespace whatever is no operation is passed over. */
function tableOf(operations: object = {}): ReadonlyMap<string, Operation> {
  const entries = Object.values(operations) as (Partial<Operation> | undefined)[]
  const described = entries.filter((entry): entry is Operation => !!entry?.method && !!entry.path && !!entry.responses)
  return new Map(described.map((operation) => [`${operation.method} ${operation.path}`, operation]))
}

/**
 * URL and body are built here: openapi-fetch would paste a path after the query of a base URL, lose discovered
 * URLs, join form arrays with an encoded comma, and let `..` out of its segment.
 */
function prepare(operation: Operation, init: CallInit, options: PathsClientOptions, isDescribed: boolean) {
  const { path, query, ...params } = init.params ?? {}
  const input = { ...(path && { path }), ...(query && { query }) }
  const url = buildUrl(operation, input, {}, { ...options, baseUrl: init.baseUrl ?? options.baseUrl }).href
  const plain: Fetch = (request) => globalThis.fetch(request)
  const chosen = isDescribed && !operation.accessToken ? options.publicFetch : options.fetch
  const fetch = init.fetch ?? chosen ?? plain
  let sent: Request | undefined
  const typed = (error: unknown) => (sent ? toNetworkError(error, sent) : error)
  return {
    url,
    typed,
    init: {
      ...init,
      baseUrl: '',
      params,
      // openapi-fetch parses as JSON whatever comes; a token (application/jwt) would be a SyntaxError.
      parseAs: init.parseAs ?? 'text',
      bodySerializer: init.bodySerializer ?? ((body: unknown) => body),
      Request: requestBuilder(operation, init.bodySerializer === undefined),
      fetch(request: Request) {
        sent = request
        return fetch(request)
      },
    },
  }
}

/** Stands in the place of `Request`: encodes the body as the document says, and remembers it for another attempt. */
function requestBuilder(operation: Operation, encodes: boolean): unknown {
  return function build(url: string, init: RequestInit): Request {
    const headers = new Headers(init.headers)
    const given = mediaTypeOf(headers)
    const contentType = operation.body && !Object.hasOwn(operation.body, given) ? '' : given
    const encoded = encodes ? encodeBody(operation, init.body ?? undefined, contentType) : undefined
    if (encoded) headers.delete('content-type')
    if (encoded?.contentType !== undefined) headers.set('content-type', encoded.contentType)
    const duplex = { duplex: 'half' }
    const body = encoded?.body ?? init.body ?? null
    return createReplayableRequest(url, { ...init, ...duplex, headers, body, redirect: 'manual' })
  }
}

/** Makes an error of what openapi-fetch lets pass for none: a redirect, an empty refusal. */
function judge(operation: Operation, outcome: Outcome, init: CallInit, runtime: Runtime): Outcome {
  const { response, data, error } = outcome
  const { status, headers, ok } = response
  if (isRedirect(response)) throw unfit('redirect_refused', operation, response, 'no redirect')
  if (!ok && (error === undefined || error === '')) {
    const answer = { ok, status, body: undefined, headers, contentType: '' }
    const error = unfit('unexpected_status', operation, response, 'a body with the error')
    throw readOAuthError(error, operation, answer, undefined, runtime)
  }
  if (!ok || init.parseAs !== undefined || typeof data !== 'string') return outcome
  if (data === '') return { ...outcome, data: undefined }
  const type = mediaTypeOf(headers)
  if (type !== '' && !isJson(type)) {
    if (mayCome(operation, status, type)) return outcome
    throw unfit('unexpected_content_type', operation, response, 'a documented content type')
  }
  const parsed = parseJson(data)
  if (!parsed) throw unfit('invalid_json', operation, response, 'JSON')
  return { ...outcome, data: parsed.value }
}

/** Of an operation without description anything may come but a page: that is a proxy's or a login form. */
function mayCome({ responses }: Operation, status: number, type: string): boolean {
  const content = responses[status] ?? responses['2XX'] ?? responses.default
  return content ? Object.keys(content).length === 0 || type in content || '*/*' in content : type !== 'text/html'
}

function unfit(code: ResponseErrorCode, operation: Operation, response: Response, expected: string): AuthentypeError {
  const contentType = mediaTypeOf(response.headers)
  const actual = contentType || 'no content type'
  return new ResponseError(
    code,
    `${operation.id}: expected ${expected}, got ${actual} with status ${response.status}`,
    {
      url: response.url && withoutQuery(response.url),
      status: response.status,
      contentType,
      expected,
      actual,
      response,
    },
  )
}

function invalidJson(operation: Operation, url: string): AuthentypeError {
  const options = {
    url: withoutQuery(url),
    status: 200,
    clause: 'RFC 8259 2',
    expected: 'JSON',
    actual: 'something else',
  }
  return new ResponseError('invalid_json', `${operation.id}: expected JSON, got something else`, options)
}
