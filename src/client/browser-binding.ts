import { digest } from '#signatures'
import { ProtocolError } from '../errors/protocol.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import type { Transaction } from '../protocol/transaction.ts'

/** How one callback is completed. */
export interface HandleCallbackOptions {
  /** What `createAuthorizationUrl` was given, as this browser brings it back. @default none */
  readonly browserBinding?: string
  /** Where the first token is to be used, of what the login asked for (RFC 8707 2.2). @default all of that */
  readonly resource?: string | readonly string[]
  readonly signal?: AbortSignal
}

/** Shorter is no secret: 128 bits in base64url. */
const leastCharacters = 22

/** What the transaction keeps: a hash, so that whoever reads the store cannot play the browser. */
export async function hashBrowserBinding(binding: string): Promise<string> {
  if (typeof binding === 'string' && binding.length >= leastCharacters) {
    return encodeBase64url(await digest('SHA-256', `browser ${binding}`))
  }
  throw new TypeError(
    `"browserBinding" must be a random value that only this browser has, ${leastCharacters} characters or more`,
  )
}

/**
 * Refuses a callback that another browser brings than the one that began the login: it may have been sent there so
 * that its user works in somebody else's account (login CSRF), or have been stolen on its way.
 *
 * @throws ProtocolError `browser_mismatch`
 * @see RFC 9700 4.7, RFC 6749 10.12
 */
export async function assertSameBrowser(transaction: Transaction, brought: string | undefined): Promise<void> {
  const { browserBinding: bound } = transaction
  if (bound === undefined && brought === undefined) return
  const actual = brought === undefined ? undefined : await hashBrowserBinding(brought)
  if (bound !== undefined && actual !== undefined && timingSafeEqual(bound, actual)) return
  throw new ProtocolError('browser_mismatch', 'the callback does not come from the browser that began the login', {
    clause: 'RFC 9700 4.7',
    expected: bound === undefined ? 'a login that is bound to no browser' : 'the browser that began the login',
    actual: actual === undefined ? 'no proof of which browser it is' : 'another browser',
  })
}
