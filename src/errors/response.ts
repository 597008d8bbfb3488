import { AuthentypeError } from './base.ts'

/** What is wrong with an answer that the document does not describe. */
export type ResponseErrorCode =
  /** A status that neither the document nor the specification has for this request. */
  | 'unexpected_status'
  | 'unexpected_content_type'
  /** The body is not JSON, or is cut short. */
  | 'invalid_json'
  /** The body is JSON of another shape than documented. `failure` says where. */
  | 'invalid_body'
  /** More bytes than the limit. */
  | 'body_too_large'
  /** A redirect where none is followed, or one too many, or one to another origin. */
  | 'redirect_refused'

/** The facts of a `ResponseError`. */
export interface ResponseErrorOptions {
  url: string
  status: number
  contentType?: string
  /** Where the rule stands, for example `RFC 6749 5.1`. @default none: it is that of the API's own document */
  clause?: string | undefined
  expected: string
  actual: string
  /** Up to 200 characters, only of HTML or text that came with an error status. */
  excerpt?: string
  response?: Response
  cause?: unknown
}

/** An answer came, but it is none that this request can have. */
export class ResponseError extends AuthentypeError {
  override readonly name = 'ResponseError'
  declare readonly code: ResponseErrorCode
  declare readonly url: string
  declare readonly status: number
  declare readonly contentType: string
  /** Where the rule stands that the answer breaks; absent where only the API's own document has it. */
  declare readonly clause: string | undefined
  declare readonly expected: string
  declare readonly actual: string
  declare readonly excerpt: string | undefined
  /** The answer; its body may have been read. Not enumerable, so that no logger prints it. */
  declare readonly response: Response | undefined
  constructor(code: ResponseErrorCode, message: string, options: ResponseErrorOptions) {
    super(options.clause ? `${message} (${options.clause})` : message, { code, contentType: '', ...options } as object)
  }
}

/** The facts of an `ApiError`. */
export interface ApiErrorOptions<Body> {
  operation: string
  status: number
  headers: Headers
  body: Body
  cause?: unknown
}

/** A documented error answer of an operation. `body` has the model that the document gives for its status. */
export class ApiError<Body = unknown> extends AuthentypeError<ApiErrorOptions<Body>> {
  override readonly name: string = 'ApiError'
  readonly code: 'api_error' | 'oauth_error' = 'api_error'
  /** The operationId. */
  declare readonly operation: string
  declare readonly status: number
  /** Not enumerable: headers may carry cookies and nonces. */
  declare readonly headers: Headers
  /** Not enumerable: only the caller knows what may be logged of it. */
  declare readonly body: Body
}

/** The body of an error answer (RFC 6749 5.2); `error` is open, since extensions register more. */
export interface OAuthErrorBody {
  readonly error: string
  readonly error_description?: string
  readonly error_uri?: string
}

/** An OAuth error (RFC 6749 5.2, RFC 6750 3.1), from a JSON body or a `WWW-Authenticate` challenge. */
export class OAuthResponseError<Body extends OAuthErrorBody = OAuthErrorBody> extends ApiError<Body> {
  override readonly name = 'OAuthResponseError'
  override readonly code = 'oauth_error'
  /** `invalid_grant`, `invalid_client`, `use_dpop_nonce`, ...; of what is none of these, as much as of the description. */
  declare readonly error: string
  /** In the server's words, which may hold whatever it was sent: 300 characters at most, none of them a control. */
  declare readonly errorDescription: string | undefined
  /** Somebody may make a link of it: nothing but http(s). */
  declare readonly errorUri: string | undefined
  /** Milliseconds to wait, from `Retry-After`. */
  declare readonly retryAfter: number | undefined
  constructor(message: string, options: ApiErrorOptions<Body> & { retryAfter?: number | undefined }) {
    const { error, error_description, error_uri } = options.body
    const uri = shown(error_uri)
    const errorUri = uri && /^https?:/i.test(uri) ? uri : undefined
    const said = { error: shown(error), errorDescription: shown(error_description), errorUri }
    super(message, { ...options, ...said } as ApiErrorOptions<Body>)
  }
}

/** Fit for a terminal and a log: escape sequences, line breaks and bidirectional overrides become spaces. */
function shown(text: unknown): string | undefined {
  return typeof text === 'string' ? text.slice(0, 300).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ') : undefined
}
