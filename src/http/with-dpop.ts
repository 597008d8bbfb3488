import { signAside } from '#signatures'
import type { Fetch } from '../lib/fetch.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { createDpopProof } from '../protocol/dpop-proof.ts'
import type { DpopNonceRole, DpopNonces } from './dpop-nonces.ts'
import type { ServerClocks } from './server-clocks.ts'

export interface DpopOptions {
  readonly key: SigningKey
  readonly nonces: DpopNonces
  readonly role: DpopNonceRole
  /** The access token that the request carries, for `ath` (RFC 9449 7). */
  readonly accessToken?: string
  /** Further claims of the proof; those of RFC 9449 win over them. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The time of each server, for `iat`. @default the runtime's */
  readonly clocks?: ServerClocks | undefined
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

/**
 * Gives every request a fresh proof and learns the nonce of every answer. What sends again stands outside of it
 * (`withNonceRetry`), so that no proof is sent twice.
 *
 * @see RFC 9449 4.2, 8
 */
export function withDpop(fetch: Fetch, options: DpopOptions): Fetch {
  const { role, nonces } = options
  return async (request) => {
    const headers = new Headers(request.headers)
    headers.set('dpop', await proofFor(request, options))
    const response = await fetch(new Request(request, { headers }))
    nonces.learn(role, request.url, response)
    return response
  }
}

/** A proof for this one attempt, with the nonce that is known at this moment. On Node it is there at once, but for many at a time. */
export function proofFor({ method, url }: Pick<Request, 'method' | 'url'>, options: DpopOptions): MaybePromise<string> {
  const { accessToken, claims, clocks, runtime = systemRuntime } = options
  const nonce = options.nonces.get(options.role, url)
  const input = {
    method,
    url,
    ...(nonce !== undefined && { nonce }),
    ...(accessToken !== undefined && { accessToken }),
    ...(claims && { claims }),
  }
  return createDpopProof(options.key, input, clocks?.runtimeFor(url) ?? runtime, signAside)
}
