import { importSigningKey, importVerificationKey } from '#signatures'
import type { JsonWebKeySet } from '../../generated/models.ts'
import { epochSeconds, type Runtime, systemRuntime } from '../lib/runtime.ts'
import { isSameAlgorithm } from '../lib/signatures/algorithms.ts'
import type { AsymmetricAlgorithm, SigningKey, SigningKeyInput, VerificationKey } from '../lib/signatures/types.ts'

/** The algorithms by which this server signs. */
export const serverAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

/** A signing key of the server, with the `kid` under which its public half is published. */
export interface ServerKey {
  readonly alg: AsymmetricAlgorithm
  readonly kid: string
  readonly signingKey: SigningKey
  readonly verificationKey: VerificationKey
}

/** The server's keys: the first of an algorithm signs, all that are published verify. Holds state: keys rotate. */
export interface ServerKeys {
  /** The key that signs by `alg`; without one the first key of all. `undefined` where no key has the algorithm. */
  signingKey(alg?: string): ServerKey | undefined
  /** A key, retired ones included, until the last token signed with it has expired. */
  verificationKey(alg: string, kid: string | undefined): VerificationKey | undefined
  /** The algorithms that sign now, the first being the default. */
  algorithms(): readonly AsymmetricAlgorithm[]
  /** What is published at `jwks_uri`. */
  jwks(): JsonWebKeySet
  /** Puts a new key in the place of the one of its algorithm, which stays published for `keepFor` seconds. */
  rotate(key: SigningKeyInput, options: { readonly keepFor: number }): Promise<ServerKey>
}

interface RetiredKey {
  readonly key: ServerKey
  /** Seconds since the epoch. */
  readonly until: number
}

/**
 * Imports the server's private keys. A key without `kid` gets its thumbprint as one (RFC 7638).
 *
 * @throws TypeError for no key at all, for two of one `kid`, and for an algorithm that this server does not sign by
 */
export async function createServerKeys(
  keys: readonly SigningKeyInput[],
  options: { readonly runtime?: Runtime } = {},
): Promise<ServerKeys> {
  const runtime = options.runtime ?? systemRuntime
  if (!Array.isArray(keys) || keys.length === 0) throw new TypeError('keys: expected at least one private key')
  const current = await Promise.all(keys.map(importServerKey))
  if (new Set(current.map((key) => key.kid)).size !== current.length) throw new TypeError('keys: two have the same kid')
  let retired: RetiredKey[] = []
  const published = () => {
    const now = epochSeconds(runtime)
    retired = retired.filter((one) => one.until > now)
    return [...current, ...retired.map((one) => one.key)]
  }
  return {
    signingKey: (alg) => (alg === undefined ? current[0] : current.find((key) => isSameAlgorithm(key.alg, alg))),
    verificationKey: (alg, kid) =>
      published().find((key) => isSameAlgorithm(key.alg, alg) && (kid === undefined || key.kid === kid))
        ?.verificationKey,
    algorithms: () => [...new Set(current.map((key) => key.alg))],
    jwks: () => ({ keys: published().map(toPublishedJwk) }) as JsonWebKeySet,
    async rotate(input, { keepFor }) {
      const key = await importServerKey(input)
      if (published().some((one) => one.kid === key.kid)) throw new TypeError('key: its kid is published already')
      const index = current.findIndex((one) => isSameAlgorithm(one.alg, key.alg))
      if (index < 0) current.push(key)
      else retired.push({ key: current.splice(index, 1, key)[0]!, until: epochSeconds(runtime) + keepFor })
      return key
    },
  }
}

async function importServerKey(input: SigningKeyInput): Promise<ServerKey> {
  const signingKey = await importSigningKey(input)
  const { alg, publicJwk } = signingKey
  if (!(serverAlgorithms as readonly string[]).includes(alg)) {
    throw new TypeError(`keys: "${alg}" is not one of ${serverAlgorithms.join(', ')}`)
  }
  const kid = signingKey.kid ?? signingKey.thumbprint
  return { alg, kid, signingKey, verificationKey: await importVerificationKey({ ...publicJwk, kid }, alg) }
}

function toPublishedJwk({ signingKey, kid, alg }: ServerKey): object {
  return { ...signingKey.publicJwk, kid, alg, use: 'sig' }
}
