import { digest } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { algorithmRule } from '../lib/signatures/algorithms.ts'
import type { MaybePromise, SignatureAlgorithm } from '../lib/signatures/types.ts'
import type { IdTokenClaims, IdTokenExpectations } from './id-token.ts'
import type { TokenChecks } from './token-checks.ts'

/** The hashes by which an id_token vouches for what came with it. */
export const tokenHashes = [
  { name: 'at_hash', input: 'accessToken', clause: 'OIDC Core 3.1.3.8' },
  { name: 'c_hash', input: 'code', clause: 'OIDC Core 3.3.2.10' },
  { name: 's_hash', input: 'state', clause: 'FAPI 1.0 Advanced 5.2.3.1' },
] as const

/**
 * The left half of the hash of an access token, a code or a state, by the hash function of the id_token's
 * algorithm (SHA-512 for Ed25519), in base64url.
 *
 * @see OIDC Core 3.1.3.6, 3.3.2.11
 */
export function hashToken(value: string, alg: SignatureAlgorithm): MaybePromise<string> {
  return andThen(digest(algorithmRule(alg).hash, value), (hash) => {
    return encodeBase64url(hash.subarray(0, hash.length / 2))
  })
}

/** Each hash is checked whenever it and its input are at hand, for every algorithm; required where the caller says so. */
export function checkTokenHashes(
  claims: IdTokenClaims,
  alg: SignatureAlgorithm | 'none',
  expectations: IdTokenExpectations,
  checks: TokenChecks,
): MaybePromise<void> {
  return tokenHashes.reduce<MaybePromise<void>>(
    (before, hash) => andThen(before, () => checkTokenHash(hash, claims, alg, expectations, checks)),
    undefined,
  )
}

function checkTokenHash(
  { name, input, clause }: (typeof tokenHashes)[number],
  claims: IdTokenClaims,
  alg: SignatureAlgorithm | 'none',
  expectations: IdTokenExpectations,
  checks: TokenChecks,
): MaybePromise<void> {
  const claim = claims[name]
  const value = expectations[input]
  const required = expectations.requiredHashes?.includes(name)
  if (claim === undefined && !required) return checks.skip(name, clause, 'absent, and not demanded')
  if (value === undefined) return checks.skip(name, clause, 'nothing was given to compare with')
  // No signature, no hash function: whoever could change the one could change the other.
  if (alg === 'none') return checks.skip(name, clause, 'an unsigned id_token names no hash function')
  return andThen(hashToken(value, alg), (expected) => checks.expect(claim === expected, name, clause, expected, claim))
}
