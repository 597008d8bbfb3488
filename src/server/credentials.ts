import { assertionType, type ReadAssertion, readClientAssertion } from './client-assertion.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { RequestParams } from './params.ts'
import { Refusal, refuseClient, refuseRequest } from './refusal.ts'
import { type EndpointRequest, fieldsOf } from './request.ts'

/** What a request shows of its client: exactly one kind. */
export type ClientCredentials =
  | {
      readonly kind: 'secret'
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly clientId: string
      readonly secret: string
    }
  | { readonly kind: 'assertion'; readonly clientId: string; readonly assertion: ReadAssertion }
  | { readonly kind: 'none'; readonly clientId: string }

/** RFC 6749 2.3: the client must not use more than one authentication method in a request. */
export function readCredentials(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  params: RequestParams,
): ClientCredentials {
  const [authorization] = fieldsOf(request, 'authorization')
  const secret = params.get('client_secret')
  const assertion = params.get('client_assertion')
  const methods = [authorization, secret, assertion].filter((one) => one !== undefined)
  if (methods.length > 1) throw refuseRequest('more than one method of client authentication')
  const credentials = read(config, { authorization, secret, assertion }, params)
  const named = params.get('client_id')
  // RFC 6749 2.3.1, RFC 7521 4.2: a client_id beside must be the same one.
  if (named !== undefined && named !== credentials.clientId)
    throw refuseRequest('client_id contradicts the credentials')
  return credentials
}

interface Shown {
  readonly authorization: string | undefined
  readonly secret: string | undefined
  readonly assertion: string | undefined
}

function read(config: TokenEndpointConfig, shown: Shown, params: RequestParams): ClientCredentials {
  if (shown.authorization !== undefined) {
    const basic = readBasic(shown.authorization)
    // No fallback to the form: what was tried is what is judged.
    if (!basic) throw refuseClient(config, 'malformed Authorization field', true)
    return basic
  }
  if (shown.assertion !== undefined) return readAssertion(config, shown.assertion, params)
  if (params.get('client_assertion_type') !== undefined) throw refuseRequest('missing client_assertion')
  const clientId = params.get('client_id')
  if (clientId === undefined) throw refuseClient(config, 'missing client_id', false)
  if (shown.secret === undefined) return { kind: 'none', clientId }
  return { kind: 'secret', method: 'client_secret_post', clientId, secret: shown.secret }
}

/** RFC 6749 2.3.1, RFC 7617 2: id and secret, each form-encoded, joined by the first colon. */
function readBasic(field: string): ClientCredentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field)?.[1]
  if (encoded === undefined) return undefined
  try {
    const binary = atob(encoded)
    const text = /^[\x00-\x7f]*$/.test(binary) ? binary : decodeUtf8(binary)
    const colon = text.indexOf(':')
    if (colon < 1) return undefined
    const clientId = decodeFormComponent(text.slice(0, colon))
    const secret = decodeFormComponent(text.slice(colon + 1))
    return { kind: 'secret', method: 'client_secret_basic', clientId, secret }
  } catch {
    // Not base64, not UTF-8 or not form-encoded: malformed, and nothing of it is repeated.
    return undefined
  }
}

/** @throws TypeError for what is no UTF-8 */
function decodeUtf8(binary: string): string {
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** @throws URIError for stray percent signs */
function decodeFormComponent(text: string): string {
  // Most ids and secrets have nothing to decode.
  return /[%+]/.test(text) ? decodeURIComponent(text.replaceAll('+', ' ')) : text
}

function readAssertion(config: TokenEndpointConfig, text: string, params: RequestParams): ClientCredentials {
  const type = params.get('client_assertion_type')
  if (type === undefined) throw refuseRequest('missing client_assertion_type')
  if (type !== assertionType) throw refuseUnsupported()
  const assertion = readClientAssertion(text)
  if (!assertion) throw refuseClient(config, 'no client assertion', false)
  return { kind: 'assertion', clientId: assertion.clientId, assertion }
}

function refuseUnsupported(): Refusal {
  return new Refusal('invalid_request', 'unsupported client_assertion_type', { reason: 'unsupported assertion type' })
}
