import { ProtocolError } from '../errors/protocol.ts'
import { printable } from '../lib/printable.ts'

/** Whose session the provider's page asks to end, in the user's browser. */
export interface FrontChannelLogout {
  readonly issuer: string
  /** Absent where the client did not register `frontchannel_logout_session_required`. */
  readonly sid?: string
}

/** What the client registered for front-channel logout. */
export interface FrontChannelLogoutRules {
  /** As registered in `frontchannel_logout_session_required`. @default true */
  readonly sessionRequired?: boolean
}

const clause = 'OpenID Connect Front-Channel Logout 1.0 2'

/**
 * Judges a request at the client's front-channel logout URI. It proves nothing of who sent it, so it may end the
 * one session that it names, and no other.
 *
 * @throws ProtocolError `invalid_logout_request`, `issuer_mismatch`
 * @see OpenID Connect Front-Channel Logout 1.0 2, 3
 */
export function judgeFrontChannelLogout(
  url: URL,
  issuer: string,
  { sessionRequired = true }: FrontChannelLogoutRules = {},
): FrontChannelLogout {
  const iss = single(url, 'iss')
  const sid = single(url, 'sid')
  // "If either is included, both MUST be."
  if ((iss === undefined) !== (sid === undefined)) throw refuse('"iss" and "sid" together', 'one of them alone')
  if (iss === undefined || sid === undefined) {
    if (sessionRequired) throw refuse('"iss" and "sid"', 'neither')
    return { issuer }
  }
  if (iss !== issuer) {
    throw new ProtocolError('issuer_mismatch', `the logout request is of issuer "${printable(iss)}"`, {
      clause,
      expected: issuer,
      actual: printable(iss),
    })
  }
  if (sid === '') throw refuse('a "sid" that is not empty', 'an empty one')
  return { issuer, sid }
}

function single(url: URL, name: string): string | undefined {
  const values = url.searchParams.getAll(name)
  if (values.length > 1) throw refuse(`"${name}" once`, `${values.length} times`)
  return values[0]
}

function refuse(expected: string, actual: string): ProtocolError {
  const message = `the front-channel logout request must have ${expected}; it has ${actual}`
  return new ProtocolError('invalid_logout_request', message, { clause, expected, actual })
}
