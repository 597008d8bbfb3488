import { AuthentypeError } from './base.ts'

/** No answer came: DNS, connection, TLS or a connection lost half way. `cause` has the platform's error. */
export class NetworkError extends AuthentypeError<{ url: string; cause?: unknown }> {
  override readonly name = 'NetworkError'
  readonly code = 'network_error'
  /** Origin and path of the request, without its query. */
  declare readonly url: string
}

/** The deadline passed. One deadline covers connection, headers and body. */
export class TimeoutError extends AuthentypeError<{ url: string; timeout: number; cause?: unknown }> {
  override readonly name = 'TimeoutError'
  readonly code = 'timeout'
  declare readonly url: string
  /** The deadline, in milliseconds. */
  declare readonly timeout: number
}

/** Why a request was not sent. */
export type RequestErrorCode =
  /** The request must be sent again (nonce, token), but its body was a stream that is used up. `response` has the first answer. */
  | 'body_not_replayable'
  /** The URL is not one that a token or a credential may go to. */
  | 'origin_not_allowed'
  /** Not https, and not a loopback address in a declared development mode. */
  | 'insecure_url'
  /** The host is a private or special address, or a name that stands for one. */
  | 'address_not_allowed'
  /** The access token, as its source gave it, is none that a request can carry. */
  | 'malformed_token'

/** A request that was not sent, or not sent again, because doing so would be wrong. */
export class RequestError extends AuthentypeError {
  override readonly name = 'RequestError'
  readonly code: RequestErrorCode
  readonly url: string
  /** The answer that asked for a resend, where there was one. Not enumerable. */
  declare readonly response?: Response
  constructor(code: RequestErrorCode, message: string, options: { url: string; response?: Response; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.code = code
    this.url = options.url
    if (options.response) Object.defineProperty(this, 'response', { value: options.response, enumerable: false })
  }
}
