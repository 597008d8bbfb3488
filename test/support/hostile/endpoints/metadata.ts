import { type Answer, jsonAnswer } from '../answer.ts'
import { publishedJwk } from '../keys.ts'
import { applyPatch, type JsonObject } from '../patch.ts'
import { factsOf, type ProviderState } from '../state.ts'

const clientAuthMethods = ['none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt']

/** The provider's metadata (RFC 8414 2, OpenID Connect Discovery 3), lies included. */
function metadataOf(state: ProviderState): JsonObject {
  const { issuer } = state
  const honest: JsonObject = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    userinfo_endpoint: `${issuer}/userinfo`,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    device_authorization_endpoint: `${issuer}/device_authorization`,
    backchannel_authentication_endpoint: `${issuer}/backchannel`,
    userinfo_signing_alg_values_supported: ['ES256'],
    introspection_signing_alg_values_supported: ['ES256'],
    scopes_supported: ['openid', 'profile', 'offline_access'],
    response_types_supported: ['code', 'code id_token'],
    response_modes_supported: ['query', 'fragment', 'form_post', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
    authorization_signing_alg_values_supported: ['ES256'],
    request_object_signing_alg_values_supported: ['ES256'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    token_endpoint_auth_methods_supported: clientAuthMethods,
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'HS256'],
    introspection_endpoint_auth_methods_supported: clientAuthMethods,
    introspection_endpoint_auth_signing_alg_values_supported: ['ES256', 'HS256'],
    revocation_endpoint_auth_methods_supported: clientAuthMethods,
    revocation_endpoint_auth_signing_alg_values_supported: ['ES256', 'HS256'],
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: ['ES256', 'EdDSA'],
    authorization_response_iss_parameter_supported: true,
  }
  return applyPatch(honest, state.faults.metadata, factsOf(state, 'discovery'))
}

export function discoveryAnswer(state: ProviderState, path: string): Answer {
  const { wellKnown } = state.faults
  if (wellKnown && !path.endsWith(wellKnown)) return { status: 404, headers: {}, body: '' }
  return jsonAnswer(200, metadataOf(state), { 'cache-control': 'max-age=60' })
}

export function jwksAnswer(state: ProviderState): Answer {
  const honest = [publishedJwk(state.signingKey)]
  return jsonAnswer(200, { keys: state.faults.jwks?.(honest) ?? honest }, { 'cache-control': 'max-age=60' })
}
