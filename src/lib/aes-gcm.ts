import type { MaybePromise } from './maybe-promise.ts'
import { builtinModule } from './runtime.ts'

/**
 * AES-256-GCM over short texts (NIST SP 800-38D). On Node through its synchronous cipher, since WebCrypto hands even
 * a hundred bytes to another thread, which costs five times as much; elsewhere through WebCrypto. Both give the same
 * bytes: the text as UTF-8, with the tag of 16 bytes at the end.
 */
export interface AesGcm {
  encrypt(iv: Bytes, text: string, additionalData: string): MaybePromise<Bytes>
  /** `undefined` for another key, other additional data, or bytes that were tampered with. */
  decrypt(iv: Bytes, sealed: Bytes, additionalData: string): MaybePromise<string | undefined>
}

type Bytes = Uint8Array<ArrayBuffer>

const tagLength = 16
const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** @param key 32 bytes */
export function createAesGcm(key: Bytes): AesGcm {
  const nodeCrypto = builtinModule('node:crypto') as NodeCrypto | undefined
  return nodeCrypto ? throughNode(nodeCrypto, key) : throughWebCrypto(key)
}

/** Of `node:crypto`, what is used. */
interface NodeCrypto {
  createCipheriv(algorithm: 'aes-256-gcm', key: Bytes, iv: Bytes): NodeCipher & { getAuthTag(): Uint8Array }
  createDecipheriv(
    algorithm: 'aes-256-gcm',
    key: Bytes,
    iv: Bytes,
    options: { authTagLength: number },
  ): NodeCipher & { setAuthTag(tag: Uint8Array): void }
}
interface NodeCipher {
  setAAD(data: Uint8Array): void
  update(data: Uint8Array | string, encoding?: 'utf8'): Uint8Array
  /** Gives nothing more in this mode; throws where the tag does not fit. */
  final(): Uint8Array
}

function throughNode({ createCipheriv, createDecipheriv }: NodeCrypto, key: Bytes): AesGcm {
  return {
    encrypt(iv, text, additionalData) {
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      cipher.setAAD(textEncoder.encode(additionalData))
      const encrypted = cipher.update(text, 'utf8')
      cipher.final()
      const sealed = new Uint8Array(encrypted.length + tagLength)
      sealed.set(encrypted)
      sealed.set(cipher.getAuthTag(), encrypted.length)
      return sealed
    },
    decrypt(iv, sealed, additionalData) {
      if (sealed.length < tagLength) return undefined
      const end = sealed.length - tagLength
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagLength })
        decipher.setAAD(textEncoder.encode(additionalData))
        decipher.setAuthTag(sealed.subarray(end))
        const text = textDecoder.decode(decipher.update(sealed.subarray(0, end)))
        decipher.final()
        return text
      } catch {
        // A wrong key, a wrong text and an iv of no length that is taken look alike: this is none of ours.
        return undefined
      }
    },
  }
}

function throughWebCrypto(bytes: Bytes): AesGcm {
  const name = 'AES-GCM'
  let imported: Promise<CryptoKey> | undefined
  const keyOf = () => (imported ??= crypto.subtle.importKey('raw', bytes, name, false, ['encrypt', 'decrypt']))
  const algorithm = (iv: Bytes, data: string) => ({ name, iv, additionalData: textEncoder.encode(data) })
  return {
    async encrypt(iv, text, additionalData) {
      return new Uint8Array(
        await crypto.subtle.encrypt(algorithm(iv, additionalData), await keyOf(), textEncoder.encode(text)),
      )
    },
    async decrypt(iv, sealed, additionalData) {
      try {
        return textDecoder.decode(await crypto.subtle.decrypt(algorithm(iv, additionalData), await keyOf(), sealed))
      } catch {
        // As above.
        return undefined
      }
    },
  }
}
