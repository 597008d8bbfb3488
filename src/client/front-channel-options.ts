import type { SignatureAlgorithm } from '../lib/signatures/types.ts'
import type { Decryptor } from '../protocol/decryption.ts'
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../protocol/encryption-algorithms.ts'
import type { IdTokenExpectations } from '../protocol/id-token.ts'
import { assertIdTokenExpectations } from '../protocol/id-token-expectations.ts'
import type { Quirk } from '../protocol/quirks.ts'
import {
  createRequestObjectMaker,
  type RequestObjectMaker,
  type RequestObjectOptions,
} from '../protocol/request-object.ts'
import { assertResponse, defaultResponseMode, type ResponseMode, type ResponseType } from '../protocol/response-mode.ts'

/** How requests and answers travel through the browser, and how id_tokens were registered to come. */
export interface FrontChannelOptions {
  /** `code id_token` lets a signature vouch for the code before it is used. @default 'code' */
  readonly responseType?: ResponseType
  /** The `.jwt` forms and `jwt` are signed by the server (JARM). @default 'query' for a code, 'fragment' for `code id_token` */
  readonly responseMode?: ResponseMode
  /** Signs the authorization requests, and encrypts them where it has an `encryptor` (RFC 9101). @default not signed */
  readonly requestObject?: RequestObjectOptions
  /** As registered in `authorization_signed_response_alg`. @default any asymmetric one that the server lists, or RS256 */
  readonly authorizationSignedResponseAlg?: SignatureAlgorithm
  /** As registered in `authorization_encrypted_response_alg`. Needs `decryptor`. @default not encrypted */
  readonly authorizationEncryptedResponseAlg?: KeyManagementAlgorithm
  /** As registered in `authorization_encrypted_response_enc`. @default 'A128CBC-HS256' */
  readonly authorizationEncryptedResponseEnc?: ContentEncryptionAlgorithm
  /** As registered in `id_token_signed_response_alg`; HS256 and its like need `clientSecret`. @default any asymmetric one that the server lists */
  readonly idTokenSignedResponseAlg?: SignatureAlgorithm | 'none'
  /** As registered in `id_token_encrypted_response_alg`; a plain id_token is then refused. Needs `decryptor`. @default not encrypted */
  readonly idTokenEncryptedResponseAlg?: KeyManagementAlgorithm
  /** As registered in `id_token_encrypted_response_enc`. @default 'A128CBC-HS256' */
  readonly idTokenEncryptedResponseEnc?: ContentEncryptionAlgorithm
  /** Opens what was registered to be encrypted: `createDecryptor` makes one. @default none */
  readonly decryptor?: Decryptor
  /** For what is signed with a MAC. Without `clientAuth` it also authenticates the client, as the server lists. @default none */
  readonly clientSecret?: string
  /** Other parties that `azp` may name. @default none */
  readonly authorizedParties?: readonly string[]
  /** Seconds by which clocks may differ when tokens are judged. @default 30 */
  readonly clockTolerance?: number
}

export const frontChannelOptionNames: readonly (keyof FrontChannelOptions)[] = [
  ...(['responseType', 'responseMode', 'requestObject', 'authorizationSignedResponseAlg'] as const),
  ...(['authorizationEncryptedResponseAlg', 'authorizationEncryptedResponseEnc', 'idTokenSignedResponseAlg'] as const),
  ...(['idTokenEncryptedResponseAlg', 'idTokenEncryptedResponseEnc', 'decryptor', 'clientSecret'] as const),
  ...(['authorizedParties', 'clockTolerance'] as const),
]

export interface FrontChannelSettings {
  readonly responseType: ResponseType
  readonly responseMode: ResponseMode
  readonly requestObject: RequestObjectMaker | undefined
  /** How authorization responses in a JWT were registered to come. */
  readonly response: {
    readonly algorithm: SignatureAlgorithm | undefined
    readonly encryption:
      | { readonly alg: KeyManagementAlgorithm; readonly enc: ContentEncryptionAlgorithm | undefined }
      | undefined
    readonly decryptor: Decryptor | undefined
    readonly clientSecret: string | undefined
  }
  /** What every id_token of this client is held against, whichever way it comes. */
  readonly idToken: IdTokenExpectations
}

/** @throws TypeError that names the option */
export function normaliseFrontChannel(
  options: FrontChannelOptions,
  party: { readonly issuer: string; readonly clientId: string; readonly quirks: readonly Quirk[] },
): FrontChannelSettings {
  const { responseType = 'code', decryptor, clientSecret, requestObject } = options
  const { responseMode = defaultResponseMode(responseType), authorizationEncryptedResponseAlg: alg } = options
  assertResponse(responseType, responseMode)
  // OpenID Connect Core 3.3.2.11: an unsigned id_token from the browser vouches for nothing.
  if (responseType !== 'code' && options.idTokenSignedResponseAlg === 'none') {
    throw new TypeError(`createOAuthClient: "idTokenSignedResponseAlg" must not be none with "${responseType}"`)
  }
  if (alg !== undefined && decryptor === undefined) {
    throw new TypeError('createOAuthClient: "authorizationEncryptedResponseAlg" needs a "decryptor"')
  }
  const idToken = idTokenExpectations(options, party)
  assertIdTokenExpectations(idToken)
  return {
    responseType,
    responseMode,
    requestObject: requestObject && createRequestObjectMaker(requestObject),
    response: {
      algorithm: options.authorizationSignedResponseAlg,
      encryption: alg && { alg, enc: options.authorizationEncryptedResponseEnc },
      decryptor,
      clientSecret,
    },
    idToken,
  }
}

function idTokenExpectations(
  options: FrontChannelOptions,
  party: { readonly issuer: string; readonly clientId: string; readonly quirks: readonly Quirk[] },
): IdTokenExpectations {
  return {
    ...party,
    idTokenSignedResponseAlg: options.idTokenSignedResponseAlg,
    idTokenEncryptedResponseAlg: options.idTokenEncryptedResponseAlg,
    idTokenEncryptedResponseEnc: options.idTokenEncryptedResponseEnc,
    decryptor: options.decryptor,
    clientSecret: options.clientSecret,
    authorizedParties: options.authorizedParties,
    tolerance: options.clockTolerance,
  }
}
