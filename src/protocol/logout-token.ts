import { jsonType } from '../lib/printable.ts'
import type { JwtClaims } from './jwt.ts'
import { logoutTokenProfile } from './jwt-profiles.ts'
import { refuseJwt, type SignedJwtRules, type SignedJwtSources, verifySignedJwt } from './signed-jwt.ts'

/** A logout token that was verified: whose sessions end. */
export interface LogoutTokenClaims extends JwtClaims {
  readonly iss: string
  readonly aud: string | readonly string[]
  /** Seconds since the epoch. */
  readonly iat: number
  /** Seconds since the epoch. */
  readonly exp: number
  readonly jti: string
  readonly events: Readonly<Record<string, unknown>>
  /** The user. With `sid` absent, every session of theirs at this client ends. */
  readonly sub?: string
  /** The session. */
  readonly sid?: string
}

export type LogoutTokenRules = Omit<SignedJwtRules, 'profile' | 'noun' | 'code'> & { readonly audience: string }

const event = 'http://schemas.openid.net/event/backchannel-logout'
const refusal = { code: 'invalid_logout_token', noun: 'logout token' } as const

/**
 * Holds a logout token against every rule but that of its single use, which needs a memory.
 *
 * @throws ProtocolError `invalid_logout_token`, `invalid_jwt`
 * @see OpenID Connect Back-Channel Logout 1.0 2.6
 */
export async function judgeLogoutToken(
  token: unknown,
  rules: LogoutTokenRules,
  sources: SignedJwtSources,
): Promise<LogoutTokenClaims> {
  const { claims } = await verifySignedJwt(token, { ...rules, ...refusal, profile: logoutTokenProfile }, sources)
  const { sub, sid, events, jti } = claims
  for (const [name, value] of Object.entries({ sub, sid, jti })) {
    if (value === undefined || (typeof value === 'string' && value !== '')) continue
    throw refuseJwt(refusal, `claim "${name}"`, 'Back-Channel Logout 2.4', 'non-empty text', jsonType(value))
  }
  // 2.6 item 5: "Verify that the Logout Token contains a sub Claim, a sid Claim, or both."
  if (sub === undefined && sid === undefined) {
    throw refuseJwt(refusal, 'claim "sub" or "sid"', 'Back-Channel Logout 2.6 item 5', 'present', 'absent')
  }
  judgeEvents(events)
  return claims as LogoutTokenClaims
}

/** 2.6 item 6: the member that makes it a logout token; 2.4: its value is a JSON object. */
function judgeEvents(events: unknown): void {
  const clause = 'Back-Channel Logout 2.6 item 6'
  if (jsonType(events) !== 'object') throw refuseJwt(refusal, 'claim "events"', clause, 'an object', jsonType(events))
  const value = Object.hasOwn(events as object, event) ? (events as Record<string, unknown>)[event] : undefined
  if (jsonType(value) === 'object') return
  throw refuseJwt(refusal, `claim "events" member "${event}"`, clause, 'an object', jsonType(value))
}
