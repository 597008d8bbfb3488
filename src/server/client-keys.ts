import { verify } from '#signatures'
import { ProtocolError } from '../errors/protocol.ts'
import { isAsymmetricAlgorithm, isSameAlgorithm } from '../lib/signatures/algorithms.ts'
import type { AsymmetricAlgorithm } from '../lib/signatures/types.ts'
import { createKeyring, type Keyring } from '../protocol/jwks.ts'
import type { Jwt } from '../protocol/jwt.ts'
import type { TokenEndpointConfig } from './config.ts'

/** Where a party's public keys are. */
export interface KeySource {
  readonly jwks?: unknown
  readonly jwksUri?: unknown
}

/** By which clients are told to sign: their assertions, and by default their proofs. */
export const clientAlgorithms: readonly AsymmetricAlgorithm[] = [
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
]

const mostDocumentBytes = 65_536
const keyrings = new WeakMap<object, Keyring>()

/** Whether a JWT was signed by one of a party's keys, by an asymmetric algorithm. A document is fetched again once for an unknown key. */
export async function isSignedBy(
  config: TokenEndpointConfig,
  jwt: Jwt,
  source: KeySource,
  registeredAlg?: string,
): Promise<boolean> {
  const { alg, kid } = jwt.header
  if (!isAsymmetricAlgorithm(alg) || (registeredAlg !== undefined && !isSameAlgorithm(registeredAlg, alg))) return false
  for (const renew of [false, true]) {
    const document = await loadJwks(config, source, renew)
    const selection = document && (await keyringOf(document)?.select({ alg, kid }))
    if (selection?.kind === 'keys') {
      for (const key of selection.keys) if (await verify(key, jwt.signingInput, jwt.signature)) return true
      return false
    }
    if (source.jwks !== undefined) break
  }
  // An unknown client, or key, costs a verification as a known one does.
  const decoy = config.keys.signingKey(alg) ?? config.keys.signingKey()
  if (decoy) await verify(decoy.verificationKey, jwt.signingInput, jwt.signature)
  return false
}

/** A party's JWK set, by value or from its URL. */
export async function loadJwks(
  config: TokenEndpointConfig,
  { jwks, jwksUri }: KeySource,
  renew = false,
): Promise<object | undefined> {
  if (typeof jwks === 'object' && jwks !== null) return jwks
  if (typeof jwksUri !== 'string') return undefined
  return config.documents.get(jwksUri, { maxBytes: mostDocumentBytes, renew })
}

function keyringOf(document: object): Keyring | undefined {
  const known = keyrings.get(document)
  if (known) return known
  try {
    const keyring = createKeyring(document)
    keyrings.set(document, keyring)
    return keyring
  } catch (error) {
    // What is no JWK set holds no key.
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
