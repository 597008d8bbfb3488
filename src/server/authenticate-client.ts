import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import { isLoopbackHost } from '../protocol/url-rules.ts'
import { isRegisteredCertificate, isRegisteredSubject, requireThumbprint } from './certificate.ts'
import type { AuthenticatedClient, ClientAuthMethod, RegisteredClient, ReplayClaim } from './client.ts'
import { assertionClaim, findAssertionFault, type ReadAssertion } from './client-assertion.ts'
import { loadJwks } from './client-keys.ts'
import { isMetadataDocumentId, loadMetadataDocument } from './client-metadata-document.ts'
import { isPublicClient } from './client-policies.ts'
import type { TokenEndpointConfig } from './config.ts'
import { type ClientCredentials, readCredentials } from './credentials.ts'
import type { EndpointError } from './errors.ts'
import type { ServerEvent } from './events.ts'
import { denial } from './outcome.ts'
import { callHost, refuseClient, refuseHost, refuseRequest } from './refusal.ts'
import { type EndpointRequest, fieldsOf, noRequest, readFraming } from './request.ts'

/** The endpoints at which clients authenticate themselves. */
export type ClientEndpoint =
  | 'token'
  | 'device_authorization'
  | 'pushed_authorization_request'
  | 'revocation'
  | 'introspection'
  | 'backchannel_authentication'

/** Who the client is, or why that is not known. */
export type ClientOutcome =
  | { readonly ok: true; readonly client: AuthenticatedClient; readonly events: readonly ServerEvent[] }
  | { readonly ok: false; readonly error: EndpointError; readonly events: readonly ServerEvent[] }

/** RFC 7662 2.1, CIBA 7.1: never without proof. */
const confidentialEndpoints: readonly ClientEndpoint[] = ['introspection', 'backchannel_authentication']

/**
 * Who the client is, proven by exactly one method. Changes nothing: what the proof uses up (an assertion's
 * `jti`) is claimed by the commit of whatever the client asks for.
 *
 * Unknown client, revoked client and wrong secret read alike and cost alike.
 *
 * @see RFC 6749 2.3, 3.2.1; RFC 7523 2.2; RFC 8705 2
 */
export async function authenticateClient(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  endpoint: ClientEndpoint = 'token',
): Promise<ClientOutcome> {
  const given = request ?? noRequest
  try {
    return { ok: true, client: await proveClient(config, given, endpoint), events: [] }
  } catch (thrown) {
    const { error, events } = denial('auth_denied', thrown, { request: given })
    return { ok: false, error, events }
  }
}

/** `authenticateClient` for compositions: refuses by a Refusal. */
export async function proveClient(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  endpoint: ClientEndpoint,
): Promise<AuthenticatedClient> {
  assertHttps(config, request.url)
  const attempted = fieldsOf(request, 'authorization').length > 0
  const credentials = readCredentials(config, request, readFraming(request))
  const { clientId } = credentials
  const client = await loadClient(config, clientId)
  const proof = await prove(config, request, credentials, client ?? decoy(clientId))
  // Judged after the proof, so that an unknown client costs what a known one costs.
  const fault = client ? (proof.fault ?? findMethodFault(config, client, proof.method, endpoint)) : 'unknown client'
  if (fault !== undefined || !client) throw refuseClient(config, fault ?? 'unknown client', attempted, client?.clientId)
  return Object.freeze({
    clientId,
    client,
    method: proof.method,
    isPublic: proof.method === 'none',
    claims: Object.freeze(proof.claims ?? []),
  })
}

/** The client of an id, registered or by its metadata document; `undefined` for one that is unknown or was revoked. */
export async function loadClient(config: TokenEndpointConfig, clientId: string): Promise<RegisteredClient | undefined> {
  const client = await callHost('loadClient', () => config.loadClient(clientId))
  if (client) {
    if (typeof client.metadata !== 'object' || client.metadata === null) throw refuseHost('loadClient gave no metadata')
    const settled = config.clientId ? await callHost('clientId', () => config.clientId!(client)) : client.clientId
    // The id that was asked for is the id that everything goes by, whatever the host's own record calls it.
    if (settled !== clientId) return undefined
    return client.clientId === clientId ? client : { ...client, clientId }
  }
  if (!config.clientMetadataDocuments || !isMetadataDocumentId(clientId)) return undefined
  return loadMetadataDocument(config, clientId)
}

interface ClientProof {
  readonly method: ClientAuthMethod
  readonly fault?: string
  readonly claims?: readonly ReplayClaim[]
}

function prove(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  credentials: ClientCredentials,
  client: RegisteredClient,
): MaybePromise<ClientProof> {
  switch (credentials.kind) {
    case 'secret': {
      const { method, secret } = credentials
      return andThen(
        callHost('verifyClientSecret', () => config.verifyClientSecret(client, secret)),
        (matches) => (matches === true ? { method } : { method, fault: 'wrong secret' }),
      )
    }
    case 'assertion':
      return proveByAssertion(config, credentials.assertion, client)
    case 'none':
      return proveByCertificate(config, request, client)
  }
}

async function proveByAssertion(
  config: TokenEndpointConfig,
  assertion: ReadAssertion,
  client: RegisteredClient,
): Promise<ClientProof> {
  const { method } = assertion
  const fault = await findAssertionFault(config, assertion, client)
  return fault === undefined ? { method, claims: [await assertionClaim(assertion)] } : { method, fault }
}

/** Nothing in the form: a certificate where the client registered that, else a public client. */
async function proveByCertificate(
  config: TokenEndpointConfig,
  { certificate }: EndpointRequest,
  client: RegisteredClient,
): Promise<ClientProof> {
  const method = certificateMethodOf(client)
  if (!config.mtls || !method) return { method: 'none' }
  if (!certificate) return { method, fault: 'missing client certificate' }
  const thumbprint = await requireThumbprint(certificate)
  if (method === 'tls_client_auth') {
    return isRegisteredSubject(client, certificate) ? { method } : { method, fault: 'another certificate' }
  }
  const { jwks, jwks_uri: jwksUri } = client.metadata
  const document = await loadJwks(config, { jwks, jwksUri })
  return (await isRegisteredCertificate(document, thumbprint)) ? { method } : { method, fault: 'another certificate' }
}

function certificateMethodOf({ metadata }: RegisteredClient): ClientAuthMethod | undefined {
  const method = metadata.token_endpoint_auth_method
  if (method === 'tls_client_auth') return 'tls_client_auth'
  return method === 'self_signed_tls_client_auth' ? 'self_signed_tls_client_auth' : undefined
}

/** Whether this client may use this method at this endpoint. */
function findMethodFault(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  method: ClientAuthMethod,
  endpoint: ClientEndpoint,
): string | undefined {
  const registered = client.metadata.token_endpoint_auth_method
  if (method === 'none') {
    if (confidentialEndpoints.includes(endpoint)) return 'a public client at an endpoint for confidential ones'
    return isPublicClient(config, client) ? undefined : 'missing client authentication'
  }
  if (registered !== undefined) return registered === method ? undefined : 'another method than registered'
  // RFC 7591 2: client_secret_basic by default; the form carries the same secret. Keys must be registered.
  return method === 'client_secret_basic' || method === 'client_secret_post' ? undefined : 'method not registered'
}

function decoy(clientId: string): RegisteredClient {
  return { clientId, metadata: {} }
}

/** RFC 6749 3.2: TLS, but for development on the machine itself. */
function assertHttps(config: TokenEndpointConfig, text: string): void {
  // What stands under the issuer's own URL is as secure as that, which was judged by the same rule at start.
  if (text.startsWith(config.issuer) && text[config.issuer.length] === '/') return
  if (!URL.canParse(text)) throw refuseRequest('the URL of the request is not absolute')
  const url = new URL(text)
  if (url.protocol === 'https:') return
  if (config.httpsRequired || !isLoopbackHost(url.hostname)) throw refuseRequest('https is required')
}
