import { ProtocolError } from '../errors/protocol.ts'
import type { Fetch } from '../lib/fetch.ts'
import { isJson, mediaTypeOf, parseJson } from '../lib/media-type.ts'
import { readUpTo } from '../lib/read-bytes.ts'
import { findChallengeError } from '../lib/www-authenticate.ts'
import { type DpopNonceRole, type DpopNonces, isDpopNonce } from './dpop-nonces.ts'
import { discard } from './redirects.ts'
import { createReplay, type Replay, type ReplayOptions } from './replay.ts'

export interface NonceRetryOptions extends ReplayOptions {
  /** The same that `withDpop` inside has. */
  readonly nonces: DpopNonces
  readonly role: DpopNonceRole
}

/**
 * Sends once more, with the new nonce, what a server refused with `use_dpop_nonce`. The outermost decorator:
 * proof and assertion are made inside of it, afresh for each attempt.
 *
 * @throws RequestError body_not_replayable, carrying the refusal
 * @throws ProtocolError invalid_dpop_nonce
 * @see RFC 9449 8, 9
 */
export function withNonceRetry(fetch: Fetch, options: NonceRetryOptions): Fetch {
  return async (request) => {
    const replay = createReplay(request, options)
    try {
      return await sendWithNonce(fetch, replay, options)
    } finally {
      replay.end()
    }
  }
}

/** One attempt of a replay, and a second one if a new nonce came. `answer` is what asked for the first, if anything did. */
export async function sendWithNonce(
  fetch: Fetch,
  replay: Replay,
  options: NonceRetryOptions,
  answer?: Response,
): Promise<Response> {
  const next = replay.next(answer)
  // Awaited only where it is not there yet: most requests have no body to be read.
  const request = next instanceof Promise ? await next : next
  const { url } = request
  const used = options.nonces.get(options.role, url)
  const response = await fetch(request)
  if (response.status !== 400 && response.status !== 401) return response
  const nonce = response.headers.get('dpop-nonce')
  // A nonce that was just refused will be refused again: only a new one is worth an attempt.
  if (nonce === null || nonce === used || !(await asksForNonce(response, options.role))) return response
  if (!isDpopNonce(nonce)) throw malformed(response)
  const again = await replay.next(response)
  discard(response)
  return await fetch(again)
}

const maxErrorBytes = 64 * 1024

async function asksForNonce(response: Response, role: DpopNonceRole): Promise<boolean> {
  // RFC 9449 9: a resource server challenges with 401. Some authorization servers do so too.
  if (response.status === 401 && findChallengeError(response.headers, 'use_dpop_nonce')) return true
  // RFC 9449 8: an authorization server answers with an error response, which is 400 and JSON (RFC 6749 5.2).
  if (role !== 'authorization_server') return false
  if (!isJson(mediaTypeOf(response.headers))) return false
  // A body that fails or floods says nothing; whoever gets the answer will meet the failure again.
  const reader = response.clone().body?.getReader()
  const bytes = reader && (await readUpTo(reader, maxErrorBytes).catch(() => undefined))
  const body = parseJson(new TextDecoder().decode(bytes))?.value as { error?: unknown } | null | undefined
  return body?.error === 'use_dpop_nonce'
}

function malformed(response: Response): ProtocolError {
  discard(response)
  return new ProtocolError(
    'invalid_dpop_nonce',
    'the server asks for a DPoP nonce, but the one that it gives is malformed',
    {
      clause: 'RFC 9449 8.1',
      expected: 'one to 1024 characters of NQCHAR',
      actual: 'another',
    },
  )
}
