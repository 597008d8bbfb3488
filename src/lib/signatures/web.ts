/**
 * The signature seam where there is no `node:crypto`: WebCrypto, with the verdicts of node.ts. Its imports
 * and its constant parameters are made once a key.
 */
import { encodeBase64url } from '../base64url.ts'
import { algorithmRule } from './algorithms.ts'
import {
  assertSecretLength,
  assertUsableKey,
  findSigningKeyFault,
  findVerificationKeyFault,
  refusedByPlatform,
} from './key-rules.ts'
import { thumbprintInput, toPrivateJwk, toPublicJwk } from './public-jwk.ts'
import { readSigningKeyInput } from './signing-key-input.ts'
import type {
  AsymmetricAlgorithm,
  Jwk,
  SignatureAlgorithm,
  Signatures,
  SigningKey,
  StoredSigningKey,
  VerificationKey,
} from './types.ts'
import { generateKeyPair, keyParameters, operationParameters } from './web-crypto.ts'

interface Material {
  readonly parameters: ReturnType<typeof operationParameters>
  readonly key: CryptoKey
  /** Bytes of every signature by this key. */
  readonly signatureLength: number
}

const textEncoder = new TextEncoder()
const verificationKeys = new WeakMap<VerificationKey, Material>()
const signingKeys = new WeakMap<SigningKey, Material & { readonly stored: StoredSigningKey }>()

export const importVerificationKey: Signatures['importVerificationKey'] = async (jwk, alg, allowances) => {
  assertUsableKey(findVerificationKeyFault(jwk, alg, allowances), alg)
  return remember(jwk.kid, alg, await importJwk(toPublicJwk(jwk), alg, 'verify'))
}

export const importSecret: Signatures['importSecret'] = async (secret, alg) => {
  const bytes = textEncoder.encode(secret)
  assertSecretLength(bytes, alg)
  return remember(undefined, alg, await crypto.subtle.importKey('raw', bytes, keyParameters(alg), false, ['verify']))
}

export const importSigningKey: Signatures['importSigningKey'] = async (input) => {
  if (signingKeys.has(input as SigningKey)) return input as SigningKey
  const { alg, kid, source } = readSigningKeyInput(input)
  if (source.kind === 'pair') return fromKeyPair(source.keyPair, alg, kid)
  assertUsableKey(findSigningKeyFault(source.jwk, alg), alg)
  return fromPrivateJwk(toPrivateJwk(source.jwk), alg, kid)
}

export const generateSigningKey: Signatures['generateSigningKey'] = async (alg, options = {}) => {
  const { extractable = true } = options
  const keyPair = await generateKeyPair(alg, extractable)
  if (!extractable) return fromKeyPair(keyPair, alg, undefined)
  const jwk = toPrivateJwk(await exportJwk(keyPair.privateKey))
  return rememberSigning(alg, undefined, keyPair.privateKey, toPublicJwk(jwk), { alg, jwk })
}

export const exportSigningKey: Signatures['exportSigningKey'] = (key) => signingMaterial(key).stored

export const signInBackground: Signatures['signInBackground'] = async (key, data) => {
  const { parameters, key: cryptoKey } = signingMaterial(key)
  return new Uint8Array(await crypto.subtle.sign(parameters, cryptoKey, textEncoder.encode(data)))
}

/** WebCrypto never signs on the main thread. */
export const sign: Signatures['sign'] = (key, data) => signInBackground(key, data)

export const signAside: Signatures['signAside'] = (key, data) => signInBackground(key, data)

export const verify: Signatures['verify'] = (key, data, signature) => {
  const material = verificationKeys.get(key)
  if (!material) throw new TypeError('key: expected one that importVerificationKey or importSecret made')
  // RFC 7515 has no other form of a signature than the raw one of exact length.
  if (signature.length !== material.signatureLength) return false
  const bytes = signature as Uint8Array<ArrayBuffer>
  return crypto.subtle.verify(material.parameters, material.key, bytes, textEncoder.encode(data))
}

export const digest: Signatures['digest'] = async (hash, data) => {
  return new Uint8Array(await crypto.subtle.digest(hash, textEncoder.encode(data)))
}

export const digestText: Signatures['digestText'] = async (hash, data) => encodeBase64url(await digest(hash, data))

function remember(kid: string | undefined, alg: SignatureAlgorithm, key: CryptoKey): VerificationKey {
  const handle: VerificationKey = Object.freeze({ alg, kid })
  verificationKeys.set(handle, materialOf(alg, key))
  return handle
}

function materialOf(alg: SignatureAlgorithm, key: CryptoKey): Material {
  return { parameters: operationParameters(alg), key, signatureLength: signatureLength(alg, key) }
}

function signatureLength(alg: SignatureAlgorithm, key: CryptoKey): number {
  const { kind, size } = algorithmRule(alg)
  if (kind === 'hmac') return size
  if (kind === 'ecdsa' || kind === 'eddsa') return 2 * size
  return Math.ceil((key.algorithm as RsaHashedKeyAlgorithm).modulusLength / 8)
}

async function fromPrivateJwk(own: Jwk, alg: AsymmetricAlgorithm, kid: string | undefined): Promise<SigningKey> {
  const key = await importJwk(own, alg, 'sign')
  const publicJwk = toPublicJwk(own)
  const handle = await rememberSigning(alg, kid, key, publicJwk, { alg, ...(kid !== undefined && { kid }), jwk: own })
  await assertHalvesFit(handle)
  return handle
}

async function fromKeyPair(
  keyPair: CryptoKeyPair,
  alg: AsymmetricAlgorithm,
  kid: string | undefined,
): Promise<SigningKey> {
  const publicJwk = toPublicJwk(await exportJwk(keyPair.publicKey))
  assertUsableKey(findVerificationKeyFault(publicJwk, alg), alg)
  const stored = { alg, ...(kid !== undefined && { kid }), keyPair }
  const handle = await rememberSigning(alg, kid, keyPair.privateKey, publicJwk, stored)
  await assertHalvesFit(handle)
  return handle
}

/** WebCrypto never derives the public half, so a private key with somebody else's is found by trying. */
async function assertHalvesFit(handle: SigningKey): Promise<void> {
  const publicKey = await importVerificationKey(handle.publicJwk, handle.alg)
  const fits = await trySignature(handle, publicKey)
  if (!fits) throw refusedByPlatform(handle.alg, 'halves of different keys')
}

async function trySignature(handle: SigningKey, publicKey: VerificationKey): Promise<boolean> {
  try {
    return await verify(publicKey, 'fits', await sign(handle, 'fits'))
  } catch (cause) {
    throw refusedByPlatform(handle.alg, cause)
  }
}

async function rememberSigning(
  alg: AsymmetricAlgorithm,
  kid: string | undefined,
  cryptoKey: CryptoKey,
  publicJwk: Jwk,
  stored: StoredSigningKey,
): Promise<SigningKey> {
  const thumbprint = encodeBase64url(await digest('SHA-256', thumbprintInput(publicJwk)))
  const key: SigningKey = Object.freeze({ alg, kid, publicJwk: Object.freeze(publicJwk), thumbprint })
  signingKeys.set(key, { ...materialOf(alg, cryptoKey), stored })
  return key
}

function signingMaterial(key: SigningKey): Material & { readonly stored: StoredSigningKey } {
  const material = signingKeys.get(key)
  if (!material) throw new TypeError('key: expected one that importSigningKey or generateSigningKey made')
  return material
}

async function importJwk(jwk: Jwk, alg: AsymmetricAlgorithm, usage: 'sign' | 'verify'): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('jwk', jwk as unknown as JsonWebKey, keyParameters(alg), false, [usage])
  } catch (cause) {
    throw refusedByPlatform(alg, cause)
  }
}

async function exportJwk(key: CryptoKey): Promise<Jwk> {
  return (await crypto.subtle.exportKey('jwk', key)) as unknown as Jwk
}
