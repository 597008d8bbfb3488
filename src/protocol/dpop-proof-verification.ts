import { digest, importVerificationKey, verify } from '#signatures'
import { ConfigurationError } from '../errors/configuration.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import { isAsymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { thumbprintInput } from '../lib/signatures/public-jwk.ts'
import type { AsymmetricAlgorithm, Jwk, VerificationKey } from '../lib/signatures/types.ts'
import { readJwt } from './jwt.ts'
import { dpopProofProfile, findClaimsFault, isTypeOf } from './jwt-profiles.ts'

/** What a proof must have been made for. */
export interface DpopProofExpectations {
  /** The HTTP method of the request, compared with its case. */
  readonly method: string
  /** The absolute URL of the request, as the client used it. */
  readonly url: string
  /** Seconds since the epoch. */
  readonly now: number
  /** Seconds that `iat` may lie in the past or in the future. @default 60 */
  readonly tolerance?: number
  /** Algorithms that are taken. @default every registered asymmetric one */
  readonly algorithms?: readonly string[]
  /** The access token that came with the request, at a resource (RFC 9449 7.1). */
  readonly accessToken?: string
}

/** A proof that holds: by which key, and what tells it from others. */
export interface DpopProof {
  /** The thumbprint of its key (RFC 7638). */
  readonly jkt: string
  readonly jti: string
  /** Seconds since the epoch. */
  readonly iat: number
  readonly nonce?: string
}

export type DpopProofVerdict =
  | { readonly proof: DpopProof; readonly fault?: undefined }
  /** `fault` is a fixed text that holds nothing of the proof. */
  | { readonly proof?: undefined; readonly fault: string }

const mostJtiBytes = 256
const mostKeys = 1_000
/** Characters of a key that is remembered; one of RSA with 8192 bits has 1,500. Anybody may send a proof, and its header is theirs to fill. */
const mostKeyLength = 2_048
/** Keys by thumbprint and algorithm: importing one costs more than a verification. */
const importedKeys = new Map<string, VerificationKey>()
const textEncoder = new TextEncoder()

/**
 * Judges a DPoP proof by all of RFC 9449 4.3 but the nonce and the single use, which are the server's to know.
 *
 * @see RFC 9449 4.3
 */
export async function verifyDpopProof(
  field: string | readonly string[],
  expectations: DpopProofExpectations,
): Promise<DpopProofVerdict> {
  const fields = typeof field === 'string' ? [field] : field
  // RFC 9449 4.3 item 1: not more than one DPoP field. `Headers` joins several by a comma, which no JWT has.
  if (fields.length !== 1 || fields[0]!.includes(',')) return { fault: 'more than one DPoP field' }
  // item 2: a single well-formed JWT
  const { jwt } = readJwt(fields[0])
  if (!jwt) return { fault: 'not a well-formed JWT' }
  const { header, claims } = jwt
  // item 4: typ; RFC 7515 4.1.11: no extension is understood
  if (!isTypeOf(dpopProofProfile, header.typ)) return { fault: 'typ is not dpop+jwt' }
  if (header.crit !== undefined || header.b64 !== undefined) return { fault: 'critical extensions' }
  // item 3: all required claims
  if (findClaimsFault(dpopProofProfile, claims)) return { fault: 'a required claim is missing' }
  const fault = findClaimFault(claims, expectations)
  if (fault !== undefined) return { fault }
  // item 5: a registered asymmetric algorithm that is acceptable
  const { alg, jwk } = header
  if (!isAsymmetricAlgorithm(alg) || (expectations.algorithms && !expectations.algorithms.includes(alg))) {
    return { fault: 'algorithm not accepted' }
  }
  const bound = await bindKey(jwk, alg)
  if (!bound) return { fault: 'no usable public key in the header' }
  // item 6: the signature
  if (!(await verify(bound.key, jwt.signingInput, jwt.signature))) return { fault: 'signature does not verify' }
  if (!(await isForToken(claims.ath, expectations.accessToken))) return { fault: 'ath is not of this access token' }
  const nonce = claims.nonce as string | undefined
  const proof = { jkt: bound.jkt, jti: claims.jti as string, iat: claims.iat! }
  return { proof: nonce === undefined ? proof : { ...proof, nonce } }
}

function findClaimFault(claims: Readonly<Record<string, unknown>>, expectations: DpopProofExpectations) {
  const { jti, htm, htu, iat, nonce } = claims
  if (typeof jti !== 'string' || jti === '' || textEncoder.encode(jti).length > mostJtiBytes) return 'jti out of bounds'
  if (nonce !== undefined && typeof nonce !== 'string') return 'nonce is no string'
  // item 8: methods are case-sensitive (RFC 9110 9.1)
  if (htm !== expectations.method) return 'htm is not the method'
  // item 9: htu without query and fragment
  const target = normaliseTarget(htu)
  if (target === undefined || target !== normaliseTarget(expectations.url)) return 'htu is not the URL'
  // item 11: created within the acceptable time
  const tolerance = expectations.tolerance ?? 60
  if (Math.abs(expectations.now - (iat as number)) > tolerance) return 'iat is out of the accepted time'
  return undefined
}

/** RFC 9449 4.3: compared after syntax-based and scheme-based normalisation. */
function normaliseTarget(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  const path = url.pathname.replace(/%([0-9a-f]{2})/gi, (escaped, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    // RFC 3986 6.2.2.2: unreserved characters mean the same when they are escaped.
    return /[\w.~-]/.test(character) ? character : escaped.toUpperCase()
  })
  return url.origin + path
}

/** item 7: the key has no private half; RSA of at least 2048 bits and its like are rules of the import. */
async function bindKey(jwk: unknown, alg: AsymmetricAlgorithm) {
  if (typeof jwk !== 'object' || jwk === null || typeof (jwk as Jwk).kty !== 'string') return undefined
  try {
    const jkt = encodeBase64url(await digest('SHA-256', thumbprintInput(jwk as Jwk)))
    // The whole key is the name: the same public half beside a private one must not pass by way of the memory.
    const name = `${alg} ${JSON.stringify(jwk)}`
    const known = importedKeys.get(name)
    if (known) return { jkt, key: known }
    const key = await importVerificationKey(jwk as Jwk, alg)
    if (name.length > mostKeyLength) return { jkt, key }
    if (importedKeys.size >= mostKeys) importedKeys.delete(importedKeys.keys().next().value!)
    importedKeys.set(name, key)
    return { jkt, key }
  } catch (error) {
    // A key that the rules or the platform refuse makes the proof one that does not hold.
    if (error instanceof ConfigurationError) return undefined
    throw error
  }
}

/** item 12: `ath` is the hash of the access token that came along. */
async function isForToken(ath: unknown, accessToken: string | undefined): Promise<boolean> {
  if (accessToken === undefined) return true
  const expected = encodeBase64url(await digest('SHA-256', accessToken))
  return typeof ath === 'string' && timingSafeEqual(expected, ath)
}
