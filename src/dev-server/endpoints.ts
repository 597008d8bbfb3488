import { buildDiscoveryDocument, type ServerEndpoints, type TokenEndpointConfig } from '../server/index.ts'
import type { DevContext } from './context.ts'
import type { DevRequest } from './exchange.ts'

/** The paths of the operations in openapi/oauth.yaml, and of the pages beside them. */
export const paths = {
  oauthMetadata: '/.well-known/oauth-authorization-server',
  openIdConfiguration: '/.well-known/openid-configuration',
  resourceMetadata: '/.well-known/oauth-protected-resource',
  webFinger: '/.well-known/webfinger',
  jwks: '/jwks',
  authorize: '/authorize',
  par: '/par',
  token: '/token',
  introspect: '/introspect',
  revoke: '/revoke',
  userinfo: '/userinfo',
  register: '/register',
  deviceAuthorization: '/device_authorization',
  backchannelAuthentication: '/backchannel_authentication',
  endSession: '/end_session',
  /** The page that says what is here. */
  front: '/',
  /** The page on which the user enters a device's code. */
  device: '/device',
  /** The page on which a user answers what applications ask of them (CIBA). */
  inbox: '/inbox',
  /** The page on which a user makes a pre-authorized code. */
  offer: '/offer',
  /** The pages of one authorization request, by its id. */
  interaction: '/interaction',
  /** The page on which the user confirms a logout. */
  logout: '/logout',
} as const

/** Claims that a user of this server may have. */
const claims = ['sub', 'name', 'given_name', 'family_name', 'preferred_username', 'email', 'email_verified']

function endpointsAt(origin: string): ServerEndpoints {
  const at = (path: string) => origin + path
  return {
    authorization: at(paths.authorize),
    token: at(paths.token),
    jwks: at(paths.jwks),
    pushedAuthorizationRequest: at(paths.par),
    introspection: at(paths.introspect),
    revocation: at(paths.revoke),
    userinfo: at(paths.userinfo),
    registration: at(paths.register),
    deviceAuthorization: at(paths.deviceAuthorization),
    backchannelAuthentication: at(paths.backchannelAuthentication),
    endSession: at(paths.endSession),
  }
}

/** The same for both well-known addresses. */
export function metadataOf({ config, mtlsOrigin }: Pick<DevContext, 'config' | 'mtlsOrigin'>): object {
  return buildDiscoveryDocument(config, {
    endpoints: endpointsAt(config.issuer),
    claims,
    ...(mtlsOrigin !== undefined && { mtlsEndpoints: endpointsAt(mtlsOrigin) }),
  })
}

/** An endpoint as the client of this request was told of it: proofs are made for that URL. */
export function endpointUrl({ issuer, mtlsOrigin }: DevContext, request: DevRequest, path: string): string {
  const isMtls = mtlsOrigin !== undefined && new URL(request.url).host === new URL(mtlsOrigin).host
  return (isMtls ? mtlsOrigin : issuer) + path
}

/** RFC 9728 2: of an API that this server's tokens are for; this server's own userinfo is one. */
export function resourceMetadataOf(
  { issuer, audience, resources, scopes, mtls, dpop }: TokenEndpointConfig,
  resource: string,
): object | undefined {
  if (resource !== audience && !resources.includes(resource)) return undefined
  return {
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    ...(mtls && { tls_client_certificate_bound_access_tokens: true }),
    ...(dpop !== false && { dpop_signing_alg_values_supported: dpop.algorithms }),
    ...(scopes && { scopes_supported: scopes }),
  }
}
