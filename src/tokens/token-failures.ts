import { ConfigurationError } from '../errors/configuration.ts'
import { NetworkError, RequestError, TimeoutError } from '../errors/network.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { ApiError, ResponseError } from '../errors/response.ts'
import { TokenError, type TokenErrorCode, type TokenErrorEndpoint } from '../errors/token.ts'

/**
 * A failure of an endpoint as this room's error, with the one that says more as its cause. What is none (a store's
 * failure, misuse, the caller's abort) stays what it is.
 */
export function toTokenError(error: unknown, endpoint: TokenErrorEndpoint): unknown {
  if (error instanceof NetworkError || error instanceof TimeoutError || error instanceof RequestError) {
    return new TokenError('http_request', `the ${endpoint} endpoint could not be asked (${error.code})`, {
      endpoint,
      cause: error,
    })
  }
  if (error instanceof ConfigurationError) return configurationFailure(error, endpoint)
  if (error instanceof ApiError) {
    const { status } = error
    const what = 'error' in error ? `${String(error.error)}, status ${status}` : `status ${status}`
    return new TokenError('http_status', `the ${endpoint} endpoint answered with ${what}`, {
      endpoint,
      status,
      cause: error,
    })
  }
  if (error instanceof ResponseError) return responseFailure(error, endpoint)
  if (error instanceof ProtocolError && !documentFaults.includes(error.code)) {
    const message = `the ${endpoint} endpoint's answer breaks a rule: ${error.message}`
    return new TokenError(protocolCode(error, endpoint), message, { endpoint, cause: error })
  }
  return error
}

/** Faults of the issuer's documents, not of an endpoint's answer; their own errors say it best. */
const documentFaults: readonly string[] = ['invalid_metadata', 'issuer_mismatch', 'insecure_endpoint']

function configurationFailure(error: ConfigurationError, endpoint: TokenErrorEndpoint): unknown {
  const { code, field } = error
  if (code === 'missing_metadata') {
    const message = `the server's metadata has no "${field}", so it cannot be asked`
    return new TokenError('missing_server_metadata', message, { endpoint, field, cause: error })
  }
  if (code === 'unregistered_response') {
    const message = `the client's configuration has no "${field}", which the ${endpoint} endpoint's answer needs`
    return new TokenError('missing_client_metadata', message, { endpoint, field, cause: error })
  }
  return error
}

function responseFailure(error: ResponseError, endpoint: TokenErrorEndpoint): TokenError {
  const { status, contentType } = error
  const isSuccess = status >= 200 && status < 300
  const more = { endpoint, status, cause: error }
  if (isSuccess && endpoint === 'userinfo' && error.code === 'unexpected_content_type') {
    const message = `the userinfo endpoint answered with "${contentType}"; expected JSON or application/jwt`
    const expected = 'application/json or application/jwt'
    return new TokenError('userinfo_content_type', message, { ...more, expected, actual: contentType })
  }
  const code = isSuccess ? illegal[endpoint] : 'http_status'
  return new TokenError(code, `the ${endpoint} endpoint answered with what cannot be used: ${error.message}`, more)
}

const illegal = {
  token: 'illegal_token_response',
  introspection: 'illegal_introspection_response',
  userinfo: 'userinfo_verification',
  // Whatever a success says there, it is one (RFC 7009 2.2).
  revocation: 'http_status',
} as const satisfies Record<TokenErrorEndpoint, TokenErrorCode>

function protocolCode({ code }: ProtocolError, endpoint: TokenErrorEndpoint): TokenErrorCode {
  const isDecryption = code === 'invalid_jwe' || code === 'decryption_failed'
  return endpoint === 'userinfo' && isDecryption ? 'userinfo_decryption' : illegal[endpoint]
}

/** Runs what asks an endpoint; its failures come as `toTokenError` has them. */
export async function asking<T>(endpoint: TokenErrorEndpoint, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw toTokenError(error, endpoint)
  }
}
