import { signAside } from '#signatures'
import type { Fetch } from '../lib/fetch.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { createDpopProof, type DpopProofInput } from '../protocol/dpop-proof.ts'
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
    const { input, runtime } = describeProof(request, options)
    headers.set('dpop', await createDpopProof(options.key, input, runtime, signAside))
    const response = await fetch(new Request(request, { headers }))
    nonces.learn(role, request.url, response)
    return response
  }
}

/** What the proof for a request is made from at this moment: the nonce and the clock as they are known now. */
export function describeProof(
  { method, url }: Request,
  { nonces, role, accessToken, claims, clocks, runtime = systemRuntime }: DpopOptions,
): { readonly input: DpopProofInput; readonly runtime: Runtime } {
  const nonce = nonces.get(role, url)
  const input = {
    method,
    url,
    ...(nonce !== undefined && { nonce }),
    ...(accessToken !== undefined && { accessToken }),
    ...(claims && { claims }),
  }
  return { input, runtime: clocks?.runtimeFor(url) ?? runtime }
}
