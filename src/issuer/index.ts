/** `authentype/id-token`: verifies id_tokens, with nothing else of the library. */
export { IdTokenError, type TokenCheck } from '../errors/protocol.ts'
export { createDecryptor, type Decryptor, type DecryptorOptions } from '../protocol/decryption.ts'
export type { IdTokenClaims, IdTokenExpectations, VerifiedIdToken } from '../protocol/id-token.ts'
export type { Quirk } from '../protocol/quirks.ts'
export { type VerifyIdTokenOptions, verifyIdToken } from './verify-id-token.ts'
