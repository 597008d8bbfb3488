import type { TokenChecks } from './token-checks.ts'

/** The schemes by which a token can be presented (RFC 6750 2.1, RFC 9449 7.1), lower case. */
export type TokenScheme = 'bearer' | 'dpop'

/** An access token as a request presents it, believed in nothing yet. */
export interface PresentedToken {
  readonly scheme: TokenScheme
  readonly token: string
}

/** Where a request may present a token. */
export interface PresentedRequest {
  readonly url: string
  readonly headers: Headers
}

// RFC 6750 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="; RFC 9110 11.4: 1*SP before it.
const credentials = /^(Bearer|DPoP) +([\w.~+/-]+=*)$/i
const scheme = /^(Bearer|DPoP)(?![^\s,])/i
/** Characters; the same bound as for a JWT. */
const mostLength = 65_536

/**
 * Finds the one token of a request. Only the Authorization field may carry it: a query stands in logs and
 * histories, and a body is for those who cannot set fields.
 *
 * @see RFC 6750 2, RFC 9449 7.1, RFC 9700 4.3.2
 */
export function readPresentedToken(
  { url, headers }: PresentedRequest,
  schemes: readonly TokenScheme[],
  checks: TokenChecks,
): PresentedToken {
  const field = headers.get('authorization')
  expectAbsent('token_in_query', 'RFC 9700 4.3.2', new URL(url).searchParams.has('access_token'), checks)
  const named = field === null ? undefined : scheme.exec(field)?.[1]?.toLowerCase()
  const taken = schemes.find((one) => one === named)
  const expected = `a token by the scheme ${schemes.map(schemeName).join(' or ')}`
  const actual = field === null ? 'no credentials' : named === undefined ? 'another scheme' : schemeName(named)
  const message = () => `is missing: the request has ${actual}; expected ${expected}`
  checks.expect(taken !== undefined, 'credentials', 'RFC 6750 3.1', expected, actual, message)
  const match = field!.length <= mostLength ? credentials.exec(field!) : null
  // Two fields come joined by a comma, which no token has.
  const form = 'one token of the characters of b64token'
  const malformed = () => `is malformed: the Authorization field does not hold ${form}`
  checks.expect(match !== null, 'authorization', 'RFC 6750 2.1', form, match ? form : 'something else', malformed)
  return { scheme: taken!, token: match![2]! }
}

/**
 * RFC 6750 2: clients must not use more than one method in a request.
 *
 * @param present whether the form body has a parameter `access_token`
 */
export function checkTokenInBody(present: boolean, checks: TokenChecks): void {
  expectAbsent('token_in_body', 'RFC 6750 2', present, checks)
}

/** As the registry of schemes writes it. */
export function schemeName(name: string): string {
  return name === 'dpop' ? 'DPoP' : 'Bearer'
}

function expectAbsent(name: string, clause: string, present: boolean, checks: TokenChecks): void {
  const where = name.slice('token_in_'.length)
  const message = () => `stands in the ${where}; expected it in the Authorization field alone`
  checks.expect(!present, name, clause, 'absent', present ? 'present' : 'absent', message)
}
