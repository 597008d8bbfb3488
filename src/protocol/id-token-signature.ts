import { importSecret, verify } from '#signatures'
import { isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import type { SignatureAlgorithm, SymmetricAlgorithm, VerificationKey } from '../lib/signatures/types.ts'
import type { IdTokenExpectations, IdTokenSources } from './id-token.ts'
import type { Jwt } from './jwt.ts'
import { shown, type TokenChecks } from './token-checks.ts'

const signatureClause = 'OIDC Core 3.1.3.7 item 6'

/** Finds the key and verifies: with the issuer's, with the client's secret where a MAC was registered, or not at all for `none`. */
export async function checkSignature(
  jwt: Jwt,
  alg: SignatureAlgorithm | 'none',
  expectations: IdTokenExpectations,
  sources: IdTokenSources,
  checks: TokenChecks,
): Promise<void> {
  if (alg === 'none') return checkUnsigned(jwt, checks)
  const keys = isSymmetricAlgorithm(alg)
    ? [await secretKey(alg, expectations, checks)]
    : await issuerKeys(jwt, alg, sources, checks)
  for (const key of keys) {
    const verdict = verify(key, jwt.signingInput, jwt.signature)
    if (verdict instanceof Promise ? await verdict : verdict) {
      checks.pass('signature', signatureClause, `a signature by ${alg}`, `a signature by ${alg}`)
      return
    }
  }
  const tried = keys.length === 1 ? 'the key' : `any of the ${keys.length} keys`
  checks.fail(
    'signature',
    signatureClause,
    `id_token signature does not verify by ${alg} with ${tried} ${shown(jwt.header.kid)}; expected one by the issuer`,
    `a signature by ${alg} of the issuer`,
    'another signature',
  )
}

function checkUnsigned(jwt: Jwt, checks: TokenChecks): void {
  // RFC 7518 3.6: the signature of an unsecured JWS is the empty octet sequence.
  if (jwt.signature.length > 0) {
    const message = 'id_token has a signature although its "alg" is "none"; expected an empty one'
    checks.fail('signature', 'RFC 7518 3.6', message, 'empty', `${jwt.signature.length} bytes`)
  }
  checks.skip('key', 'OIDC Core 2', 'unsigned, as registered')
  checks.skip('signature', signatureClause, 'unsigned, as registered, and straight from the token endpoint')
}

async function secretKey(
  alg: SymmetricAlgorithm,
  { clientSecret = '' }: IdTokenExpectations,
  checks: TokenChecks,
): Promise<VerificationKey> {
  const key = await importSecret(clientSecret, alg)
  checks.pass('key', 'OIDC Core 3.1.3.7 item 8', 'the client secret', 'the client secret')
  return key
}

async function issuerKeys(
  { header }: Jwt,
  alg: SignatureAlgorithm,
  sources: IdTokenSources,
  checks: TokenChecks,
): Promise<readonly VerificationKey[]> {
  const { kid } = header
  const selected = sources.selectKeys({ alg: alg as Exclude<SignatureAlgorithm, SymmetricAlgorithm>, kid })
  const selection = selected instanceof Promise ? await selected : selected
  const expected = kid === undefined ? `the only key for ${alg}` : `a key ${shown(kid)} for ${alg}`
  if (selection.kind !== 'keys') {
    const message = `id_token names no usable key of the issuer: ${selection.reason}; expected ${expected}`
    return checks.fail('key', 'OIDC Core 10.1', message, expected, selection.reason)
  }
  checks.pass('key', 'OIDC Core 10.1', expected, `${selection.keys.length} found`)
  return selection.keys
}
