import { importSecret, verify } from '#signatures'
import { andThen } from '../lib/maybe-promise.ts'
import { isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import type { MaybePromise, SignatureAlgorithm, SymmetricAlgorithm, VerificationKey } from '../lib/signatures/types.ts'
import type { IdTokenExpectations, IdTokenSources } from './id-token.ts'
import type { KeySelection } from './jwks.ts'
import type { Jwt } from './jwt.ts'
import { shown, type TokenChecks } from './token-checks.ts'

const clause = 'OIDC Core 3.1.3.7 item 6'

/**
 * Finds the key and verifies: with the issuer's, with the client's secret where a MAC was registered, or not at
 * all for `none`. Nothing is to be awaited where keys and signatures are there at once.
 */
export function checkSignature(
  jwt: Jwt,
  alg: SignatureAlgorithm | 'none',
  { clientSecret = '' }: IdTokenExpectations,
  sources: IdTokenSources,
  checks: TokenChecks,
): MaybePromise<void> {
  if (alg === 'none') {
    // RFC 7518 3.6: the signature of an unsecured JWS is the empty octet sequence.
    expectSignature(jwt.signature.length === 0, 'RFC 7518 3.6', 'empty, for alg none', checks)
    return checks.skip('key', 'OIDC Core 2', 'unsigned, as registered')
  }
  const { kid } = jwt.header
  const selecting = isSymmetricAlgorithm(alg) ? secretKey(clientSecret, alg) : sources.selectKeys({ alg, kid })
  return andThen(selecting, (selection) => {
    const keys = expectKeys(selection, alg, kid, checks)
    return andThen(isSignedByOne(jwt, keys, 0), (holds) => {
      expectSignature(holds, clause, `by ${alg} with the key`, checks)
    })
  })
}

/** One key after the other, from the one at `first`; of the same `kid` there may be some. */
function isSignedByOne(jwt: Jwt, keys: readonly VerificationKey[], first: number): MaybePromise<boolean> {
  const key = keys[first]
  if (!key) return false
  const verdict = verify(key, jwt.signingInput, jwt.signature)
  return andThen(verdict, (holds) => holds || isSignedByOne(jwt, keys, first + 1))
}

/** OIDC Core 3.1.3.7 item 8: the octets of the client secret are the key. */
function secretKey(secret: string, alg: SymmetricAlgorithm): MaybePromise<KeySelection> {
  return andThen(importSecret(secret, alg), (key) => ({ kind: 'keys', keys: [key] }))
}

function expectKeys(
  selection: KeySelection,
  alg: SignatureAlgorithm,
  kid: string | undefined,
  checks: TokenChecks,
): readonly VerificationKey[] {
  const expected = `a key for ${alg}`
  if (selection.kind === 'keys') {
    const [quirk, ...more] = selection.quirks ?? []
    if (quirk === undefined) checks.expect(true, 'key', 'OIDC Core 10.1', expected, kid)
    else for (const each of [quirk, ...more]) checks.allow(each, 'key', 'OIDC Core 10.1', expected, kid)
    return selection.keys
  }
  const { reason } = selection
  const message = () => `header "kid" is ${shown(kid)}: ${reason}; expected a key of the issuer for ${alg}`
  checks.expect(false, 'key', 'OIDC Core 10.1', expected, reason, message)
  return []
}

function expectSignature(holds: boolean, rule: string, expected: string, checks: TokenChecks): void {
  const actual = holds ? expected : 'another'
  checks.expect(holds, 'signature', rule, expected, actual, () => `signature is not the expected one, ${expected}`)
}
