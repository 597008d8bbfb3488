import type { AuthenticatedClient } from './client.ts'
import { type RawParams, type RequestParams, readParams } from './params.ts'
import { Refusal, refuseRequest } from './refusal.ts'

/** A client certificate, as the TLS terminator saw it. */
export interface ClientCertificate {
  /** DER, or PEM text. */
  readonly certificate: Uint8Array<ArrayBuffer> | string
  /** Whether its chain ends at a trusted root: for tls_client_auth (RFC 8705 2.1). @default false */
  readonly chainTrusted?: boolean
  /** RFC 4514 text of the subject. */
  readonly subjectDn?: string
  readonly san?: {
    readonly dns?: readonly string[]
    readonly uri?: readonly string[]
    readonly ip?: readonly string[]
    readonly email?: readonly string[]
  }
}

/** A request to an endpoint of the server, as plain data. */
export interface EndpointRequest {
  /** For proofs: `POST`, with its case. */
  readonly method: string
  /** The absolute URL of the endpoint as clients use it; a query in it is judged, not stripped. */
  readonly url: string
  /** The form that was posted. */
  readonly params: RawParams
  /** Header fields by lower-case name; several of one name as a list. Only `authorization` and `dpop` are read. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly certificate?: ClientCertificate
  readonly clientIp?: string
}

/** What a host's slip, a call without a request, is read as: refused like any other that lacks everything. */
export const noRequest: EndpointRequest = Object.freeze({ method: '', url: '', params: Object.freeze({}) })

/** A token request of an authenticated client. */
export interface TokenRequest extends Omit<EndpointRequest, 'headers'> {
  readonly client: AuthenticatedClient
  /** The DPoP field, or all of them. */
  readonly dpop?: string | readonly string[]
}

/** What is refused before anything else: framing that says one thing here and another elsewhere. */
export function readFraming(request: EndpointRequest): RequestParams {
  // RFC 6749 2.3.1, 3.2: parameters of these endpoints are in the body; credentials never in a URL.
  if (request.url.includes('?') && URL.canParse(request.url) && new URL(request.url).search !== '') {
    throw refuseRequest('parameters in the query are not allowed')
  }
  // RFC 9449 4.3 item 1
  if (fieldsOf(request, 'dpop').length > 1) {
    throw new Refusal('invalid_dpop_proof', 'more than one DPoP field', { reason: 'more than one DPoP field' })
  }
  if (fieldsOf(request, 'authorization').length > 1) throw refuseRequest('more than one Authorization field')
  return readParams(request.params)
}

/** All fields of a name. */
export function fieldsOf(request: EndpointRequest, name: 'authorization' | 'dpop'): readonly string[] {
  const value = request.headers?.[name]
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}
