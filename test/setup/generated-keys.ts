/**
 * Replaces every key that a test generates with a copy of it.
 *
 * Node 20 exports a JWK holding the key's lock while it allocates. When a garbage collection in that moment
 * destroys the job that generated the key, the job takes the same lock, and the process stands still for
 * ever. A copy has a lock of its own. `src/lib/signatures/node.ts` does the same for keys of its own making;
 * tests, and the packages they hold ours against, generate and export keys in many more places.
 */
import crypto, { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

type Generate = (type: string, options?: object) => { readonly publicKey: unknown; readonly privateKey: unknown }

const { subtle } = globalThis.crypto
const generateKey = subtle.generateKey.bind(subtle) as (
  algorithm: AlgorithmIdentifier,
  extractable: boolean,
  usages: readonly KeyUsage[],
) => Promise<CryptoKey | CryptoKeyPair>
const generateKeyPairSync = crypto.generateKeyPairSync as Generate

Object.defineProperty(Object.getPrototypeOf(subtle), 'generateKey', {
  configurable: true,
  writable: true,
  async value(algorithm: AlgorithmIdentifier, extractable: boolean, usages: readonly KeyUsage[]) {
    const generated = await generateKey(algorithm, true, usages)
    if (!('publicKey' in generated)) return generateKey(algorithm, extractable, usages)
    return {
      publicKey: await copyOf('spki', generated.publicKey, true),
      privateKey: await copyOf('pkcs8', generated.privateKey, extractable),
    }
  },
})

Object.defineProperty(crypto, 'generateKeyPairSync', {
  configurable: true,
  writable: true,
  value(type: string, options?: object) {
    const generated = generateKeyPairSync(type, options)
    return isKeyObject(generated.privateKey) && isKeyObject(generated.publicKey)
      ? { publicKey: publicCopy(generated.publicKey), privateKey: privateCopy(generated.privateKey) }
      : generated
  },
})
syncBuiltinESMExports()

async function copyOf(format: 'spki' | 'pkcs8', key: CryptoKey, extractable: boolean): Promise<CryptoKey> {
  const bytes = await subtle.exportKey(format, key)
  return subtle.importKey(format, bytes, key.algorithm, extractable, key.usages)
}

function isKeyObject(value: unknown): value is KeyObject {
  return typeof value === 'object' && value !== null && 'asymmetricKeyType' in value
}

function publicCopy(key: KeyObject): KeyObject {
  const der = key.export({ format: 'der', type: 'spki' })
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

function privateCopy(key: KeyObject): KeyObject {
  const der = key.export({ format: 'der', type: 'pkcs8' })
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}
