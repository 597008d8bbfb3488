import type { Answer, Api, Operation, OperationInput, RequestOptions } from '../lib/api.ts'
import type { Fetch } from '../lib/fetch.ts'
import { setFields } from '../lib/header-fields.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { ClientAuth } from '../protocol/client-auth.ts'
import { buildRequest } from './build-request.ts'
import { readAnswer } from './read-answer.ts'
import { buildUrl } from './request-url.ts'
import { assertTimeout, sendWhole } from './send-whole.ts'

/** What `createApi` takes: where an API is, and how it is spoken to. */
export interface ApiOptions {
  /** @default the first server of the document */
  readonly baseUrl?: string | URL
  /** Sends what needs no access token. @default the global fetch */
  readonly fetch?: Fetch
  /** Sends what the document asks an access token for: a session's fetch, or one made by `withAccessToken`. */
  readonly authenticatedFetch?: Fetch
  /** Sends what the document asks client authentication for, in place of `clientAuth`: `withClientAuth` makes one. */
  readonly clientFetch?: Fetch
  /** As registered at the issuer; for operations that take client authentication. @default none */
  readonly clientId?: string
  /** How the client proves itself where the document asks for it. Needs `clientId`. */
  readonly clientAuth?: ClientAuth
  /** The audience of the client's assertions. @default the `issuer` of the metadata */
  readonly issuer?: string
  /** The authorization server's metadata, as discovered: its endpoint URLs win over base URL and path. */
  readonly metadata?: object
  /** The User-Agent of each request. @default the runtime's */
  readonly userAgent?: string
  /** Sent with every request, so never a credential. */
  readonly headers?: HeadersInit
  /** Milliseconds for connection, headers and body together. @default none */
  readonly timeout?: number
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

const knownOptions =
  'baseUrl fetch authenticatedFetch clientFetch clientId clientAuth issuer metadata userAgent headers timeout runtime'

/**
 * Makes the `Api` that generated functions send through.
 *
 * Credentials go exactly where the document asks for them. Redirects are followed only for a GET without
 * credentials, and only within its origin.
 *
 * @throws TypeError for an unknown option, or a credential among `headers`
 * @example
 * const api = createApi({ baseUrl: 'https://api.example', authenticatedFetch: session.fetch })
 * const claims = await getUserInfo(api)
 */
export function createApi(options: ApiOptions = {}): Api {
  for (const key of Object.keys(options)) {
    if (!knownOptions.split(' ').includes(key)) throw new TypeError(`createApi: unknown option "${key}"`)
  }
  const { userAgent, timeout, runtime } = options
  assertTimeout(timeout)
  const common = new Headers()
  setFields(common, options.headers)
  for (const name of ['authorization', 'dpop', 'cookie']) {
    if (common.has(name)) throw new TypeError(`createApi: "headers" go to every operation; leave out ${name}`)
  }
  if (userAgent) setFields(common, { 'user-agent': userAgent })

  async function exchange(
    operation: Operation,
    input: OperationInput = {},
    init: RequestOptions = {},
    throws?: boolean,
  ): Promise<Answer> {
    const controller = new AbortController()
    const url = buildUrl(operation, input, init, options)
    const place = url.origin + url.pathname
    const request = buildRequest(operation, input, url, common, init.headers, controller.signal)
    const plain = init.fetch ?? options.fetch ?? fetch
    const send = operation.authorize?.(operation, request, plain, options, init) ?? operation.follow?.(plain) ?? plain
    const { signal, timeout: limit = timeout } = init
    const [response, bytes] = await sendWhole(send, request, place, controller, { signal, timeout: limit })
    return readAnswer(operation, place, response, bytes, throws, runtime)
  }

  return {
    send: async <Success>(operation: Operation<Success>, input?: OperationInput, init?: RequestOptions) =>
      (await exchange(operation, input, init, true)).body as Success,
    result: exchange as Api['result'],
    url: (operation, input = {}, init = {}) => buildUrl(operation, input, init, options),
  }
}
