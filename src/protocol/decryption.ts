/**
 * Decryption of nested JWTs: id_tokens, JARM responses, userinfo, introspection. A module of its own, and the only
 * one with jose's JWE in it, so that an application that registers no encryption does not carry it.
 */
import type { JWK } from 'jose'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { importJWK } from 'jose/key/import'
import { ConfigurationError } from '../errors/configuration.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { decodeBase64urlText, isBase64url } from '../lib/base64url.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { jsonType, printable } from '../lib/printable.ts'
import type { Jwk } from '../lib/signatures/types.ts'
import { parseStrictJson } from '../lib/strict-json.ts'
import {
  type ContentEncryptionAlgorithm,
  isContentEncryptionAlgorithm,
  isEncryptionJwk,
  isKeyManagementAlgorithm,
  isSymmetricKeyAlgorithm,
  type KeyManagementAlgorithm,
} from './encryption-algorithms.ts'
import { deriveSharedKey } from './shared-key.ts'

/** How a token was registered to be encrypted. */
export interface EncryptionExpectations {
  /** As registered in `id_token_encrypted_response_alg` and its like. */
  readonly alg: KeyManagementAlgorithm
  /** As registered in `id_token_encrypted_response_enc`. @default 'A128CBC-HS256' (OIDC Registration 2) */
  readonly enc?: ContentEncryptionAlgorithm | undefined
  /** What to call the token in messages. @default 'JWE' */
  readonly noun?: string | undefined
}

/** Takes the encryption off a token. A value, made by `createDecryptor` and given where encryption was registered. */
export interface Decryptor {
  /**
   * @returns the signed JWT inside, not verified yet
   * @throws ProtocolError `invalid_jwe` for a token of another form or algorithm, `decryption_failed`
   */
  readonly decrypt: (token: string, expected: EncryptionExpectations) => Promise<string>
}

/** How `createDecryptor` opens what was encrypted for the client (RFC 7516). */
export interface DecryptorOptions {
  /** For the symmetric algorithms: the key is made of it by OIDC Core 10.2. */
  readonly clientSecret?: string
}

/** Characters of the longest JWE that is looked at: the longest JWT inside, header and key beside it. */
const mostLength = 98_304
/** A token is tried with this many keys, so that one cannot make a decryption dear. */
const mostCandidates = 4
const defaultEnc = 'A128CBC-HS256'

/**
 * Makes a decryptor of the client's private keys: RSA, EC (P-256, P-384, P-521) or X25519.
 *
 * Algorithms are those registered and nothing else; RSA1_5 and PBES2 cannot be, compression is refused, and what
 * is inside must be a signed JWT.
 *
 * @throws TypeError for a key that is no private JWK, for nothing to decrypt with, and for unknown options
 * @see RFC 7516 5.2, RFC 7519 5.2, RFC 8725 3.2
 * @example
 * const client = createOAuthClient({ ...registration, decryptor: createDecryptor(privateJwk), idTokenEncryptedResponseAlg: 'ECDH-ES' })
 */
export function createDecryptor(keys: Jwk | readonly Jwk[], options: DecryptorOptions = {}): Decryptor {
  assertKnownOptions('createDecryptor', options, ['clientSecret'])
  const { clientSecret } = options
  const own: readonly Jwk[] = [keys as Jwk].flat()
  if (!own.every(isPrivateJwk)) throw new TypeError('createDecryptor: "keys" must be private JWKs: RSA, EC or OKP')
  if (own.length === 0 && clientSecret === undefined) {
    throw new TypeError('createDecryptor: give "keys", or the "clientSecret" for symmetric algorithms')
  }
  if (clientSecret === '') throw new TypeError('createDecryptor: "clientSecret" must not be empty')
  const importKey = createImports()
  return Object.freeze({
    decrypt: async (token: string, expected: EncryptionExpectations) => {
      const { alg, enc = defaultEnc, noun = 'JWE' } = expected
      assertAlgorithms(alg, enc)
      const kid = judgeHeader(token, alg, enc, noun)
      const candidates = isSymmetricKeyAlgorithm(alg)
        ? [() => deriveSharedKey(requireSecret(clientSecret, alg), alg, enc)]
        : candidatesOf(own, alg, kid).map((jwk) => () => importKey(jwk, alg))
      return await decryptWith(token, candidates, { alg, enc, noun })
    },
  })
}

type SharedKey = CryptoKey | Uint8Array

function requireSecret(secret: string | undefined, alg: string): string {
  if (secret !== undefined) return secret
  throw new TypeError(`createDecryptor: "clientSecret" is needed for ${alg} (OIDC Core 10.2)`)
}

/** A private key is bound to an algorithm when it is imported; that is done once. */
function createImports(): (jwk: Jwk, alg: KeyManagementAlgorithm) => Promise<SharedKey> {
  const imports = new WeakMap<Jwk, Map<string, Promise<SharedKey>>>()
  return (jwk, alg) => {
    const known = imports.get(jwk) ?? new Map<string, Promise<SharedKey>>()
    imports.set(jwk, known)
    const importing = known.get(alg) ?? importPrivateKey(jwk, alg)
    known.set(alg, importing)
    return importing
  }
}

async function importPrivateKey(jwk: Jwk, alg: KeyManagementAlgorithm): Promise<SharedKey> {
  try {
    return await importJWK(jwk as JWK, alg)
  } catch (cause) {
    const expected = `a valid private key for ${alg}`
    throw new ConfigurationError('unusable_key', `a decryption key is not ${expected}`, {
      field: 'keys',
      clause: 'RFC 7517 4',
      expected,
      actual: 'refused by the platform',
      cause,
    })
  }
}

/** Because AEAD tells a wrong key, several may be tried; why one failed is told to nobody (RFC 7516 11.5). */
async function decryptWith(
  token: string,
  candidates: readonly (() => Promise<SharedKey>)[],
  { alg, enc, noun }: { readonly alg: string; readonly enc: string; readonly noun: string },
): Promise<string> {
  const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] }
  for (const candidate of candidates) {
    const key = await candidate()
    // That no key opened it is reported below, and no more than that.
    const opened = await compactDecrypt(token, key, options).catch(() => undefined)
    if (opened) return assertSignedJwt(opened.plaintext, noun)
  }
  const actual = candidates.length === 0 ? 'no key of the client fits its header' : 'no key of the client opens it'
  throw new ProtocolError('decryption_failed', `${noun} cannot be decrypted: ${actual}`, {
    clause: 'RFC 7516 5.2',
    expected: `encryption by ${alg} to a key of the client`,
    actual,
  })
}

/** OIDC Core 2, 10.2: signed first, then encrypted. Encryption alone says nothing of who wrote it. */
function assertSignedJwt(plaintext: Uint8Array, noun: string): string {
  const text = new TextDecoder().decode(plaintext)
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return text
  const actual = /^[\w-]+\.[\w-]+\.$/.test(text) ? 'an unsigned one' : 'something else'
  throw refuse(noun, 'holds', 'a signed JWT', actual, 'RFC 7519 5.2')
}

function assertAlgorithms(alg: unknown, enc: unknown): void {
  if (!isKeyManagementAlgorithm(alg)) throw new TypeError('decrypt: "alg" must be RSA-OAEP-256, ECDH-ES, ...')
  if (!isContentEncryptionAlgorithm(enc)) throw new TypeError('decrypt: "enc" must be A128CBC-HS256, A256GCM, ...')
}

/** The five parts and the protected header, before any key is touched. Gives the `kid`. */
function judgeHeader(token: unknown, alg: string, enc: string, noun: string): string | undefined {
  if (typeof token !== 'string') throw refuse(noun, 'is', 'a string', jsonType(token), 'RFC 7516 3.1')
  if (token.length > mostLength) {
    throw refuse(noun, 'is', `at most ${mostLength} characters`, 'longer', 'RFC 8725 3.1')
  }
  const parts = token.split('.', 6)
  if (parts.length !== 5) throw refuse(noun, 'has', '5 parts', `${parts.length} parts`, 'RFC 7516 7.1')
  // The platform's decoder overlooks stray bits: one message would have several spellings, and pass a list of seen ones.
  if (!parts.every(isBase64url)) {
    throw refuse(noun, 'has', '5 parts in canonical base64url', 'a part in another form', 'RFC 7515 2')
  }
  const json = parseStrictJson(decodeBase64urlText(parts[0]!) ?? '')
  if (!json.ok || jsonType(json.value) !== 'object') {
    const actual = json.ok ? jsonType(json.value) : json.fault
    throw refuse(`${noun} header`, 'is', 'a JSON object without duplicate members', actual, 'RFC 7516 4')
  }
  const header = json.value as Readonly<Record<string, unknown>>
  expectMember(noun, 'alg', header.alg, alg, 'OIDC Registration 2')
  expectMember(noun, 'enc', header.enc, enc, 'OIDC Registration 2')
  // RFC 8725 3.6: compression leaks the content by its length, and a few bytes can become gigabytes.
  expectMember(noun, 'zip', header.zip, undefined, 'RFC 8725 3.6')
  // RFC 7516 4.1.13: this library understands no extension.
  expectMember(noun, 'crit', header.crit, undefined, 'RFC 7516 4.1.13')
  // RFC 7519 5.2: of a nested JWT it must be JWT; explicit types (RFC 8725 3.11) write theirs.
  if (header.cty !== undefined && !/^(?:application\/)?(?:[\w.-]+\+)?jwt$/i.test(String(header.cty))) {
    throw refuse(`${noun} header "cty"`, 'is', 'JWT', shown(header.cty), 'RFC 7519 5.2')
  }
  if (header.kid !== undefined && typeof header.kid !== 'string') {
    throw refuse(`${noun} header "kid"`, 'is', 'a string', jsonType(header.kid), 'RFC 7516 4.1.6')
  }
  return header.kid
}

function expectMember(noun: string, name: string, actual: unknown, expected: string | undefined, clause: string): void {
  if (actual === expected) return
  throw refuse(`${noun} header "${name}"`, 'is', expected ?? 'absent', shown(actual), clause)
}

/** By `kid` where the header and the key have one, else each key of the right type. */
function candidatesOf(keys: readonly Jwk[], alg: KeyManagementAlgorithm, kid: string | undefined): readonly Jwk[] {
  const fitting = keys.filter((jwk) => isEncryptionJwk(jwk, alg))
  const named = fitting.filter((jwk) => kid === undefined || jwk.kid === undefined || jwk.kid === kid)
  return named.slice(0, mostCandidates)
}

function isPrivateJwk(value: unknown): value is Jwk {
  if (typeof value !== 'object' || value === null) return false
  const { kty, d } = value as { kty?: unknown; d?: unknown }
  return (kty === 'RSA' || kty === 'EC' || kty === 'OKP') && typeof d === 'string' && d !== ''
}

function shown(value: unknown): string {
  return typeof value === 'string' ? printable(value, 60) : value === undefined ? 'absent' : jsonType(value)
}

function refuse(what: string, verb: string, expected: string, actual: string, clause: string): ProtocolError {
  return new ProtocolError('invalid_jwe', `${what} ${verb} ${actual}; expected ${expected}`, {
    clause,
    expected,
    actual,
  })
}
