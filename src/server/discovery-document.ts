import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import { promptNames, responseModes } from './authorization-params.ts'
import { clientAlgorithms } from './client-keys.ts'
import type { TokenEndpointConfig } from './config.ts'
import { cibaGrant, deviceCodeGrant } from './grant-types.ts'

/** Where the endpoints are; what is absent is not offered. */
export interface ServerEndpoints {
  readonly authorization?: string
  readonly token: string
  readonly jwks: string
  readonly pushedAuthorizationRequest?: string
  readonly introspection?: string
  readonly revocation?: string
  readonly userinfo?: string
  readonly registration?: string
  readonly deviceAuthorization?: string
  readonly backchannelAuthentication?: string
  readonly endSession?: string
}

/** What the metadata document says beyond the configuration (RFC 8414 2). */
export interface DiscoveryOptions {
  readonly endpoints: ServerEndpoints
  /** Where clients show certificates, if that is elsewhere (RFC 8705 5). @default at the endpoints themselves */
  readonly mtlsEndpoints?: Partial<ServerEndpoints>
  /** Claims that userinfo may give. @default none listed */
  readonly claims?: readonly string[]
  /** Authentication contexts. @default none listed */
  readonly acrValues?: readonly string[]
  /** Whether subjects are pairwise. @default whether `resolveSubject` is configured */
  readonly pairwise?: boolean
  /** Members of the host's own. */
  readonly more?: Readonly<Record<string, unknown>>
}

/**
 * The server's metadata, the same document for `/.well-known/openid-configuration` and
 * `/.well-known/oauth-authorization-server`. It says what the configuration does, and nothing else.
 *
 * @see RFC 8414 2; OIDC Discovery 3
 */
export function buildDiscoveryDocument(
  config: TokenEndpointConfig,
  options: DiscoveryOptions,
): AuthorizationServerMetadata {
  const { endpoints } = options
  const algorithms = config.keys.algorithms()
  const document = {
    issuer: config.issuer,
    ...endpointMembers(config, endpoints),
    jwks_uri: endpoints.jwks,
    scopes_supported: config.scopes,
    response_types_supported: endpoints.authorization === undefined ? [] : ['code'],
    response_modes_supported: endpoints.authorization === undefined ? undefined : [...responseModes, 'jwt'],
    grant_types_supported: config.grants,
    subject_types_supported: [(options.pairwise ?? config.resolveSubject !== undefined) ? 'pairwise' : 'public'],
    id_token_signing_alg_values_supported: algorithms,
    userinfo_signing_alg_values_supported: endpoints.userinfo && algorithms,
    authorization_signing_alg_values_supported: endpoints.authorization && algorithms,
    introspection_signing_alg_values_supported: endpoints.introspection && algorithms,
    ...authenticationMembers(config, endpoints),
    ...authorizationMembers(config, endpoints),
    dpop_signing_alg_values_supported: config.dpop === false ? undefined : config.dpop.algorithms,
    tls_client_certificate_bound_access_tokens: config.mtls || undefined,
    mtls_endpoint_aliases: config.mtls && options.mtlsEndpoints ? aliases(config, options.mtlsEndpoints) : undefined,
    acr_values_supported: options.acrValues,
    claims_supported: options.claims,
    claims_parameter_supported: config.claimsParameter,
    client_id_metadata_document_supported: config.clientMetadataDocuments || undefined,
    ...options.more,
  }
  return presentOf(document) as unknown as AuthorizationServerMetadata
}

function presentOf(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ''))
}

/** RFC 8705 5: of the endpoints that clients send requests to; the browser's have no alias. */
function aliases(config: TokenEndpointConfig, endpoints: Partial<ServerEndpoints>): object {
  const { authorization: _, endSession: __, ...direct } = endpoints
  return presentOf(endpointMembers(config, direct))
}

function endpointMembers({ grants, registration }: TokenEndpointConfig, endpoints: Partial<ServerEndpoints>): object {
  return {
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    pushed_authorization_request_endpoint: endpoints.pushedAuthorizationRequest,
    introspection_endpoint: endpoints.introspection,
    revocation_endpoint: endpoints.revocation,
    userinfo_endpoint: endpoints.userinfo,
    registration_endpoint: registration ? endpoints.registration : undefined,
    device_authorization_endpoint: grants.includes(deviceCodeGrant) ? endpoints.deviceAuthorization : undefined,
    backchannel_authentication_endpoint: grants.includes(cibaGrant) ? endpoints.backchannelAuthentication : undefined,
    end_session_endpoint: endpoints.endSession,
  }
}

function authenticationMembers(config: TokenEndpointConfig, endpoints: ServerEndpoints): object {
  const confidential = [
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
    ...(config.loadClientSecret ? ['client_secret_jwt'] : []),
    ...(config.mtls ? ['tls_client_auth', 'self_signed_tls_client_auth'] : []),
  ]
  const methods = config.isPublicClient ? [...confidential, 'none'] : confidential
  const symmetric = config.loadClientSecret ? ['HS256', 'HS384', 'HS512'] : []
  const algorithms = [...clientAlgorithms, ...symmetric]
  const members: Record<string, unknown> = {}
  // Introspection takes confidential clients alone (RFC 7662 2.1).
  for (const [name, list] of [
    ['token', methods],
    ['revocation', methods],
    ['introspection', confidential],
  ] as const) {
    if (endpoints[name] === undefined) continue
    members[`${name}_endpoint_auth_methods_supported`] = list
    members[`${name}_endpoint_auth_signing_alg_values_supported`] = algorithms
  }
  return members
}

function authorizationMembers(config: TokenEndpointConfig, endpoints: ServerEndpoints): object {
  const ciba = config.grants.includes(cibaGrant) && endpoints.backchannelAuthentication !== undefined
  const backchannel = {
    backchannel_token_delivery_modes_supported: ciba ? ['poll', 'ping'] : undefined,
    backchannel_authentication_request_signing_alg_values_supported: ciba ? ['PS256', 'ES256'] : undefined,
    backchannel_user_code_parameter_supported: ciba || undefined,
  }
  if (endpoints.authorization === undefined) return backchannel
  const details = config.authorizationDetailsTypes
  return {
    ...backchannel,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: config.issInResponses,
    require_pushed_authorization_requests: config.parRequired,
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    request_object_signing_alg_values_supported: ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'PS256'],
    prompt_values_supported: promptNames,
    authorization_details_types_supported: details.length > 0 ? details : undefined,
    backchannel_logout_supported: endpoints.endSession && true,
    backchannel_logout_session_supported: endpoints.endSession && true,
    frontchannel_logout_supported: endpoints.endSession && true,
    frontchannel_logout_session_supported: endpoints.endSession && true,
  }
}
