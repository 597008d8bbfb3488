/**
 * The signature seam on Node and Bun: `node:crypto`, called synchronously with imported key objects, which
 * is two to four times faster than WebCrypto for the short inputs of JWTs.
 */
import * as nodeCrypto from 'node:crypto'
import {
  constants,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type JsonWebKey,
  KeyObject,
  type SignKeyObjectInput,
  sign as signNow,
  timingSafeEqual,
  type VerifyKeyObjectInput,
  verify as verifyNow,
} from 'node:crypto'
// Not the global one, which tests with a clock of their own replace: a turn would then never end.
import { setImmediate } from 'node:timers'
import { encodeBase64url } from '../base64url.ts'
import { type AlgorithmRule, algorithmRule } from './algorithms.ts'
import { ecdsaDerToRaw, ecdsaRawToDer } from './ecdsa-der.ts'
import {
  assertSecretLength,
  assertUsableKey,
  findSigningKeyFault,
  findVerificationKeyFault,
  refusedByPlatform,
} from './key-rules.ts'
import { thumbprintInput, toPrivateJwk, toPublicJwk } from './public-jwk.ts'
import { readSigningKeyInput } from './signing-key-input.ts'
import type { AsymmetricAlgorithm, Jwk, Signatures, SigningKey, StoredSigningKey, VerificationKey } from './types.ts'
import { generateKeyPair } from './web-crypto.ts'

/** Bun and Deno came to it late. */
const { hash: hashAtOnce } = nodeCrypto as Partial<typeof nodeCrypto>

interface Material {
  readonly rule: AlgorithmRule
  /** The digest's name as OpenSSL has it; `null` for Ed25519, which hashes by itself. */
  readonly hash: string | null
  /** What `sign` and `verify` take: the key object alone, or with its PSS padding. */
  readonly key: KeyObject | SignKeyObjectInput | VerifyKeyObjectInput
  /** Bytes of every signature by this key. */
  readonly signatureLength: number
}

const verificationKeys = new WeakMap<VerificationKey, Material>()
const signingKeys = new WeakMap<SigningKey, Material & { readonly stored: StoredSigningKey }>()

export const importVerificationKey: Signatures['importVerificationKey'] = (jwk, alg, allowances) => {
  assertUsableKey(findVerificationKeyFault(jwk, alg, allowances), alg)
  const keyObject = importOrRefuse(alg, () => createPublicKey({ key: toPublicJwk(jwk) as JsonWebKey, format: 'jwk' }))
  return remember(jwk.kid, alg, keyObject)
}

export const importSecret: Signatures['importSecret'] = (secret, alg) => {
  const bytes = Buffer.from(secret)
  assertSecretLength(bytes, alg)
  return remember(undefined, alg, createSecretKey(bytes))
}

export const importSigningKey: Signatures['importSigningKey'] = (input) => {
  if (signingKeys.has(input as SigningKey)) return input as SigningKey
  const { alg, kid, source } = readSigningKeyInput(input)
  if (source.kind === 'pair') return fromKeyPair(source.keyPair, alg, kid)
  const key = fromPrivateJwk(source.jwk, alg, kid)
  assertHalvesFit(key)
  return key
}

export const generateSigningKey: Signatures['generateSigningKey'] = (alg, options = {}) => {
  const { kind, crv } = algorithmRule(alg)
  const { extractable = true } = options
  // Only WebCrypto knows keys that cannot be exported, and makes RSA keys off the main thread.
  if (!extractable || kind === 'rsa' || kind === 'rsa-pss') {
    return generateKeyPair(alg, extractable).then((pair) => {
      return extractable
        ? fromPrivateJwk(exportJwk(toKeyObject(pair.privateKey)), alg, undefined)
        : fromKeyPair(pair, alg, undefined)
    })
  }
  const { privateKey } =
    kind === 'ecdsa' ? generateKeyPairSync('ec', { namedCurve: crv! }) : generateKeyPairSync('ed25519')
  return fromPrivateJwk(exportJwk(privateKey), alg, undefined)
}

export const exportSigningKey: Signatures['exportSigningKey'] = (key) => signingMaterial(key).stored

export const sign: Signatures['sign'] = (key, data) => {
  const { rule, hash, key: material } = signingMaterial(key)
  return toJwsForm(signNow(hash, Buffer.from(data), material as KeyObject), rule)
}

let hasSignedInTurn = false

export const signAside: Signatures['signAside'] = (key, data) => {
  if (hasSignedInTurn) return signInBackground(key, data)
  hasSignedInTurn = true
  setImmediate(endTurn)
  return sign(key, data)
}

function endTurn(): void {
  hasSignedInTurn = false
}

export const signInBackground: Signatures['signInBackground'] = (key, data) => {
  const { rule, hash, key: material } = signingMaterial(key)
  return new Promise((resolve, reject) => {
    signNow(hash, Buffer.from(data), material as KeyObject, (error, signature) => {
      if (error) reject(error)
      else resolve(toJwsForm(signature, rule))
    })
  })
}

/** OpenSSL gives ECDSA signatures in DER; RFC 7518 3.4 wants both numbers at full length, one after the other. */
function toJwsForm(signature: Buffer, rule: AlgorithmRule): Uint8Array<ArrayBuffer> {
  return rule.kind === 'ecdsa' ? ecdsaDerToRaw(signature, rule.size) : new Uint8Array(signature)
}

export const verify: Signatures['verify'] = (key, data, signature) => {
  const material = verificationKeys.get(key)
  if (!material) throw new TypeError('key: expected one that importVerificationKey or importSecret made')
  const { rule, hash, key: keyObject, signatureLength } = material
  // RFC 7515 has no other form of a signature than the raw one of exact length.
  if (signature.length !== signatureLength) return false
  if (rule.kind === 'hmac') {
    const mac = createHmac(hash!, keyObject as KeyObject)
      .update(data)
      .digest()
    return timingSafeEqual(mac, signature)
  }
  const encoded = rule.kind === 'ecdsa' ? ecdsaRawToDer(signature) : signature
  return verifyNow(hash, Buffer.from(data), keyObject as KeyObject, encoded)
}

export const digest: Signatures['digest'] = (hash, data) => {
  const name = opensslName(hash)
  if (!hashAtOnce) return new Uint8Array(createHash(name).update(data).digest())
  // In one call and as text where there is one: an object for each digest, and a buffer outside of the heap, would
  // cost three times what the digest does.
  const text = hashAtOnce(name, data, 'binary')
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

export const digestText: Signatures['digestText'] = (hash, data) => {
  const name = opensslName(hash)
  return hashAtOnce ? hashAtOnce(name, data, 'base64url') : createHash(name).update(data).digest('base64url')
}

function remember(kid: string | undefined, alg: VerificationKey['alg'], keyObject: KeyObject): VerificationKey {
  const key: VerificationKey = Object.freeze({ alg, kid })
  verificationKeys.set(key, materialOf(algorithmRule(alg), keyObject))
  return key
}

function materialOf(rule: AlgorithmRule, keyObject: KeyObject): Material {
  const hash = rule.kind === 'eddsa' ? null : opensslName(rule.hash)
  if (rule.kind === 'rsa-pss') {
    // RFC 7518 3.5: the salt is as long as the digest, told to OpenSSL, which else takes any length.
    const key = { key: keyObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: rule.size }
    return { rule, hash, key, signatureLength: modulusLength(keyObject) }
  }
  if (rule.kind === 'rsa') return { rule, hash, key: keyObject, signatureLength: modulusLength(keyObject) }
  return { rule, hash, key: keyObject, signatureLength: rule.kind === 'hmac' ? rule.size : 2 * rule.size }
}

function modulusLength(keyObject: KeyObject): number {
  return Math.ceil(keyObject.asymmetricKeyDetails!.modulusLength! / 8)
}

function opensslName(hash: AlgorithmRule['hash']): string {
  return hash.replace('-', '').toLowerCase()
}

function fromPrivateJwk(jwk: Jwk, alg: AsymmetricAlgorithm, kid: string | undefined): SigningKey {
  assertUsableKey(findSigningKeyFault(jwk, alg), alg)
  const own = toPrivateJwk(jwk)
  const keyObject = importOrRefuse(alg, () => createPrivateKey({ key: own as JsonWebKey, format: 'jwk' }))
  return rememberSigning(alg, kid, keyObject, { alg, ...(kid !== undefined && { kid }), jwk: own })
}

function fromKeyPair(keyPair: CryptoKeyPair, alg: AsymmetricAlgorithm, kid: string | undefined): SigningKey {
  const keyObject = importOrRefuse(alg, () => toKeyObject(keyPair.privateKey))
  assertUsableKey(findSigningKeyFault(exportJwk(keyObject), alg), alg)
  return rememberSigning(alg, kid, keyObject, { alg, ...(kid !== undefined && { kid }), keyPair })
}

/** OpenSSL takes a private EC key with the public half of another, so it is found by trying. */
function assertHalvesFit(key: SigningKey): void {
  const publicKey = importVerificationKey(key.publicJwk, key.alg) as VerificationKey
  const signature = sign(key, 'fits') as Uint8Array
  if (!verify(publicKey, 'fits', signature)) throw refusedByPlatform(key.alg, 'halves of different keys')
}

function rememberSigning(
  alg: AsymmetricAlgorithm,
  kid: string | undefined,
  keyObject: KeyObject,
  stored: StoredSigningKey,
): SigningKey {
  const publicJwk = Object.freeze(toPublicJwk(exportJwk(createPublicKey(keyObject))))
  const thumbprint = encodeBase64url(createHash('sha256').update(thumbprintInput(publicJwk)).digest())
  const key: SigningKey = Object.freeze({ alg, kid, publicJwk, thumbprint })
  signingKeys.set(key, { ...materialOf(algorithmRule(alg), keyObject), stored })
  return key
}

function signingMaterial(key: SigningKey): Material & { readonly stored: StoredSigningKey } {
  const material = signingKeys.get(key)
  if (!material) throw new TypeError('key: expected one that importSigningKey or generateSigningKey made')
  return material
}

function importOrRefuse(alg: string, importKey: () => KeyObject): KeyObject {
  try {
    return importKey()
  } catch (cause) {
    throw refusedByPlatform(alg, cause)
  }
}

/**
 * Exports through a copy. Node 20 exports a JWK holding the key's lock while it allocates, and a garbage
 * collection in that moment may destroy the job that generated the key, which takes the same lock: the
 * process would stand still for ever. The copy has a lock of its own, which no such job knows.
 */
function exportJwk(keyObject: KeyObject): Jwk {
  return copyOf(keyObject).export({ format: 'jwk' }) as Jwk
}

function copyOf(keyObject: KeyObject): KeyObject {
  if (keyObject.type === 'private') {
    const key = keyObject.export({ format: 'der', type: 'pkcs8' })
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  }
  const key = keyObject.export({ format: 'der', type: 'spki' })
  return createPublicKey({ key, format: 'der', type: 'spki' })
}

function toKeyObject(key: CryptoKey): KeyObject {
  return KeyObject.from(key as Parameters<typeof KeyObject.from>[0])
}
