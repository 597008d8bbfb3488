import type { IdTokenClaims, IdTokenExpectations } from './id-token.ts'
import type { JwtClaims } from './jwt.ts'
import { findClaimsFault } from './jwt-profiles.ts'
import { shown, type TokenChecks } from './token-checks.ts'

/** Who says it, to whom, of whom: the claims that every id_token has. */
export function checkParties(claims: JwtClaims, expectations: IdTokenExpectations, checks: TokenChecks): IdTokenClaims {
  checkKind(claims, checks)
  checkIssuer(claims.iss, expectations.issuer, checks)
  const audiences = checkAudience(claims.aud, expectations, checks)
  checkAuthorizedParty(claims.azp, audiences, expectations, checks)
  checkSubject(claims.sub, checks)
  return claims as IdTokenClaims
}

/** What the request asked for and the answer must show. */
export function checkRequestedClaims(
  claims: IdTokenClaims,
  expectations: IdTokenExpectations,
  checks: TokenChecks,
): void {
  checkNonce(claims.nonce, expectations.nonce, checks)
  checkAcr(claims.acr, expectations, checks)
}

function checkKind(claims: JwtClaims, checks: TokenChecks): void {
  const fault = findClaimsFault(claims, 'id_token')
  if (fault) checks.fail('kind', fault.clause, fault.message, fault.expected, fault.actual)
  checks.pass('kind', 'RFC 8725 3.12', 'the claims of an id_token', 'the claims of an id_token')
}

function checkIssuer(iss: unknown, issuer: string, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 2'
  if (iss !== issuer) {
    const message = `id_token claim "iss" is ${shown(iss)}; expected ${shown(issuer)}`
    checks.fail('iss', clause, message, issuer, shown(iss))
  }
  checks.pass('iss', clause, issuer, iss)
}

function checkAudience(aud: unknown, expectations: IdTokenExpectations, checks: TokenChecks): readonly string[] {
  const clause = 'OIDC Core 3.1.3.7 item 3'
  const { clientId, trustedAudiences = [] } = expectations
  const audiences = typeof aud === 'string' ? [aud] : aud
  if (!isStrings(audiences) || !audiences.includes(clientId)) {
    return checks.fail(
      'aud',
      clause,
      `id_token claim "aud" is ${shown(aud)}; expected ${shown(clientId)}`,
      clientId,
      shown(aud),
    )
  }
  const stranger = audiences.find((one) => one !== clientId && !trustedAudiences.includes(one))
  if (stranger !== undefined) {
    const message = `id_token claim "aud" holds ${shown(stranger)}, which is not trusted; expected ${shown(clientId)} and trustedAudiences only`
    return checks.fail('aud', clause, message, [clientId, ...trustedAudiences], shown(aud))
  }
  checks.pass('aud', clause, clientId, aud)
  return audiences
}

function checkAuthorizedParty(
  azp: unknown,
  audiences: readonly string[],
  expectations: IdTokenExpectations,
  checks: TokenChecks,
): void {
  const { clientId, authorizedParties = [] } = expectations
  if (azp === undefined) {
    // Item 4 of the first edition says SHOULD; by our policy several audiences need to say who asked.
    const clause = 'OIDC Core 3.1.3.7 item 4'
    if (audiences.length > 1) {
      const message = `id_token claim "azp" is absent although "aud" has ${audiences.length} members; expected ${shown(clientId)}`
      checks.fail('azp', clause, message, clientId, 'absent')
    }
    checks.skip('azp', clause, 'absent, and the client is the only audience')
    return
  }
  const clause = 'OIDC Core 3.1.3.7 item 5'
  if (azp !== clientId && !(typeof azp === 'string' && authorizedParties.includes(azp))) {
    const message = `id_token claim "azp" is ${shown(azp)}; expected ${shown(clientId)} or one of authorizedParties`
    checks.fail('azp', clause, message, [clientId, ...authorizedParties], shown(azp))
  }
  checks.pass('azp', clause, clientId, azp)
}

function checkSubject(sub: unknown, checks: TokenChecks): void {
  const expected = '1 to 255 ASCII characters'
  if (typeof sub !== 'string' || !/^[\x00-\x7f]{1,255}$/.test(sub)) {
    const actual = typeof sub === 'string' ? describeSubject(sub) : shown(sub)
    checks.fail('sub', 'OIDC Core 2', `id_token claim "sub" is ${actual}; expected ${expected}`, expected, actual)
  }
  checks.pass('sub', 'OIDC Core 2', expected, expected)
}

function describeSubject(sub: string): string {
  return sub.length > 0 && sub.length <= 255 ? 'not ASCII' : `${sub.length} characters`
}

/** The values stay out of the report: who reads a log must not be able to answer for the user. */
function checkNonce(nonce: unknown, wanted: string | null | undefined, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 11'
  if (nonce !== undefined && typeof nonce !== 'string') {
    checks.fail(
      'nonce',
      'OIDC Core 2',
      `id_token claim "nonce" is ${shown(nonce)}; expected a string`,
      'string',
      shown(nonce),
    )
  }
  if (wanted === undefined) {
    checks.skip('nonce', clause, 'no nonce was given to compare with')
    return
  }
  const actual = nonce === undefined ? 'absent' : 'another value'
  if (wanted === null) {
    if (nonce === undefined) {
      checks.pass('nonce', clause, 'absent', 'absent')
      return
    }
    checks.fail(
      'nonce',
      clause,
      'id_token claim "nonce" is present; expected none, since none was sent',
      'absent',
      'present',
    )
  }
  if (nonce !== wanted) {
    const expected = 'the nonce of the request'
    checks.fail('nonce', clause, `id_token claim "nonce" is ${actual}; expected ${expected}`, expected, actual)
  }
  checks.pass('nonce', clause, 'the nonce of the request', 'the nonce of the request')
}

function checkAcr(acr: unknown, { acrValues, acrEssential }: IdTokenExpectations, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 12'
  if (acr !== undefined && typeof acr !== 'string') {
    checks.fail('acr', 'OIDC Core 2', `id_token claim "acr" is ${shown(acr)}; expected a string`, 'string', shown(acr))
  }
  if (!acrValues) {
    checks.skip('acr', clause, 'no acr was asked for')
    return
  }
  if (acr !== undefined && acrValues.includes(acr)) {
    checks.pass('acr', clause, acrValues, acr)
    return
  }
  if (!acrEssential) {
    // OIDC Core 5.5.1.1: asked for as a voluntary claim, another value is no error.
    checks.report('acr', clause, 'not one of those asked for, none of which was essential', acrValues, shown(acr))
    return
  }
  checks.fail(
    'acr',
    clause,
    `id_token claim "acr" is ${shown(acr)}; expected one of ${shown(acrValues)}`,
    acrValues,
    shown(acr),
  )
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
