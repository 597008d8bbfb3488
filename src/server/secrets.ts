import { digestText } from '#signatures'
import { type AesGcm, createAesGcm } from '../lib/aes-gcm.ts'
import { decodeBase64url, encodeBase64url } from '../lib/base64url.ts'
import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import type { Runtime } from '../lib/runtime.ts'

/**
 * The bearer secrets of the server (codes, refresh tokens, opaque access tokens) and what is done to them.
 *
 * A secret carries the partition of its record: `rt_<partition>.<secret>`. So it is found with one read on any
 * node of a clustered store, and only its hash is stored.
 */
export interface LocatedSecret {
  /** What goes to the client. */
  readonly text: string
  /** Where its record is; no secret. */
  readonly partition: string
  /** SHA-256 of the text, base64url: what is stored. */
  readonly hash: string
}

/** What a secret is for: a code can never be taken for a refresh token. */
export type SecretKind = 'ac' | 'rt' | 'at' | 'dc' | 'cb' | 'pc' | 'pr'

const partitionBytes = 16
const secretBytes = 32
const form = /^[a-z]{2}_[\w-]{22}\.[\w-]{43}$/
const textEncoder = new TextEncoder()

/** A new partition: 16 random bytes, base64url. */
export function createPartition(runtime: Runtime): string {
  return encodeBase64url(runtime.randomBytes(partitionBytes))
}

/** A new secret of 32 random bytes (RFC 6749 10.10 asks for at most 2^-160; this is 2^-256). */
export function createSecret(kind: SecretKind, partition: string, runtime: Runtime): MaybePromise<LocatedSecret> {
  const text = `${kind}_${partition}.${encodeBase64url(runtime.randomBytes(secretBytes))}`
  return andThen(sha256(text), (hash) => ({ text, partition, hash }))
}

/** Takes a secret apart, or `undefined` for what none of ours looks like. */
export function locateSecret(kind: SecretKind, text: string): MaybePromise<LocatedSecret | undefined> {
  if (!form.test(text) || !text.startsWith(kind)) return undefined
  // Its place in the form, which has a fixed length.
  const partition = text.slice(kind.length + 1, text.indexOf('.'))
  return andThen(sha256(text), (hash) => ({ text, partition, hash }))
}

/** SHA-256 of UTF-8, base64url. */
export function sha256(text: string): MaybePromise<string> {
  return digestText('SHA-256', text)
}

/** Encrypts and authenticates short texts that the server must be able to read again: successors, for grace. */
export interface Seal {
  /** `context` is bound in: a sealed text moved to another record does not open. */
  close(text: string, context: string): MaybePromise<string>
  /** `undefined` for another key, another context, or a text that was tampered with. */
  open(sealed: string, context: string): Promise<string | undefined>
}

const ivBytes = 12

/** AES-256-GCM with a key derived from `secret` by HKDF-SHA-256. */
export function createSeal(secret: Uint8Array<ArrayBuffer>, runtime: Runtime): Seal {
  let derived: AesGcm | Promise<AesGcm> | undefined
  const cipherOf = () => (derived ??= deriveCipher(secret).then((cipher) => (derived = cipher)))
  return {
    close(text, context) {
      const iv = runtime.randomBytes(ivBytes)
      const sealed = andThen(cipherOf(), (cipher) => cipher.encrypt(iv, text, context))
      return andThen(sealed, (bytes) => `${encodeBase64url(iv)}.${encodeBase64url(bytes)}`)
    },
    async open(sealed, context) {
      const [iv, bytes] = sealed.split('.').map((part) => decodeBase64url(part))
      if (!iv || !bytes) return undefined
      const cipher = await cipherOf()
      return cipher.decrypt(iv, bytes, context)
    },
  }
}

async function deriveCipher(secret: Uint8Array<ArrayBuffer>): Promise<AesGcm> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const salt = new Uint8Array(32)
  const info = textEncoder.encode('authentype server: refresh token successors')
  const bits = await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, base, 256)
  return createAesGcm(new Uint8Array(bits))
}
