import { buildDiscoveryDocument, type ServerEndpoints, type TokenEndpointConfig } from '../server/index.ts'

/** The paths of the operations in openapi/oauth.yaml, and of the pages beside them. */
export const paths = {
  oauthMetadata: '/.well-known/oauth-authorization-server',
  openIdConfiguration: '/.well-known/openid-configuration',
  resourceMetadata: '/.well-known/oauth-protected-resource',
  jwks: '/jwks',
  authorize: '/authorize',
  par: '/par',
  token: '/token',
  introspect: '/introspect',
  revoke: '/revoke',
  userinfo: '/userinfo',
  register: '/register',
  deviceAuthorization: '/device_authorization',
  endSession: '/end_session',
  /** The page on which the user enters a device's code. */
  device: '/device',
  /** The pages of one authorization request, by its id. */
  interaction: '/interaction',
  /** The page on which the user confirms a logout. */
  logout: '/logout',
} as const

/** Claims that a user of this server may have. */
const claims = ['sub', 'name', 'given_name', 'family_name', 'preferred_username', 'email', 'email_verified']

function endpointsOf(issuer: string): ServerEndpoints {
  const at = (path: string) => issuer + path
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
    endSession: at(paths.endSession),
  }
}

/** The same for both well-known addresses. */
export function metadataOf(config: TokenEndpointConfig): object {
  return buildDiscoveryDocument(config, { endpoints: endpointsOf(config.issuer), claims })
}

/** RFC 9728 2: of the one API that this server stands for. */
export function resourceMetadataOf(
  { issuer, resources, scopes }: TokenEndpointConfig,
  resource: string,
): object | undefined {
  if (!resources.includes(resource)) return undefined
  return {
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    ...(scopes && { scopes_supported: scopes }),
  }
}
