/** `authentype/api`: what generated code imports the types of, and what sends it. */
export type {
  Api,
  ApiResult,
  HttpMethod,
  Operation,
  OperationInput,
  RequestOptions,
  ResponseContent,
  StatusIn,
  ValidationFailure,
  Validator,
  ValueEncoding,
} from '../lib/api.ts'
export type { Fetch } from '../lib/fetch.ts'
export {
  authorizeClient,
  authorizeToken,
  discover,
  fillPath,
  fillStyledPath,
  followRedirects,
  preferDiscovered,
  readAnyJson,
  readAnyTypedJson,
  readContent,
  readJson,
  readOAuthBody,
  readOAuthError,
  readTypedContent,
  readTypedJson,
  writeAny,
  writeBody,
  writeCookies,
  writeForm,
  writeHeaders,
  writeJson,
  writeMultipart,
  writeQuery,
  writeRaw,
  writeStyledForm,
  writeStyledQuery,
} from '../lib/wire/index.ts'
export { type ApiOptions, createApi } from './create-api.ts'
export { createPathsClient, type PathsClient, type PathsClientOptions } from './paths-client.ts'
export type { AccessToken, AccessTokenRequest, TokenSource } from './token-source.ts'
export { type AccessTokenOptions, withAccessToken } from './with-access-token.ts'
