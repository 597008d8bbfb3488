import { ProtocolError } from '../errors/protocol.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'

/** What the return from the provider's logout page must show. */
export interface LogoutReturnExpectations {
  /** As sent; kept with the user's browser, in a cookie for example. */
  readonly state: string
  /** As sent. */
  readonly postLogoutRedirectUri: string
}

const clause = 'OpenID Connect RP-Initiated Logout 1.0 3'

/**
 * Judges the return to `post_logout_redirect_uri`: the address that was sent, with the state that was sent, once.
 *
 * @throws ProtocolError `invalid_logout_request`, `state_mismatch`
 * @throws TypeError for expectations that would let anything pass
 * @see OpenID Connect RP-Initiated Logout 1.0 2, 3
 */
export function judgeLogoutReturn(url: URL, expected: LogoutReturnExpectations): void {
  if (typeof expected.state !== 'string' || expected.state === '') {
    throw new TypeError('"state" must be the one that was sent, a non-empty string')
  }
  const target = new URL(expected.postLogoutRedirectUri)
  if (url.origin !== target.origin || url.pathname !== target.pathname) {
    throw new ProtocolError('invalid_logout_request', 'the return from logout came to another address', {
      clause,
      expected: target.origin + target.pathname,
      actual: url.origin + url.pathname,
    })
  }
  const states = url.searchParams.getAll('state')
  // "the OP passes this value back to the RP using the state parameter": one value, and that one.
  if (states.length === 1 && timingSafeEqual(expected.state, states[0]!)) return
  throw new ProtocolError('state_mismatch', 'the return from logout does not have the "state" that was sent', {
    clause,
    expected: 'that of the request, once',
    actual: states.length === 0 ? 'absent' : states.length > 1 ? 'repeated' : 'another',
  })
}
