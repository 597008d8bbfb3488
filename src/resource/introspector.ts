import { digest } from '#signatures'
import { introspectToken } from '../issuer/introspect-token.ts'
import { createIssuer } from '../issuer/issuer.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSingleFlight } from '../lib/single-flight.ts'
import type { Introspection } from '../protocol/introspection-response.ts'
import type { IntrospectionOptions, TrustedIssuer } from './options.ts'

export interface IntrospectorOptions {
  readonly fetch: Fetch
  readonly runtime: Runtime
  readonly timeout: number
  readonly allowLoopbackHttp: boolean
}

/** Asks one issuer about tokens. */
export type Introspector = (token: string) => Promise<Introspection>

interface Answer {
  readonly introspection: Introspection
  /** Milliseconds since the epoch. */
  readonly answeredAt: number
}

const mostAnswers = 10_000

/** @see RFC 7662 2, 4 */
export function createIntrospector(
  trusted: TrustedIssuer,
  { clientId, clientAuth, cacheFor = 0, signedResponseAlg }: IntrospectionOptions,
  options: IntrospectorOptions,
): Introspector {
  const { issuer, metadata } = trusted
  const asked = createIssuer({
    ...options,
    issuer,
    clientId,
    clientAuth,
    discover: metadata?.introspection_endpoint === undefined,
    ...(metadata && { metadata }),
  })
  const ask: Introspector = (token) =>
    introspectToken(asked, token, { tokenTypeHint: 'access_token' }, { signedResponseAlg })
  return cacheFor > 0 ? withMemory(ask, cacheFor * 1000, options.runtime) : ask
}

/** Answers by the hash of the token, so that no memory dump holds tokens; the oldest goes first. */
function withMemory(ask: Introspector, lifetime: number, runtime: Runtime): Introspector {
  const answers = new Map<string, Answer>()
  const flights = createSingleFlight<Introspection>()

  async function askAndRemember(key: string, token: string): Promise<Introspection> {
    const introspection = await ask(token)
    answers.delete(key)
    // RFC 7662 4: for no longer than the token itself; `exp` is judged at each use anyway.
    answers.set(key, { introspection, answeredAt: runtime.now() })
    if (answers.size > mostAnswers) answers.delete(answers.keys().next().value!)
    return introspection
  }

  return async (token) => {
    const key = encodeBase64url(await digest('SHA-256', token))
    const known = answers.get(key)
    const age = known ? runtime.now() - known.answeredAt : -1
    // A negative age is that of a clock that was set back, which must not prolong what was revoked.
    if (known && age >= 0 && age < lifetime) return known.introspection
    return await flights.run(key, () => askAndRemember(key, token))
  }
}
