import { verify } from '#signatures'
import { isAsymmetricAlgorithm, isSameAlgorithm } from '../lib/signatures/algorithms.ts'
import type { AsymmetricAlgorithm, MaybePromise } from '../lib/signatures/types.ts'
import { type AccessTokenClaims, type AccessTokenExpectations, checkAccessTokenClaims } from './access-token-claims.ts'
import type { KeyQuery, KeySelection } from './jwks.ts'
import type { Jwt, JwtHeader } from './jwt.ts'
import { accessTokenProfile, findClaimsFault, isTypeOf } from './jwt-profiles.ts'
import { shown, type TokenChecks } from './token-checks.ts'

/** What the rules cannot know by themselves. */
export interface AccessTokenSources {
  /** What the issuer may sign with. @default every registered asymmetric algorithm that one of its keys is for */
  readonly algorithms?: readonly AsymmetricAlgorithm[] | undefined
  readonly selectKeys: (query: KeyQuery) => MaybePromise<KeySelection>
}

/** The claims of an access token that is a JWT: these are always there. */
export interface JwtAccessTokenClaims extends AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  /** Seconds since the epoch. */
  readonly exp: number
  /** Seconds since the epoch. */
  readonly iat: number
  readonly jti: string
  readonly client_id: string
}

/**
 * Holds a JWT access token against every rule of its profile: header, signature, kind, claims.
 *
 * @param jwt one whose `iss` has told which issuer's keys to ask for, and nothing else yet
 * @throws what `checks` makes of the first rule that is broken
 * @see RFC 9068 4, RFC 8725 3
 */
export async function judgeAccessToken(
  jwt: Jwt,
  expectations: AccessTokenExpectations,
  sources: AccessTokenSources,
  checks: TokenChecks,
): Promise<JwtAccessTokenClaims> {
  checkHeader(jwt.header, checks)
  const alg = checkAlgorithm(jwt.header, sources.algorithms, checks)
  await checkSignature(jwt, alg, sources, checks)
  checkKind(jwt, checks)
  checkAccessTokenClaims(jwt.claims as AccessTokenClaims, expectations, checks)
  return jwt.claims as unknown as JwtAccessTokenClaims
}

function checkHeader({ crit, b64, typ }: JwtHeader, checks: TokenChecks): void {
  // RFC 7515 4.1.11: whoever does not understand a critical extension rejects; this library understands none.
  const critical = () => 'header has critical extensions; expected none'
  checks.expect(crit === undefined && b64 === undefined, 'crit', 'RFC 7515 4.1.11', undefined, crit ?? b64, critical)
  // RFC 9068 4: at+jwt or application/at+jwt, and any other value is rejected: an id_token is no access token.
  const message = () => `header "typ" is ${shown(typ)}; expected at+jwt`
  checks.expect(isTypeOf(accessTokenProfile, typ), 'typ', 'RFC 9068 4', 'at+jwt', typ, message)
}

/** RFC 9068 4: never `none`; and never a MAC, for whoever can check one could make one. */
function checkAlgorithm(
  { alg }: JwtHeader,
  algorithms: readonly AsymmetricAlgorithm[] | undefined,
  checks: TokenChecks,
): AsymmetricAlgorithm {
  const listed = algorithms?.some((one) => isSameAlgorithm(one, alg)) ?? true
  const expected = algorithms ?? 'a registered asymmetric algorithm'
  const message = () => `header "alg" is ${shown(alg)}; expected ${shown(expected)}`
  checks.expect(listed && isAsymmetricAlgorithm(alg), 'alg', 'RFC 9068 4', expected, alg, message)
  return alg as AsymmetricAlgorithm
}

async function checkSignature(
  jwt: Jwt,
  alg: AsymmetricAlgorithm,
  { selectKeys }: AccessTokenSources,
  checks: TokenChecks,
): Promise<void> {
  const { kid } = jwt.header
  const selecting = selectKeys({ alg, kid })
  const selection = selecting instanceof Promise ? await selecting : selecting
  const found = selection.kind === 'keys'
  const reason = found ? undefined : selection.reason
  const message = () => `header "kid" is ${shown(kid)}: ${reason}; expected a key of the issuer for ${alg}`
  checks.expect(found, 'key', 'RFC 9068 4', `a key for ${alg}`, reason ?? kid, message)
  const keys = found ? selection.keys : []
  let holds = false
  for (let i = 0; i < keys.length && !holds; i++) {
    const verdict = verify(keys[i]!, jwt.signingInput, jwt.signature)
    holds = verdict instanceof Promise ? await verdict : verdict
  }
  const expected = `by ${alg} with the key`
  const unsigned = () => `signature is not the expected one, ${expected}`
  checks.expect(holds, 'signature', 'RFC 9068 4', expected, holds ? expected : 'another', unsigned)
}

/** RFC 9068 2.2: the claims that make the kind are there, and none that makes another. */
function checkKind({ claims }: Jwt, checks: TokenChecks): void {
  const { claim, clause, expected } = findClaimsFault(accessTokenProfile, claims) ?? {}
  const message = () => `claim "${claim}" is ${expected === 'present' ? 'absent' : 'present'}; expected it ${expected}`
  checks.expect(!claim, 'kind', clause ?? accessTokenProfile.clause, claim && `${claim} ${expected}`, claim, message)
}
