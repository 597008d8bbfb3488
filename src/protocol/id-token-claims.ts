import { jsonType } from '../lib/printable.ts'
import type { IdTokenClaims, IdTokenExpectations } from './id-token.ts'
import type { JwtClaims } from './jwt.ts'
import { findClaimsFault, idTokenProfile } from './jwt-profiles.ts'
import { isTenantIssuer } from './templated-issuer.ts'
import type { TokenChecks } from './token-checks.ts'

/** Who says it, to whom, of whom: the claims that every id_token has. */
export function checkParties(claims: JwtClaims, expectations: IdTokenExpectations, checks: TokenChecks): IdTokenClaims {
  checkKind(claims, checks)
  const { aud, azp, sub } = claims
  checkIssuer(claims, expectations, checks)
  const audiences = checkAudience(aud, expectations, checks)
  checkAuthorizedParty(azp, audiences, expectations, checks)
  checkSubject(sub, checks)
  return claims as IdTokenClaims
}

/** Exactly: no normalisation, a trailing slash included. */
function checkIssuer({ iss, tid }: JwtClaims, { issuer, quirks }: IdTokenExpectations, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 2'
  const isTenant = iss !== issuer && quirks?.includes('templated-issuer') && isTenantIssuer(issuer, iss, tid)
  if (isTenant) checks.allow('templated-issuer', 'iss', clause, issuer, iss)
  else checks.expect(iss === issuer, 'iss', clause, issuer, iss)
}

/** What the request asked for and the answer must show. */
export function checkRequestedClaims(
  { nonce, acr }: IdTokenClaims,
  expectations: IdTokenExpectations,
  checks: TokenChecks,
): void {
  checkNonce(nonce, expectations.nonce, checks)
  checkAcr(acr, expectations, checks)
}

function checkKind(claims: JwtClaims, checks: TokenChecks): void {
  const { claim, clause, expected } = findClaimsFault(idTokenProfile, claims) ?? {}
  const message = () => `claim "${claim}" is ${expected === 'present' ? 'absent' : 'present'}; expected it ${expected}`
  checks.expect(!claim, 'kind', clause ?? idTokenProfile.clause, claim && `${claim} ${expected}`, claim, message)
}

function checkAudience(aud: unknown, expectations: IdTokenExpectations, checks: TokenChecks): readonly string[] {
  const { clientId, trustedAudiences = [] } = expectations
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const trusted = [clientId, ...trustedAudiences]
  // "... contains its client_id", and is rejected "if it contains additional audiences not trusted by the Client".
  const holds = audiences.includes(clientId) && audiences.every((one) => trusted.includes(one as string))
  checks.expect(holds, 'aud', 'OIDC Core 3.1.3.7 item 3', trustedAudiences.length > 0 ? trusted : clientId, aud)
  return audiences as readonly string[]
}

function checkAuthorizedParty(
  azp: unknown,
  audiences: readonly string[],
  { clientId, authorizedParties = [] }: IdTokenExpectations,
  checks: TokenChecks,
): void {
  if (azp === undefined && audiences.length < 2) {
    checks.skip('azp', 'OIDC Core 3.1.3.7 item 4', 'absent, and the client is the only audience')
    return
  }
  // Item 4 says SHOULD; by our policy several audiences need to say who asked.
  const holds = azp === clientId || authorizedParties.includes(azp as string)
  checks.expect(holds, 'azp', 'OIDC Core 3.1.3.7 item 5', [clientId, ...authorizedParties], azp)
}

function checkSubject(sub: unknown, checks: TokenChecks): void {
  const expected = '1 to 255 ASCII characters'
  const holds = typeof sub === 'string' && /^[\x00-\x7f]{1,255}$/.test(sub)
  const actual = holds ? expected : typeof sub === 'string' ? 'other text' : jsonType(sub)
  checks.expect(holds, 'sub', 'OIDC Core 2', expected, actual, () => `claim "sub" is not ${expected}`)
}

/** The values stay out of the report: who reads a log must not be able to answer for the user. */
function checkNonce(nonce: unknown, wanted: string | null | undefined, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 11'
  if (wanted === undefined) {
    checks.skip('nonce', clause, 'none was given to compare with')
    return
  }
  const expected = wanted === null ? 'absent' : 'that of the request'
  const actual = nonce === undefined ? 'absent' : typeof nonce === 'string' && nonce === wanted ? expected : 'another'
  checks.expect(
    expected === actual,
    'nonce',
    clause,
    expected,
    actual,
    () => `claim "nonce" is ${actual}; expected ${expected}`,
  )
}

function checkAcr(acr: unknown, { acrValues, acrEssential }: IdTokenExpectations, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 12'
  if (!acrValues) {
    checks.skip('acr', clause, 'none was asked for')
    return
  }
  const holds = acrValues.includes(acr as string)
  if (holds || acrEssential) checks.expect(holds, 'acr', clause, acrValues, acr)
  // OIDC Core 5.5.1.1: asked for as a voluntary claim, another value is no error.
  else checks.skip('acr', clause, 'not one of those asked for, and none was essential', acrValues, acr)
}
