import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JsonObject } from './patch.ts'

/**
 * Keys of every strength and kind, made once a process: RSA takes a while. `es256-next` is what the provider
 * rotates to; `stranger-*` are never published unless a fault does so.
 */
const makers = {
  es256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'es256-next': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'stranger-es256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa-pss': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'weak-rsa': () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  'rsa-e3': () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
  ed25519: () => generateKeyPairSync('ed25519'),
  ed448: () => generateKeyPairSync('ed448'),
} as const

export type KeyName = keyof typeof makers

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const made = new Map<KeyName, KeyPair>()

export function keyPair(name: KeyName): KeyPair {
  const known = made.get(name)
  if (known) return known
  const pair = makers[name]()
  made.set(name, pair)
  return pair
}

/** The algorithm that a key is meant for. */
export const algOf: Readonly<Record<KeyName, string>> = {
  es256: 'ES256',
  'es256-next': 'ES256',
  'stranger-es256': 'ES256',
  p384: 'ES384',
  secp256k1: 'ES256K',
  rsa: 'RS256',
  'rsa-pss': 'PS256',
  'weak-rsa': 'RS256',
  'rsa-e3': 'RS256',
  ed25519: 'EdDSA',
  ed448: 'EdDSA',
}

/** As published in a key set. */
export function publishedJwk(name: KeyName): JsonObject {
  return { ...keyPair(name).publicKey.export({ format: 'jwk' }), kid: name, alg: algOf[name], use: 'sig' }
}

/** With its private members, as no server should publish it. */
export function privateJwk(name: KeyName): JsonObject {
  return { ...keyPair(name).privateKey.export({ format: 'jwk' }), kid: name, alg: algOf[name], use: 'sig' }
}
