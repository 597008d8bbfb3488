import type { AccessError } from './access.ts'
import type { AtprotoError } from './atproto.ts'
import type { ConfigurationError } from './configuration.ts'
import type { GenerateError } from './generate.ts'
import type { NetworkError, RequestError, TimeoutError } from './network.ts'
import type { AuthorizationResponseError, IdTokenError, ProtocolError, ProtocolErrorCode } from './protocol.ts'
import type { ApiError, OAuthResponseError, ResponseError } from './response.ts'
import type { SessionError, StoreError } from './session.ts'
import type { TokenError } from './token.ts'
import type { XrpcError } from './xrpc.ts'

export { AccessError, type AccessErrorCode } from './access.ts'
export { AtprotoError, type AtprotoErrorCode } from './atproto.ts'
export { AuthentypeError } from './base.ts'
export { ConfigurationError, type ConfigurationErrorCode, type ConfigurationErrorOptions } from './configuration.ts'
export { GenerateError, type GenerateErrorCode } from './generate.ts'
export { NetworkError, RequestError, type RequestErrorCode, TimeoutError } from './network.ts'
export {
  AuthorizationResponseError,
  IdTokenError,
  ProtocolError,
  type ProtocolErrorCode,
  type ProtocolErrorOptions,
  type TokenCheck,
} from './protocol.ts'
export {
  ApiError,
  type ApiErrorOptions,
  type OAuthErrorBody,
  OAuthResponseError,
  ResponseError,
  type ResponseErrorCode,
  type ResponseErrorOptions,
} from './response.ts'
export { SessionError, type SessionErrorCode, StoreError, type StoreErrorCode } from './session.ts'
export {
  TokenError,
  type TokenErrorCode,
  type TokenErrorEndpoint,
  type TokenErrorOptions,
  type TokenErrorReason,
} from './token.ts'
export { XrpcError, type XrpcErrorOptions } from './xrpc.ts'

/** Every error that this library throws on purpose, but for a TypeError on misuse. Switch on `code` to narrow. */
export type AnyAuthentypeError =
  | AccessError
  | AtprotoError
  | ConfigurationError
  | GenerateError
  | NetworkError
  | TimeoutError
  | RequestError
  | ResponseError
  | (ApiError & { readonly code: 'api_error' })
  | OAuthResponseError
  | (ProtocolError & { readonly code: Exclude<ProtocolErrorCode, 'invalid_id_token'> })
  | IdTokenError
  | AuthorizationResponseError
  | SessionError
  | StoreError
  | TokenError
  | XrpcError
