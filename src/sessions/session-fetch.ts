import type { DpopNonces } from '../http/dpop-nonces.ts'
import { createReplayableRequest } from '../http/replay.ts'
import type { ServerClocks } from '../http/server-clocks.ts'
import type { AccessToken, TokenSource } from '../http/token-source.ts'
import { createTokenSender } from '../http/with-access-token.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Runtime } from '../lib/runtime.ts'
import { findChallengeError } from '../lib/www-authenticate.ts'

export interface SessionFetchOptions {
  /** Where the token may go. */
  readonly origins: readonly string[]
  /** What relative URLs are resolved on. */
  readonly baseUrl?: URL
  /** What its token was for when this was made: one for something else may be refused here, and good there. */
  readonly resource: readonly string[]
  readonly allowLoopbackHttp: boolean
  readonly runtime: Runtime
  readonly nonces: DpopNonces
  readonly clocks: ServerClocks
}

/** What a session is told of its token. */
export interface SessionTokenSource extends TokenSource {
  /** The token that can be had without asking anybody, if there is one. */
  freshToken(): AccessToken | undefined
  /** A token that had just been renewed was refused, too: the server will take no other. */
  refusedAgain(token: string): Promise<void>
}

const manually = { redirect: 'manual' } as const

/**
 * `fetch` that carries the session's token. Each call has a source of its own, which knows whether this call
 * has renewed the token already.
 */
export function createSessionFetch(
  transport: Fetch,
  source: SessionTokenSource,
  options: SessionFetchOptions,
): typeof fetch {
  const { baseUrl, resource: own, ...tokenOptions } = options
  const isForHere = ({ resource = [] }: AccessToken) => resource.join(' ') === own.join(' ')
  const send = createTokenSender(transport, tokenOptions)
  return async (input, init) => {
    const request = createReplayableRequest(resolveInput(input, baseUrl), init ? { ...init, ...manually } : manually)
    let renewed: string | undefined
    const once: TokenSource = {
      async getAccessToken(wanted) {
        const token = await source.getAccessToken(wanted)
        if (wanted?.rejected !== undefined && isForHere(token)) renewed = token.value
        return token
      },
    }
    const response = await send(request, once, 'own', source.freshToken())
    if (renewed !== undefined && response.status === 401 && findChallengeError(response.headers, 'invalid_token')) {
      await source.refusedAgain(renewed)
    }
    return response
  }
}

function resolveInput(input: RequestInfo | URL, baseUrl: URL | undefined): RequestInfo | URL {
  // A scheme tells as much as the whole URL, which `Request` takes apart once more.
  if (typeof input !== 'string' || /^[a-z][a-z\d+.-]*:/i.test(input) || URL.canParse(input)) return input
  if (baseUrl) return new URL(input, baseUrl)
  throw new TypeError(
    `session.fetch: "${input.split('?')[0]}" is relative, and the session has nothing to resolve it on; give createSessions a "baseUrl" or the client a "resource"`,
  )
}
