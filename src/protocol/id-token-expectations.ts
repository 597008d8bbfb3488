import { isSignatureAlgorithm, isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import type { IdTokenExpectations, TokenHashName } from './id-token.ts'

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
  'receivedFrom',
  'tolerance',
  'maxTokenAge',
  'previous',
]

const hashInputs = { at_hash: 'accessToken', c_hash: 'code', s_hash: 'state' } as const
const secondsOptions = ['maxAge', 'tolerance', 'maxTokenAge'] as const

/**
 * Refuses expectations that could not be met or would be silently without effect.
 *
 * @throws TypeError
 */
export function assertIdTokenExpectations(expectations: IdTokenExpectations): void {
  assertText('issuer', expectations.issuer)
  assertText('clientId', expectations.clientId)
  const { nonce } = expectations
  if (nonce !== undefined && nonce !== null) assertText('nonce', nonce)
  for (const name of secondsOptions) assertSeconds(name, expectations[name])
  if (expectations.requiredHashes) assertHashInputs(expectations.requiredHashes, expectations)
  assertAlgorithm(expectations)
}

function assertText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name}: expected a non-empty string`)
}

function assertSeconds(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value >= 0)) return
  throw new TypeError(`${name}: expected seconds, a number of at least 0`)
}

function assertHashInputs(names: readonly TokenHashName[], expectations: IdTokenExpectations): void {
  for (const name of names) {
    const input = hashInputs[name]
    if (!input) throw new TypeError(`requiredHashes: "${String(name)}" is none of at_hash, c_hash, s_hash`)
    if (expectations[input] === undefined)
      throw new TypeError(`requiredHashes: ${name} needs "${input}" to compare with`)
  }
}

function assertAlgorithm({ idTokenSignedResponseAlg: alg, clientSecret, requiredHashes }: IdTokenExpectations): void {
  if (alg === undefined) return
  if (alg === 'none') {
    if (requiredHashes?.length) throw new TypeError('requiredHashes: an unsigned id_token has no hash function')
    return
  }
  if (!isSignatureAlgorithm(alg)) throw new TypeError(`idTokenSignedResponseAlg: "${String(alg)}" is not known`)
  if (isSymmetricAlgorithm(alg) && !clientSecret) throw new TypeError(`clientSecret: needed to verify ${alg}`)
}
