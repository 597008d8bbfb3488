import {
  constants,
  createHmac,
  sign as cryptoSign,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto'
import type { Jwk } from '../../src/lib/signatures/types.ts'
import { fakeNow } from './fake-runtime.ts'

export const issuer = 'https://op.example'
export const clientId = 'my-app'
/** Seconds since the epoch, on the fake clock. */
export const now: number = fakeNow / 1000

export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'Ed448' | 'RSA'

const pairs = new Map<string, KeyPairKeyObjectResult>()

/** One pair of each kind and name, made when it is first needed. */
export function aKeyPair(kind: KeyKind, name = ''): KeyPairKeyObjectResult {
  const id = `${kind} ${name}`
  const pair = pairs.get(id) ?? generate(kind)
  pairs.set(id, pair)
  return pair
}

function generate(kind: KeyKind): KeyPairKeyObjectResult {
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519')
  if (kind === 'Ed448') return generateKeyPairSync('ed448')
  return generateKeyPairSync('ec', { namedCurve: kind })
}

export function publicJwk(kind: KeyKind, extra: Record<string, unknown> = {}, name = ''): Jwk {
  return { ...aKeyPair(kind, name).publicKey.export({ format: 'jwk' }), ...extra } as Jwk
}

export function privateJwk(kind: KeyKind, extra: Record<string, unknown> = {}, name = ''): Jwk {
  return { ...aKeyPair(kind, name).privateKey.export({ format: 'jwk' }), ...extra } as Jwk
}

const kinds: Readonly<Record<string, KeyKind>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

export function kindOf(alg: string): KeyKind {
  return kinds[alg] ?? (alg.startsWith('Ed') ? 'Ed25519' : 'RSA')
}

/** A raw JWS signature, straight from node:crypto: no library of ours has a say in it. */
export function signRaw(alg: string, key: KeyObject | string, input: string, saltLength?: number): Buffer {
  const data = Buffer.from(input)
  if (alg === 'none') return Buffer.alloc(0)
  const hash = `sha${alg.slice(2)}`
  if (alg.startsWith('HS'))
    return createHmac(hash, key as string)
      .update(data)
      .digest()
  if (alg.startsWith('Ed')) return cryptoSign(null, data, key as KeyObject)
  if (alg.startsWith('PS')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return cryptoSign(hash, data, {
      key: key as KeyObject,
      padding,
      saltLength: saltLength ?? Number(alg.slice(2)) / 8,
    })
  }
  return cryptoSign(hash, data, { key: key as KeyObject, dsaEncoding: 'ieee-p1363' })
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export interface IdTokenParts {
  readonly alg?: string
  /** Added to the header; `undefined` takes a member away. */
  readonly header?: Record<string, unknown>
  /** Signs in place of the issuer's key of the algorithm; a string is a client secret. */
  readonly key?: KeyObject | string
  readonly saltLength?: number
}

/** An id_token that a login would accept, but for what is given: claims to change (`undefined` takes one away) and parts. */
export function anIdToken(claims: Record<string, unknown> = {}, parts: IdTokenParts = {}): string {
  const { alg = 'ES256', header, saltLength } = parts
  const key = parts.key ?? aKeyPair(kindOf(alg)).privateKey
  const standard = { iss: issuer, sub: 'user-1', aud: clientId, exp: now + 300, iat: now, nonce: 'n-1' }
  return aJws({ alg, kid: kindOf(alg), typ: 'JWT', ...header }, { ...standard, ...claims }, key, alg, saltLength)
}

/** Texts are taken as they are, so that what is not JSON can be signed, too. */
export function aJws(
  header: unknown,
  payload: unknown,
  key: KeyObject | string,
  alg: string,
  saltLength?: number,
): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signRaw(alg, key, input, saltLength).toString('base64url')}`
}

/** The issuer's public keys, one of each kind. */
export function issuerKeys(): { keys: Jwk[] } {
  const kids = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA'] as const
  return { keys: kids.map((kind) => publicJwk(kind, { kid: kind, use: 'sig' })) }
}

export const everyAsymmetricAlgorithm = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const
