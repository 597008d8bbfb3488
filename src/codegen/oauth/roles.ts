/**
 * What an authorization server's operations look like in documents that do not say which they are. Each role is
 * known by its metadata field (RFC 8414 2, OpenID Connect Discovery 3).
 */
export interface OAuthRole {
  readonly field: string
  readonly methods: readonly string[]
  /** Paths that are called so; the specific ones first, since an earlier pattern wins over a later. */
  readonly paths: readonly RegExp[]
  /** Parameters or fields of the body that a request has, one of each list. */
  readonly request?: readonly (readonly string[])[]
  /** Members of a success that a response has, one of each list. */
  readonly response?: readonly (readonly string[])[]
  /** What is bound beside the URL. */
  readonly binds: { readonly clientAuth?: true; readonly accessToken?: true; readonly userAgent?: true }
}

/** In a path that names its protocol, the last word means what it means in OAuth. */
const within = (last: string): readonly RegExp[] => [
  new RegExp(`/(oauth2?|oidc|openid-connect|connect|sso|as)(/[^/{}]+)*/(${last})/?$`, 'i'),
  new RegExp(`/(${last})/?$`, 'i'),
]

export const oauthRoles: readonly OAuthRole[] = [
  {
    field: 'token_endpoint',
    methods: ['POST'],
    paths: within('token|access[_-]?token|tokens'),
    request: [['grant_type']],
    response: [['access_token'], ['token_type', 'expires_in']],
    binds: { clientAuth: true },
  },
  {
    field: 'pushed_authorization_request_endpoint',
    methods: ['POST'],
    paths: within('par|pushed[_-]authorization([_-]request)?'),
    response: [['request_uri']],
    binds: { clientAuth: true },
  },
  {
    field: 'introspection_endpoint',
    methods: ['POST'],
    paths: within('introspect(ion)?|token[_-]?info'),
    request: [['token']],
    response: [['active']],
    binds: { clientAuth: true },
  },
  {
    field: 'revocation_endpoint',
    methods: ['POST'],
    paths: within('revoke|revocation|revoke[_-]?token'),
    request: [['token']],
    binds: { clientAuth: true },
  },
  {
    field: 'device_authorization_endpoint',
    methods: ['POST'],
    paths: within('device[_-]authorization|device[_-]?auth|device/(auth|authorize|code)|device[_-]?code'),
    response: [['device_code'], ['user_code']],
    binds: { clientAuth: true },
  },
  {
    field: 'backchannel_authentication_endpoint',
    methods: ['POST'],
    paths: within('bc-authorize|ciba|backchannel[_-]authentication'),
    response: [['auth_req_id']],
    binds: { clientAuth: true },
  },
  {
    field: 'registration_endpoint',
    methods: ['POST'],
    paths: within('register|registration|clients/register'),
    request: [['redirect_uris']],
    binds: {},
  },
  {
    field: 'userinfo_endpoint',
    methods: ['GET', 'POST'],
    paths: within('user[_-]?info'),
    response: [['sub']],
    binds: { accessToken: true },
  },
  { field: 'jwks_uri', methods: ['GET'], paths: within('jwks(\\.json)?|certs'), response: [['keys']], binds: {} },
  {
    field: 'authorization_endpoint',
    methods: ['GET'],
    paths: within('authorize|auth|authorization'),
    request: [['client_id'], ['response_type', 'request_uri', 'redirect_uri']],
    binds: { userAgent: true },
  },
  {
    field: 'end_session_endpoint',
    methods: ['GET'],
    paths: within('logout|end[_-]?session|sessions/logout'),
    request: [['id_token_hint', 'post_logout_redirect_uri']],
    binds: { userAgent: true },
  },
]
