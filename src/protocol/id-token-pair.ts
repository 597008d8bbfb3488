import type { TokenCheck } from '../errors/protocol.ts'
import type { VerifiedIdToken } from './id-token.ts'
import { TokenChecks } from './token-checks.ts'

const clause = 'OIDC Core 3.3.3.6'

/**
 * Holds the two id_tokens of a hybrid login against one another: the same issuer, user and authentication.
 *
 * @throws IdTokenError `invalid_id_token`
 * @see OIDC Core 3.3.3.6
 */
export function judgeIdTokenPair(front: VerifiedIdToken, back: VerifiedIdToken): readonly TokenCheck[] {
  const checks = new TokenChecks()
  const [one, two] = [front.claims, back.claims]
  // The subjects stay out of the report.
  const same = 'the same as in the authorization response'
  const isSame = one.sub === two.sub
  const message = () => `claim "sub" is not ${same}`
  checks.expect(one.iss === two.iss, 'hybrid_iss', clause, one.iss, two.iss)
  checks.expect(isSame, 'hybrid_sub', clause, same, isSame ? same : 'another', message)
  if (one.auth_time === undefined || two.auth_time === undefined) checks.skip('hybrid_auth_time', clause, 'absent')
  else checks.expect(one.auth_time === two.auth_time, 'hybrid_auth_time', clause, one.auth_time, two.auth_time)
  return checks.list
}
