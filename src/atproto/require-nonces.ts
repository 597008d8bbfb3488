import { AtprotoError } from '../errors/atproto.ts'
import { withoutQuery } from '../http/network-errors.ts'
import { discard } from '../http/redirects.ts'
import type { Fetch } from '../lib/fetch.ts'

/**
 * Refuses an answer to a DPoP request that brings no nonce: servers of the AT Protocol must give one each time, and
 * one that does not takes proofs that were made beforehand.
 *
 * What a proxy or a rate limiter before the server says, 429 and 5xx, is let pass: it carries neither tokens nor data,
 * and the caller needs to know when to come again.
 *
 * @throws AtprotoError `missing_dpop_nonce`
 * @see RFC 9449 8, 9; AT Protocol OAuth, "Demonstrating Proof of Possession (DPoP)"
 */
export function requireNonces(fetch: Fetch): Fetch {
  return async (request) => {
    const isProven = request.headers.has('dpop')
    const response = await fetch(request)
    const { status } = response
    if (!isProven || response.headers.has('dpop-nonce') || status === 429 || status >= 500) return response
    discard(response)
    const message = `${request.method} ${withoutQuery(request.url)} was answered with ${status} and without DPoP-Nonce`
    throw new AtprotoError('missing_dpop_nonce', message, {
      clause: 'AT Protocol OAuth, "Demonstrating Proof of Possession (DPoP)"',
      expected: 'a DPoP-Nonce field in each answer',
      actual: 'absent',
    })
  }
}
