import { isSignatureAlgorithm, isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import type { IdTokenExpectations } from './id-token.ts'
import { assertQuirks } from './quirks.ts'
import { tokenHashes } from './token-hash.ts'

/** The names of all expectations, for those who check options. */
export const idTokenExpectationNames: readonly (keyof IdTokenExpectations)[] = [
  'issuer',
  'clientId',
  'nonce',
  'maxAge',
  'accessToken',
  'code',
  'state',
  'requiredHashes',
  'acrValues',
  'acrEssential',
  'authorizedParties',
  'trustedAudiences',
  'idTokenSignedResponseAlg',
  'clientSecret',
  'idTokenEncryptedResponseAlg',
  'idTokenEncryptedResponseEnc',
  'decryptor',
  'receivedFrom',
  'tolerance',
  'maxTokenAge',
  'previous',
  'quirks',
]

/**
 * Refuses expectations that could not be met or would be silently without effect.
 *
 * @throws TypeError
 */
export function assertIdTokenExpectations(expectations: IdTokenExpectations): void {
  for (const name of ['issuer', 'clientId'] as const) demand(isText(expectations[name]), name, 'a non-empty string')
  const { nonce, idTokenSignedResponseAlg: alg, requiredHashes } = expectations
  demand(nonce === undefined || nonce === null || isText(nonce), 'nonce', 'a non-empty string or null')
  for (const name of ['maxAge', 'tolerance', 'maxTokenAge'] as const) {
    const value = expectations[name]
    demand(value === undefined || (Number.isFinite(value) && value >= 0), name, 'seconds, a number of at least 0')
  }
  for (const name of ['acrValues', 'authorizedParties', 'trustedAudiences'] as const) {
    const value: unknown = expectations[name]
    // Of a text every part would pass: "gold" includes "go".
    demand(value === undefined || (Array.isArray(value) && value.every(isText)), name, 'a list of non-empty strings')
  }
  const { acrValues, acrEssential } = expectations
  demand(!acrEssential || (acrValues?.length ?? 0) > 0, 'acrValues', 'at least one, since acrEssential is given')
  for (const { input } of tokenHashes) {
    demand(expectations[input] === undefined || isText(expectations[input]), input, 'a non-empty string')
  }
  assertQuirks(expectations.quirks)
  assertEncryption(expectations)
  if (requiredHashes) assertHashes(requiredHashes, expectations)
  if (alg === undefined) return
  demand(alg === 'none' || isSignatureAlgorithm(alg), 'idTokenSignedResponseAlg', 'a known algorithm or none')
  if (isSymmetricAlgorithm(alg)) demand(isText(expectations.clientSecret), 'clientSecret', `a secret, for ${alg}`)
}

/** A registration that could not be met, and a key that would be without effect. */
function assertEncryption(expectations: IdTokenExpectations): void {
  const { idTokenEncryptedResponseAlg: alg, idTokenEncryptedResponseEnc: enc, decryptor } = expectations
  if (alg !== undefined)
    demand(typeof decryptor?.decrypt === 'function', 'decryptor', `one of createDecryptor, for ${alg}`)
  else demand(enc === undefined, 'idTokenEncryptedResponseAlg', 'an algorithm, since the other one is given')
}

function assertHashes(required: readonly string[], expectations: IdTokenExpectations): void {
  const known: readonly string[] = tokenHashes.map(({ name }) => name)
  demand(
    required.every((name) => known.includes(name)),
    'requiredHashes',
    `some of ${known.join(', ')}`,
  )
  // A hash that is demanded and has nothing to be compared with would be passed over.
  for (const { name, input } of tokenHashes) {
    if (required.includes(name)) demand(isText(expectations[input]), input, `a value, since ${name} is required`)
  }
  demand(
    expectations.idTokenSignedResponseAlg !== 'none',
    'requiredHashes',
    'none, since an unsigned id_token has no hash',
  )
}

function demand(holds: boolean, name: string, expected: string): void {
  if (!holds) throw new TypeError(`${name}: expected ${expected}`)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
