import { digest } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { algorithmRule } from '../lib/signatures/algorithms.ts'
import type { MaybePromise, SignatureAlgorithm } from '../lib/signatures/types.ts'
import type { IdTokenClaims, IdTokenExpectations, TokenHashName } from './id-token.ts'
import { shown, type TokenChecks } from './token-checks.ts'

const clauses: Readonly<Record<TokenHashName, string>> = {
  at_hash: 'OIDC Core 3.1.3.8',
  c_hash: 'OIDC Core 3.3.2.10',
  s_hash: 'FAPI 1.0 Advanced 5.2.3.1',
}

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
export async function checkTokenHashes(
  claims: IdTokenClaims,
  alg: SignatureAlgorithm | 'none',
  expectations: IdTokenExpectations,
  checks: TokenChecks,
): Promise<void> {
  await checkHash('at_hash', claims.at_hash, expectations.accessToken, alg, expectations, checks)
  await checkHash('c_hash', claims.c_hash, expectations.code, alg, expectations, checks)
  await checkHash('s_hash', claims.s_hash, expectations.state, alg, expectations, checks)
}

function checkHash(
  name: TokenHashName,
  claim: unknown,
  input: string | undefined,
  alg: SignatureAlgorithm | 'none',
  { requiredHashes }: IdTokenExpectations,
  checks: TokenChecks,
): MaybePromise<void> {
  const clause = clauses[name]
  if (claim === undefined) {
    if (requiredHashes?.includes(name)) {
      checks.fail(name, clause, `id_token claim "${name}" is absent; this flow demands it`, 'present', 'absent')
    }
    return checks.skip(name, clause, 'absent, and not demanded')
  }
  if (typeof claim !== 'string') {
    checks.fail(name, clause, `id_token claim "${name}" is ${shown(claim)}; expected a string`, 'string', shown(claim))
  }
  if (input === undefined) return checks.skip(name, clause, 'nothing was given to compare with')
  // No signature, no hash function: whoever could change the one could change the other.
  if (alg === 'none') return checks.skip(name, clause, 'an unsigned id_token names no hash function')
  return andThen(hashToken(input, alg), (expected) => compareHash(name, claim, expected, checks))
}

function compareHash(name: TokenHashName, claim: string, expected: string, checks: TokenChecks): void {
  const clause = clauses[name]
  if (claim !== expected) {
    const message = `id_token claim "${name}" is ${shown(claim)}; expected ${shown(expected)}, the hash of what came with it`
    checks.fail(name, clause, message, expected, shown(claim))
  }
  checks.pass(name, clause, expected, claim)
}
