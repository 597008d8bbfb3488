import { ConfigurationError } from '../errors/configuration.ts'
import { ProtocolError } from '../errors/protocol.ts'
import type { SignatureAlgorithm } from '../lib/signatures/types.ts'
import type { Decryptor } from '../protocol/decryption.ts'
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../protocol/encryption-algorithms.ts'
import type { SignedJwtRules, SignedJwtSources } from '../protocol/signed-jwt.ts'
import type { Issuer } from './issuer.ts'

/** How an answer was registered to be protected. Where it was, a plain one is refused. */
export interface ResponseProtection {
  /** `userinfo_signed_response_alg` and its like. */
  readonly signedResponseAlg?: SignatureAlgorithm | undefined
  /** `userinfo_encrypted_response_alg` and its like; what is inside is signed. Needs `decryptor`. */
  readonly encryptedResponseAlg?: KeyManagementAlgorithm | undefined
  /** @default 'A128CBC-HS256' */
  readonly encryptedResponseEnc?: ContentEncryptionAlgorithm | undefined
  readonly decryptor?: Decryptor | undefined
  /** For a MAC, where one was registered. */
  readonly clientSecret?: string | undefined
  /** Seconds by which the clocks may differ. @default 30 */
  readonly tolerance?: number | undefined
  /** Refuses an answer that is signed or encrypted without being registered so. @default false: its signature is judged */
  readonly registeredOnly?: boolean | undefined
}

/** Whether a JWT was registered, and nothing else is taken. */
export function isProtected({ signedResponseAlg, encryptedResponseAlg }: ResponseProtection): boolean {
  return signedResponseAlg !== undefined || encryptedResponseAlg !== undefined
}

/**
 * Takes the encryption off, where one was registered.
 *
 * @throws ProtocolError `invalid_jwe`, `decryption_failed`
 */
export async function decryptResponse(text: string, noun: string, protection: ResponseProtection): Promise<string> {
  const { decryptor, encryptedResponseAlg: alg, encryptedResponseEnc: enc } = protection
  if (alg === undefined) return text
  if (!decryptor)
    throw new TypeError('decryptor: expected one, since encryption was registered; createDecryptor makes it')
  return await decryptor.decrypt(text, { alg, enc, noun })
}

/**
 * Whether the client has said how such an answer is protected, where that is demanded.
 *
 * @param prefix of the members by their registered names: `userinfo`
 * @throws ConfigurationError `unregistered_response`
 * @see OpenID Connect Registration 2
 */
export function assertRegistered(text: string, prefix: string, protection: ResponseProtection): void {
  const { registeredOnly = false, signedResponseAlg, encryptedResponseAlg } = protection
  const isEncrypted = text.split('.', 6).length === 5
  if (!registeredOnly || encryptedResponseAlg !== undefined || (!isEncrypted && signedResponseAlg !== undefined)) return
  const field = `${prefix}_${isEncrypted ? 'encrypted' : 'signed'}_response_alg`
  const [expected, actual] = ['plain JSON, for nothing else is registered', isEncrypted ? 'a JWE' : 'a JWS']
  const message = `the ${prefix} response is ${actual}, and the client has no "${field}"; expected ${expected}`
  const clause = 'OpenID Connect Registration 2'
  throw new ConfigurationError('unregistered_response', message, { field, clause, expected, actual })
}

/** What all JWTs of this issuer for this client are held against. */
export function responseRules(
  issuer: Issuer,
  { signedResponseAlg: algorithm, clientSecret, tolerance }: ResponseProtection,
  serverAlgorithms: readonly string[] | undefined,
): Omit<SignedJwtRules, 'profile' | 'noun' | 'code'> & { readonly audience: string | readonly string[] } {
  const now = issuer.runtime.now() / 1000
  return { issuer: issuer.issuer, audience: issuer.clientId, algorithm, clientSecret, serverAlgorithms, tolerance, now }
}

export function responseKeys(issuer: Issuer, init: { readonly signal?: AbortSignal | undefined }): SignedJwtSources {
  return { selectKeys: (query) => issuer.keys.select(query, init), onQuirk: issuer.observer.quirk }
}

export function refusePlain(
  code: 'invalid_userinfo_response' | 'invalid_introspection_response',
  noun: string,
  clause: string,
): ProtocolError {
  const expected = 'a JWT, signed or encrypted as registered'
  return new ProtocolError(code, `the ${noun} is plain JSON; expected ${expected}`, {
    clause,
    expected,
    actual: 'plain JSON',
  })
}
