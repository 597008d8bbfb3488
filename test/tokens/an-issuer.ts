// An authorization server for many users, without a socket: rotating refresh tokens, client credentials, introspection,
// revocation, userinfo. A test may answer in its place, endpoint by endpoint.
import type { Fetch } from '../../src/lib/fetch.ts'
import type { Runtime } from '../../src/lib/runtime.ts'
import { anIdToken, clientId, issuer, issuerKeys } from '../support/id-token.ts'

export type Endpoint = 'token' | 'introspect' | 'revoke' | 'userinfo' | 'api' | 'metadata' | 'jwks'

export interface IssuerRequest {
  readonly endpoint: Endpoint
  readonly form: Readonly<Record<string, string>>
  readonly headers: Headers
}

/** A login that stands, with the refresh token that is good now. */
export interface Grant {
  readonly sub: string
  readonly scope: string
  refreshToken: string
}

export interface AnIssuer {
  readonly fetch: Fetch
  /** What came, metadata and keys left out. */
  readonly requests: IssuerRequest[]
  /** Requests of one endpoint. */
  of(endpoint: Endpoint): readonly IssuerRequest[]
  /** A refresh token of a login, as a callback would give it. */
  login(sub: string, scope: string): string
  /** Answers in the issuer's place from now on; nothing: the issuer itself again. */
  answer(endpoint: Endpoint, answer?: (request: IssuerRequest) => Response | Promise<Response>): void
  /** Members of the metadata that are other than usual. */
  readonly metadata: Record<string, unknown>
  /** Tokens that were revoked. */
  readonly revoked: string[]
  /** Members that are added to each token answer. */
  extra: Record<string, unknown>
}

const refused = () =>
  new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/.well-known/openid-configuration': 'metadata',
  '/jwks': 'jwks',
  '/token': 'token',
  '/introspect': 'introspect',
  '/revoke': 'revoke',
  '/userinfo': 'userinfo',
  '/api': 'api',
}

export function anIssuer(runtime: Pick<Runtime, 'now'>, at: string = issuer): AnIssuer {
  const grants = new Map<string, Grant>()
  const accessTokens = new Map<string, { sub?: string; scope: string; exp: number }>()
  const answers = new Map<Endpoint, (request: IssuerRequest) => Response | Promise<Response>>()
  const requests: IssuerRequest[] = []
  const seconds = () => Math.floor(runtime.now() / 1000)
  let made = 0
  const newToken = (kind: string) => `${kind}.${at.length}.${++made}`
  const metadata: Record<string, unknown> = {
    issuer: at,
    jwks_uri: `${at}/jwks`,
    authorization_endpoint: `${at}/authorize`,
    response_types_supported: ['code'],
    token_endpoint: `${at}/token`,
    introspection_endpoint: `${at}/introspect`,
    revocation_endpoint: `${at}/revoke`,
    userinfo_endpoint: `${at}/userinfo`,
    id_token_signing_alg_values_supported: ['ES256'],
    userinfo_signing_alg_values_supported: ['ES256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
  }

  function issue(sub: string | undefined, scope: string) {
    const value = newToken('access')
    accessTokens.set(value, { ...(sub !== undefined && { sub }), scope, exp: seconds() + 300 })
    return { access_token: value, token_type: 'Bearer', expires_in: 300, scope, ...self.extra }
  }

  const usual: Record<Endpoint, (request: IssuerRequest) => Response> = {
    metadata: () => Response.json(metadata),
    jwks: () => Response.json(issuerKeys()),
    token({ form }) {
      if (form.grant_type === 'client_credentials') return Response.json(issue(undefined, form.scope ?? 'any'))
      const grant = grants.get(form.refresh_token ?? '')
      if (!grant) return Response.json({ error: 'invalid_grant' }, { status: 400 })
      grants.delete(grant.refreshToken)
      grant.refreshToken = newToken('refresh')
      grants.set(grant.refreshToken, grant)
      return Response.json({ ...issue(grant.sub, form.scope ?? grant.scope), refresh_token: grant.refreshToken })
    },
    introspect({ form }) {
      const known = accessTokens.get(form.token ?? '')
      if (known) return Response.json({ active: true, client_id: clientId, token_type: 'Bearer', iss: at, ...known })
      const grant = grants.get(form.token ?? '')
      if (!grant) return Response.json({ active: false })
      const { sub, scope } = grant
      return Response.json({ active: true, client_id: clientId, sub, scope, iss: at, exp: seconds() + 86_400 })
    },
    revoke({ form }) {
      self.revoked.push(form.token!)
      return new Response(null, { status: 200 })
    },
    userinfo(request) {
      const sub = subOf(request)
      return sub === undefined ? refused() : Response.json({ sub, name: `Name of ${sub}` })
    },
    api(request) {
      const sub = subOf(request)
      return sub === undefined ? refused() : Response.json({ reportOf: sub })
    },
  }

  function subOf({ headers }: IssuerRequest): string | undefined {
    const known = accessTokens.get((headers.get('authorization') ?? '').replace('Bearer ', ''))
    return known && known.exp > seconds() ? known.sub : undefined
  }

  const self: AnIssuer = {
    requests,
    metadata,
    revoked: [],
    extra: {},
    of: (endpoint) => requests.filter((request) => request.endpoint === endpoint),
    login(sub, scope) {
      const refreshToken = newToken('refresh')
      grants.set(refreshToken, { sub, scope, refreshToken })
      return refreshToken
    },
    answer(endpoint, answer) {
      if (answer) answers.set(endpoint, answer)
      else answers.delete(endpoint)
    },
    async fetch(request) {
      const endpoint = endpoints[new URL(request.url).pathname]!
      const form = Object.fromEntries(new URLSearchParams(request.method === 'POST' ? await request.text() : ''))
      const came = { endpoint, form, headers: request.headers }
      if (endpoint !== 'metadata' && endpoint !== 'jwks') requests.push(came)
      return await (answers.get(endpoint) ?? usual[endpoint])(came)
    },
  }
  return self
}

export { anIdToken, clientId, issuer }
