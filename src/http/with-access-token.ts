import { RequestError } from '../errors/network.ts'
import type { Fetch } from '../lib/fetch.ts'
import { setField } from '../lib/header-fields.ts'
import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import { assertNumbers } from '../lib/options.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { findChallengeError } from '../lib/www-authenticate.ts'
import { isLoopbackHost } from '../protocol/url-rules.ts'
import { carryDeadline } from './deadlines.ts'
import { createCallNonces, createDpopNonces, type DpopNonces } from './dpop-nonces.ts'
import { createDpopProofSeries, type DpopProofSeries } from './dpop-proof-series.ts'
import { toNetworkError, withoutQuery } from './network-errors.ts'
import { discard, refused } from './redirects.ts'
import { createReplay, type Replay, type ReplayOptions } from './replay.ts'
import type { ServerClocks } from './server-clocks.ts'
import type { AccessToken, AccessTokenRequest, TokenSource } from './token-source.ts'
import { type DpopOptions, describeProof } from './with-dpop.ts'
import { sendWithNonce } from './with-nonce-retry.ts'

/** Where `withAccessToken` may send the token, and which one it asks for. */
export interface AccessTokenOptions extends ReplayOptions {
  /** Where the token may go: `https://api.example`. Of a URL only the origin counts. */
  readonly origins: readonly (string | URL)[]
  /** `http:` to a loopback address that is among `origins`: development. @default false */
  readonly allowLoopbackHttp?: boolean
  /** Space-separated, as the source is asked for it. @default whatever the source holds */
  readonly scope?: string
  /** RFC 8707, as the source is asked for it. */
  readonly resource?: string
  /** Of the resource servers. @default none known yet */
  readonly nonces?: DpopNonces
  /** Of the resource servers, for the time in proofs. @default the runtime's */
  readonly clocks?: ServerClocks
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

/**
 * Sends with an access token, Bearer or DPoP as the source says. A 401 with `invalid_token` asks the source once
 * for another token, naming the refused one, and sends once more with that; what comes then goes to the caller.
 * Redirects are never followed: a 3xx goes to the caller too, as does any other status.
 *
 * @throws RequestError origin_not_allowed | insecure_url | body_not_replayable
 * @throws ResponseError redirect_refused where a browser hides the redirect
 * @throws NetworkError, or the reason of the request's signal
 * @throws ProtocolError invalid_dpop_nonce
 * @throws TypeError for a request with an Authorization or DPoP field of its own
 * @throws whatever the source throws: SessionError
 * @see RFC 6750 2.1, 3.1; RFC 9449 7
 */
export function withAccessToken(fetch: Fetch, source: TokenSource, options: AccessTokenOptions): Fetch {
  if (typeof source?.getAccessToken !== 'function') {
    throw new TypeError(
      'withAccessToken: "source" must have getAccessToken, as sessions and manager.tokenSource(...) do',
    )
  }
  const send = createTokenSender(fetch, options)
  return (request) => send(request, source)
}

/**
 * Sends a request with a token of this source.
 *
 * @param known a token that the source would give now: it is asked only when this one is refused
 */
export type TokenSender = (
  request: Request,
  source: TokenSource,
  ownership?: 'own',
  known?: AccessToken,
) => Promise<Response>

/**
 * `withAccessToken` for a source that changes from call to call. An `own` request was made with `redirect: 'manual'`
 * by the caller, who gives it away: it is changed and sent as it is, since each copy of a `Request` costs as much as
 * the signature of a proof.
 */
export function createTokenSender(fetch: Fetch, options: AccessTokenOptions): TokenSender {
  assertNumbers('withAccessToken', options, ['bufferLimit'], '0 or more')
  const { scope, resource } = options
  const assertMayCarryToken = createOriginGuard(options)
  const settled = { ...options, fetch, nonces: options.nonces ?? createDpopNonces(), proofs: createDpopProofSeries() }
  return async (request, source, ownership, known) => {
    assertMayCarryToken(request)
    const wanted = (): AccessTokenRequest => ({
      ...(scope !== undefined && { scope }),
      ...(resource !== undefined && { resource }),
      signal: request.signal,
    })
    const replay = createReplay(request, options)
    const context: SendContext = { settled, unsent: ownership === 'own' ? request : undefined }
    try {
      const token = known ?? (await source.getAccessToken(wanted()))
      const response = await sendCarrying(token, replay, context)
      // RFC 6750 3.1: `invalid_token` is the one error that another token can cure.
      if (response.status !== 401 || !findChallengeError(response.headers, 'invalid_token')) return response
      // Asked before the body is looked at: even when this request cannot be sent again, the next one needs the token.
      const next = await source.getAccessToken({ ...wanted(), rejected: token.value })
      if (next.value === token.value) return response
      const answer = await sendCarrying(next, replay, context, response)
      discard(response)
      return answer
    } finally {
      replay.end()
    }
  }
}

/** What all calls share. */
interface SettledOptions extends AccessTokenOptions {
  readonly fetch: Fetch
  readonly nonces: DpopNonces
  readonly proofs: DpopProofSeries
}

interface SendContext {
  readonly settled: SettledOptions
  /** The request that may be changed, until it is sent: whoever saw it then must not see it change. */
  unsent: Request | undefined
}

/** Token, and for a bound one a fresh proof for each attempt. `answer` is what refused the token before. */
function sendCarrying(
  token: AccessToken,
  replay: Replay,
  context: SendContext,
  answer?: Response,
): MaybePromise<Response> {
  if (token.kind === 'bearer') {
    return andThen(replay.next(answer), (request) => attempt(context, request, `Bearer ${token.value}`))
  }
  const { clocks, runtime = systemRuntime, nonces: shared } = context.settled
  const nonces = createCallNonces(shared)
  const options = {
    key: token.key,
    accessToken: token.value,
    nonces,
    role: 'resource_server',
    clocks,
    runtime,
  } as const
  const prove: Fetch = (request) => attempt(context, request, `DPoP ${token.value}`, options)
  return sendWithNonce(prove, replay, options, answer)
}

/** With `dpop`, proves possession afresh, and learns the nonce of the answer. */
async function attempt(
  context: SendContext,
  request: Request,
  authorization: string,
  dpop?: DpopOptions,
): Promise<Response> {
  const { fetch, proofs } = context.settled
  const made = dpop && prove(request, dpop, proofs)
  // Awaited only where it is not there yet: on Node it is.
  const proof = made instanceof Promise ? await made : made
  const isOwn = request === context.unsent
  const carrying = isOwn ? request : carryDeadline(request, new Request(request, { redirect: 'manual' }))
  context.unsent = undefined
  setToken(carrying, authorization)
  if (proof !== undefined) setField(carrying.headers, 'dpop', proof)
  // What is sent again may have been sent with a proof.
  else if (!isOwn) carrying.headers.delete('dpop')
  let response: Response
  try {
    const answer = fetch(carrying)
    if (dpop) proofs.signAhead()
    response = await answer
  } catch (error) {
    throw toNetworkError(error, request)
  }
  if (response.type === 'opaqueredirect') throw refused(response, request, 'a redirect')
  dpop?.nonces.learn(dpop.role, request.url, response)
  return response
}

function prove(request: Request, dpop: DpopOptions, proofs: DpopProofSeries): MaybePromise<string> {
  const { input, runtime } = describeProof(request, dpop)
  return proofs.next(dpop.key, input, runtime)
}

/** A broken store may give what no server ever gave: that is neither the network's fault nor the caller's. */
function setToken({ headers, url }: Request, authorization: string): void {
  try {
    headers.set('authorization', authorization)
  } catch {
    const message = 'the access token has characters that no header field can carry (RFC 6750 2.1); it was not sent'
    throw new RequestError('malformed_token', message, { url: withoutQuery(url) })
  }
}

const ownFields = ['authorization', 'dpop'] as const

/** What throws for a request that may not carry the token. */
function createOriginGuard({ origins: urls, allowLoopbackHttp = false }: AccessTokenOptions) {
  const origins = new Set(urls.map(originOf))
  // RFC 6750 5.3: tokens go over TLS only.
  const isSecure = ({ protocol, hostname }: URL) =>
    protocol === 'https:' || (allowLoopbackHttp && isLoopbackHost(hostname))
  // A request's URL is normal, has no credentials, and a path begins with a slash: its beginning tells the origin.
  const beginnings = [...origins].filter((origin) => isSecure(new URL(origin))).map((origin) => `${origin}/`)
  return ({ url, headers }: Request): void => {
    if (!beginnings.some((beginning) => url.startsWith(beginning))) throw mayNotCarry(url, origins)
    for (const name of ownFields) {
      if (headers.has(name)) throw new TypeError(`request: leave out ${name}; it is set here, for each attempt`)
    }
  }
}

function originOf(url: string | URL): string {
  if (URL.canParse(url)) return new URL(url).origin
  throw new TypeError('withAccessToken: "origins" must be absolute URLs, such as https://api.example')
}

function mayNotCarry(address: string, origins: ReadonlySet<string>): RequestError {
  const { origin } = new URL(address)
  const url = withoutQuery(address)
  if (!origins.has(origin)) {
    const message = `the access token may not go to ${origin}; allowed are ${[...origins].join(', ') || 'none'}`
    return new RequestError('origin_not_allowed', message, { url })
  }
  const message = `the access token may only go to https; ${origin} is not (allowLoopbackHttp is for development)`
  return new RequestError('insecure_url', message, { url })
}
