import type { Api, Operation, OperationInput, RequestOptions } from '../lib/api.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { ClientAuth } from '../protocol/client-auth.ts'
import { toApiError } from './answer-errors.ts'
import { setField, toHeaders } from './header-fields.ts'
import { withLimits } from './limits.ts'
import { serializePairs, serializeSimple } from './parameter-styles.ts'
import { type Answer, readAnswer } from './read-answer.ts'
import { withRedirects } from './redirects.ts'
import { encodeBody } from './request-body.ts'
import { buildUrl } from './request-url.ts'
import { withClientAuth } from './with-client-auth.ts'

export interface ApiOptions {
  /** @default the first server of the document */
  readonly baseUrl?: string | URL
  /** Sends what needs no access token. @default the global fetch */
  readonly fetch?: Fetch
  /** Sends what the document asks an access token for: a session's fetch, or one made by `withAccessToken`. */
  readonly authenticatedFetch?: Fetch
  /** Sends what the document asks client authentication for, in place of `clientAuth`: `withClientAuth` makes one. */
  readonly clientFetch?: Fetch
  readonly clientId?: string
  /** How the client proves itself where the document asks for it. Needs `clientId`. */
  readonly clientAuth?: ClientAuth
  /** The audience of the client's assertions. @default the `issuer` of the metadata */
  readonly issuer?: string
  /** The authorization server's metadata, as discovered: its endpoint URLs win over base URL and path. */
  readonly metadata?: object
  readonly userAgent?: string
  /** Sent with every request, so never a credential. */
  readonly headers?: HeadersInit
  /** Milliseconds for connection, headers and body together. @default none */
  readonly timeout?: number
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

const knownOptions: readonly (keyof ApiOptions)[] = [
  'baseUrl',
  'fetch',
  'authenticatedFetch',
  'clientFetch',
  'clientId',
  'clientAuth',
  'issuer',
  'metadata',
  'userAgent',
  'headers',
  'timeout',
  'runtime',
]

/**
 * Makes the `Api` that generated functions send through.
 *
 * Credentials go exactly where the document asks for them. Redirects are followed only for a GET without
 * credentials, and only within its origin.
 *
 * @throws TypeError for an unknown option, a credential among `headers`, or `clientAuth` without `clientId`
 * @example
 * const api = createApi({ baseUrl: 'https://api.example', authenticatedFetch: session.fetch })
 * const claims = await getUserInfo(api)
 */
export function createApi(options: ApiOptions = {}): Api {
  assertKnownOptions('createApi', options, knownOptions)
  const { runtime = systemRuntime } = options
  const common = toHeaders(options.headers)
  for (const name of ['authorization', 'dpop', 'cookie']) {
    if (common.has(name)) throw new TypeError(`createApi: "headers" go to every operation; leave out ${name}`)
  }
  const authenticate = clientAuthentication(options)

  async function exchange(operation: Operation, input: OperationInput, init: RequestOptions): Promise<Answer> {
    const request = buildRequest(operation, input, init, options, common)
    const fetch = chooseFetch(operation, request, init, options, authenticate)
    const response = await withLimits(fetch, { timeout: init.timeout ?? options.timeout })(request)
    return await readAnswer(operation, request, response, runtime.now())
  }

  return {
    async send<Success>(operation: Operation<Success>, input: OperationInput = {}, init: RequestOptions = {}) {
      const answer = await exchange(operation, input, init)
      if (!answer.ok) throw toApiError(operation, answer, runtime.now())
      return answer.body as Success
    },
    result: <Result>(operation: Operation<unknown, Result>, input: OperationInput = {}, init: RequestOptions = {}) =>
      exchange(operation, input, init) as Promise<Result>,
    url: (operation, input = {}, init = {}) => buildUrl(operation, input, init, options),
  }
}

function clientAuthentication(options: ApiOptions): ((fetch: Fetch) => Fetch) | undefined {
  const { clientId, clientAuth, metadata, runtime = systemRuntime } = options
  if (!clientAuth) return undefined
  const issuer = options.issuer ?? (metadata as { issuer?: string } | undefined)?.issuer
  if (clientId === undefined) throw new TypeError('createApi: "clientAuth" needs "clientId"')
  if (clientAuth.signingAlg !== undefined && issuer === undefined) {
    throw new TypeError('createApi: "clientAuth" makes assertions, so it needs "issuer", their audience')
  }
  return (fetch) => withClientAuth(fetch, { clientId, clientAuth, issuer: issuer ?? '', runtime })
}

/** What the operation asks for and nothing else decides; a credential that the call itself brings is left alone. */
function chooseFetch(
  operation: Operation,
  request: Request,
  init: RequestOptions,
  options: ApiOptions,
  authenticate: ((fetch: Fetch) => Fetch) | undefined,
): Fetch {
  const { accessToken, clientAuth, id } = operation
  const plain = init.fetch ?? options.fetch ?? globalThis.fetch
  const own = request.headers.has('authorization')
  const proving = init.authenticatedFetch ?? options.clientFetch
  if (clientAuth && proving) return proving
  if (clientAuth && authenticate && !own) return authenticate(plain)
  const authenticated = init.authenticatedFetch ?? options.authenticatedFetch
  if (accessToken && authenticated && !own) return authenticated
  if (!own && accessToken === 'required') {
    throw new TypeError(
      `${id} needs an access token: give createApi an "authenticatedFetch", such as a session's fetch`,
    )
  }
  if (!own && clientAuth === 'required') {
    throw new TypeError(`${id} needs client authentication: give createApi "clientId" and "clientAuth"`)
  }
  const isSafe = request.method === 'GET' || request.method === 'HEAD'
  return isSafe && !own ? withRedirects(plain) : plain
}

function buildRequest(
  operation: Operation,
  input: OperationInput,
  init: RequestOptions,
  options: ApiOptions,
  common: Headers,
): Request {
  const encoded = encodeBody(operation, input)
  const headers = new Headers({ accept: acceptOf(operation) })
  if (options.userAgent !== undefined) setField(headers, 'user-agent', options.userAgent)
  if (encoded?.contentType !== undefined) setField(headers, 'content-type', encoded.contentType)
  for (const [name, value] of common) headers.set(name, value)
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    const { explode } = operation.encodings?.headers?.[name] ?? {}
    if (value !== undefined) setField(headers, name, serializeSimple(value, explode, String).join(','))
  }
  const cookies = serializePairs(input.cookies, operation.encodings?.cookies, encodeURIComponent)
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '))
  for (const [name, value] of toHeaders(init.headers)) headers.set(name, value)
  const { method } = operation
  const request: RequestInit & { duplex: 'half' } = { method, headers, redirect: 'manual', duplex: 'half' }
  if (encoded) request.body = encoded.body
  if (init.signal) request.signal = init.signal
  return new Request(buildUrl(operation, input, init, options), request)
}

/** The media types of a success, in the document's order. */
function acceptOf({ responses }: Operation): string {
  const types = Object.entries(responses).flatMap(([status, content]) =>
    /^2|d/.test(status) ? Object.keys(content) : [],
  )
  const unique = [...new Set(types.filter(Boolean))]
  return unique.map((type, index) => (index === 0 ? type : `${type};q=0.9`)).join(', ') || '*/*'
}
