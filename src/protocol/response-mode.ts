import { ConfigurationError } from '../errors/configuration.ts'

/** What the authorization endpoint gives: a code, or a code with an id_token that vouches for it. */
export type ResponseType = 'code' | 'code id_token'

/** Where in the browser the answer travels. */
export type ResponseCarrier = 'query' | 'fragment' | 'form_post'

/**
 * How the answer comes back. The `.jwt` forms are signed by the server (JARM); `jwt` is the one of these that suits
 * the response type.
 */
export type ResponseMode = ResponseCarrier | 'query.jwt' | 'fragment.jwt' | 'form_post.jwt' | 'jwt'

/** The lists of authorization server metadata that a response is held against (RFC 8414 2). */
export interface ResponseMetadata {
  readonly response_types_supported?: readonly string[] | undefined
  readonly response_modes_supported?: readonly string[] | undefined
}

const responseTypes: readonly unknown[] = ['code', 'code id_token'] satisfies ResponseType[]
const carriers: Readonly<Record<string, ResponseCarrier>> = {
  query: 'query',
  fragment: 'fragment',
  form_post: 'form_post',
  'query.jwt': 'query',
  'fragment.jwt': 'fragment',
  'form_post.jwt': 'form_post',
}

export function isResponseType(value: unknown): value is ResponseType {
  return responseTypes.includes(value)
}

export function isResponseMode(value: unknown): value is ResponseMode {
  return value === 'jwt' || (typeof value === 'string' && Object.hasOwn(carriers, value))
}

/** The mode of a request that names none (OAuth 2.0 Multiple Response Type Encoding Practices 3, 5). */
export function defaultResponseMode(type: ResponseType): ResponseCarrier {
  return type === 'code' ? 'query' : 'fragment'
}

/** Where the answer must be looked for; JARM 2.3.4: `jwt` travels as the response type does by default. */
export function carrierOf(mode: ResponseMode, type: ResponseType): ResponseCarrier {
  return mode === 'jwt' ? defaultResponseMode(type) : carriers[mode]!
}

/** Whether the answer is one signed JWT in the parameter `response` (JARM 2.3). */
export function isJarmMode(mode: ResponseMode): boolean {
  return mode === 'jwt' || mode.endsWith('.jwt')
}

/** @throws TypeError for what no server may do */
export function assertResponse(type: ResponseType, mode: ResponseMode): void {
  if (!isResponseType(type)) throw new TypeError('"responseType" must be "code" or "code id_token"')
  if (!isResponseMode(mode)) {
    throw new TypeError('"responseMode" must be query, fragment, form_post, one of these with .jwt, or jwt')
  }
  // OAuth 2.0 Multiple Response Type Encoding Practices 5, JARM 2.3.1: an id_token has no place in a query.
  if (type !== 'code' && carrierOf(mode, type) === 'query') {
    throw new TypeError(
      `"responseMode" must not be ${mode} with the response type "${type}": use fragment or form_post`,
    )
  }
}

/**
 * Refuses a response type or mode that the server says it does not have; nothing is sent then.
 *
 * A mode that is the default of its response type is not sent, so it is not held against the list; and a server
 * without a list may know more than the two modes that RFC 8414 assumes.
 *
 * @throws ConfigurationError `unsupported_by_server`
 * @see RFC 8414 2
 */
export function assertResponseSupported(metadata: ResponseMetadata, type: ResponseType, mode: ResponseMode): void {
  const types = metadata.response_types_supported?.map(normaliseType)
  if (types && !types.includes(normaliseType(type))) throw unsupported('response_types_supported', type, types)
  const modes = metadata.response_modes_supported
  if (mode === defaultResponseMode(type) || !modes || modes.includes(mode)) return
  throw unsupported('response_modes_supported', mode, modes)
}

/** The order of the words means nothing (OAuth 2.0 Multiple Response Type Encoding Practices 3). */
function normaliseType(type: string): string {
  return type.split(' ').sort().join(' ')
}

function unsupported(field: keyof ResponseMetadata, wanted: string, listed: readonly string[]): ConfigurationError {
  return new ConfigurationError(
    'unsupported_by_server',
    `the client asks for "${wanted}", but the server's "${field}" is [${listed.join(', ')}]`,
    { field, clause: 'RFC 8414 2', expected: wanted, actual: listed },
  )
}
