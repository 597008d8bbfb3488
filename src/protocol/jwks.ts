import { importVerificationKey } from '#signatures'
import { ConfigurationError } from '../errors/configuration.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { jsonType } from '../lib/printable.ts'
import { isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { findVerificationKeyFault } from '../lib/signatures/key-rules.ts'
import type { AsymmetricAlgorithm, Jwk, MaybePromise, VerificationKey } from '../lib/signatures/types.ts'
import type { Quirk } from './quirks.ts'

/** Which key a JWS header asks for. */
export interface KeyQuery {
  readonly alg: AsymmetricAlgorithm
  /** @default absent: the only key that fits */
  readonly kid?: string | undefined
}

/** The keys that may have made a signature, at most four; or why there is none to try. */
export type KeySelection =
  | {
      readonly kind: 'keys'
      readonly keys: readonly VerificationKey[]
      /** What had to be let pass to get them. */
      readonly quirks?: readonly Quirk[]
    }
  /** No key has this `kid`, or fits the algorithm. A newer set may have one. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** No `kid` was given and several keys fit. */
  | { readonly kind: 'ambiguous'; readonly reason: string }

/** A JWK set that can be asked for verification keys; each key is imported once, when it is first needed. */
export interface Keyring {
  /** The public keys of the set, as they came. */
  readonly jwks: readonly Jwk[]
  select(query: KeyQuery): MaybePromise<KeySelection>
}

/** A JWK of a set is tried only as one of this many with its `kid`, so that a set cannot make a verification dear. */
const mostCandidates = 4
/** Keys of a set that are looked at. */
const mostKeys = 256

/**
 * Reads a JWK set. Private, symmetric, unknown and malformed keys are passed over, since one strange key must
 * not take down a login (RFC 7517 5).
 *
 * @throws ProtocolError `invalid_jwks` for what is no set
 */
export function parseJwks(value: unknown): readonly Jwk[] {
  const keys = typeof value === 'object' && value !== null ? (value as { keys?: unknown }).keys : undefined
  if (!Array.isArray(keys)) {
    const actual = typeof value === 'object' && value !== null ? `"keys" ${jsonType(keys)}` : jsonType(value)
    const expected = 'an object with an array "keys"'
    throw new ProtocolError('invalid_jwks', `the JWK set is ${actual}; expected ${expected}`, {
      clause: 'RFC 7517 5',
      expected,
      actual,
    })
  }
  return keys.slice(0, mostKeys).filter(isPublicJwk)
}

/**
 * @param quirks those of `key-without-kid` and `rsa-exponent-3` that are allowed
 * @throws ProtocolError `invalid_jwks` for what is no set
 */
export function createKeyring(jwks: unknown, quirks: readonly Quirk[] = []): Keyring {
  const set = parseJwks(jwks)
  const selections = new Map<string, KeySelection>()
  return {
    jwks: set,
    select(query) {
      const id = query.kid === undefined ? query.alg : `${query.alg} ${query.kid}`
      const known = selections.get(id)
      if (known) return known
      const fitting = findFitting(set, query, quirks)
      // What forged headers ask for is not remembered.
      if (!('keys' in fitting)) return fitting
      return importAll(fitting, query).then((selection) => {
        selections.set(id, selection)
        return selection
      })
    },
  }
}

interface FoundKeys {
  readonly keys: readonly Jwk[]
  readonly quirks: readonly Quirk[]
}

type Fitting = FoundKeys | Exclude<KeySelection, { readonly kind: 'keys' }>

function findFitting(set: readonly Jwk[], { alg, kid }: KeyQuery, allowed: readonly Quirk[]): Fitting {
  const named = kid === undefined ? set : set.filter((jwk) => jwk.kid === kid)
  const quirks: Quirk[] = []
  let keys = named.filter((jwk) => findVerificationKeyFault(jwk, alg) === undefined)
  if (keys.length === 0 && allowed.includes('rsa-exponent-3')) {
    keys = named.filter((jwk) => findVerificationKeyFault(jwk, alg, { rsaExponent3: true }) === undefined)
    quirks.push('rsa-exponent-3')
  }
  if (keys.length === 0) {
    const reason = kid !== undefined && named.length === 0 ? 'no key has this kid' : `no such key fits ${alg}`
    return { kind: 'unknown', reason }
  }
  // RFC 7515 4.1.4: without a kid nothing says which key it was; guessing among several is left to a quirk.
  if (kid === undefined && keys.length > 1) {
    if (!allowed.includes('key-without-kid')) {
      return { kind: 'ambiguous', reason: `no kid in the header, and ${keys.length} keys fit ${alg}` }
    }
    quirks.push('key-without-kid')
  }
  return { keys: keys.slice(0, mostCandidates), quirks }
}

async function importAll({ keys: jwks, quirks }: FoundKeys, { alg }: KeyQuery): Promise<KeySelection> {
  const keys: VerificationKey[] = []
  const allowances = { rsaExponent3: quirks.includes('rsa-exponent-3') }
  for (const jwk of jwks) {
    try {
      keys.push(await importVerificationKey(jwk, alg, allowances))
    } catch (error) {
      // A point off its curve is found only by the import; such a key is malformed, and so passed over.
      if (!(error instanceof ConfigurationError)) throw error
    }
  }
  if (keys.length === 0) return { kind: 'unknown', reason: `no such key fits ${alg}` }
  return quirks.length === 0 ? { kind: 'keys', keys } : { kind: 'keys', keys, quirks }
}

function isPublicJwk(value: unknown): value is Jwk {
  if (typeof value !== 'object' || value === null) return false
  const { kty, kid, alg } = value as { kty?: unknown; kid?: unknown; alg?: unknown }
  if (typeof kty !== 'string' || kty === 'oct' || isSymmetricAlgorithm(alg)) return false
  return kid === undefined || typeof kid === 'string'
}
