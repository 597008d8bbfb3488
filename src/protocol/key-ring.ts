import { flattenedDecrypt } from 'jose/jwe/flattened/decrypt'
import { FlattenedEncrypt } from 'jose/jwe/flattened/encrypt'
import { decodeBase64url, decodeBase64urlText, encodeBase64url } from '../lib/base64url.ts'
import type { Runtime } from '../lib/runtime.ts'

/**
 * Seals text that is kept or carried outside the process: records at rest, cookies. The newest key seals, every
 * key of the ring opens, so a key is replaced by putting a new one before it and dropping it when nothing that
 * it sealed is alive any more.
 */
export interface KeyRing {
  /**
   * A JWE (RFC 7516) with `dir` and A256GCM. `context` says what the text is and where it stands; it is
   * authenticated and not contained, so the sealed text opens in no other place.
   */
  seal(text: string, context: string): Promise<string>
  /** The text, or `undefined` where it was changed, belongs elsewhere, or was sealed by a key not in the ring. */
  open(sealed: string, context: string): Promise<string | undefined>
  /** A keyed hash, to look text up by without showing it: 43 characters for each key, the newest first. */
  blind(text: string): Promise<readonly [string, ...string[]]>
}

interface RingKey {
  readonly id: string
  readonly sealing: CryptoKey
  readonly blinding: CryptoKey
}

const keyLength = 32
const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A new key for a ring: 32 random bytes, base64url. Keep it where secrets are kept. */
export function generateSealingKey(runtime: Runtime): string {
  return encodeBase64url(runtime.randomBytes(keyLength))
}

/**
 * A ring of keys, the newest first.
 *
 * A key may seal 2^32 texts (NIST SP 800-38D 8.3, random nonces): 100,000 sessions that refresh each hour
 * get there in five years.
 *
 * @param keys 32 bytes each as 43 base64url characters, from `generateSealingKey` or `openssl rand`
 * @throws TypeError for a ring without keys and for a key of another form
 */
export function createKeyRing(keys: readonly string[]): KeyRing {
  const secrets = readKeys(keys)
  let derived: Promise<readonly [RingKey, ...RingKey[]]> | undefined
  function ring(): Promise<readonly [RingKey, ...RingKey[]]> {
    derived ??= deriveAll(secrets)
    return derived
  }

  return {
    async seal(text, context) {
      const [newest] = await ring()
      const jwe = await new FlattenedEncrypt(textEncoder.encode(text))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: newest.id })
        .setAdditionalAuthenticatedData(textEncoder.encode(context))
        .encrypt(newest.sealing)
      return `${jwe.protected}..${jwe.iv}.${jwe.ciphertext}.${jwe.tag}`
    },
    async open(sealed, context) {
      const [header, encryptedKey, iv, ciphertext, tag, ...rest] = sealed.split('.')
      if (!header || encryptedKey !== '' || !iv || ciphertext === undefined || !tag || rest.length > 0) return undefined
      // One text, one sealed text: stray bits at the end of a part would make others.
      if ([iv, ciphertext, tag].some((part) => decodeBase64url(part) === undefined)) return undefined
      const kid = keyIdOf(header)
      const key = (await ring()).find(({ id }) => id === kid)
      if (!key) return undefined
      const jwe = { protected: header, iv, ciphertext, tag, aad: encodeBase64url(context) }
      return await flattenedDecrypt(jwe, key.sealing, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      }).then(
        ({ plaintext }) => textDecoder.decode(plaintext),
        // Whatever is wrong with it, it is not what this ring sealed for this place.
        () => undefined,
      )
    },
    async blind(text) {
      const bytes = textEncoder.encode(text)
      const [newest, ...older] = await ring()
      const blindWith = async ({ blinding }: RingKey) =>
        encodeBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', blinding, bytes)))
      return [await blindWith(newest), ...(await Promise.all(older.map(blindWith)))]
    },
  }
}

function readKeys(keys: readonly string[]): readonly [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]] {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new TypeError('"keys" must be a list of sealing keys, the newest first; generateSealingKey() makes one')
  }
  const [first, ...rest] = keys.map((key: unknown, i) => {
    const bytes = typeof key === 'string' ? decodeBase64url(key) : undefined
    if (bytes?.length !== keyLength) {
      throw new TypeError(`"keys[${i}]" must be ${keyLength} random bytes as 43 base64url characters without padding`)
    }
    return bytes
  })
  return [first!, ...rest]
}

async function deriveAll(
  secrets: readonly [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]],
): Promise<readonly [RingKey, ...RingKey[]]> {
  const [newest, ...older] = secrets
  return [await deriveKey(newest), ...(await Promise.all(older.map(deriveKey)))]
}

/** One secret, three keys for three uses: none of them tells of another (RFC 5869 3.2, `info`). */
async function deriveKey(secret: Uint8Array<ArrayBuffer>): Promise<RingKey> {
  const { subtle } = crypto
  const master = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey', 'deriveBits'])
  const hkdf = (info: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(0),
    info: textEncoder.encode(`authentype ${info} 1`),
  })
  const [id, sealing, blinding] = await Promise.all([
    subtle.deriveBits(hkdf('key id'), master, 64),
    subtle.deriveKey(hkdf('seal'), master, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
    subtle.deriveKey(hkdf('blind'), master, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']),
  ])
  return { id: encodeBase64url(new Uint8Array(id)), sealing, blinding }
}

function keyIdOf(header: string): unknown {
  try {
    return (JSON.parse(decodeBase64urlText(header) ?? '') as { kid?: unknown } | null)?.kid
  } catch {
    // Not a header, so of no key.
    return undefined
  }
}
