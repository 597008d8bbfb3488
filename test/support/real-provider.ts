import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ClientMetadata, Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { backChannelFeatures, type OutgoingHandler, registerGrants } from './real-provider/back-channel.ts'
import {
  makeClients,
  makeSigningJwk,
  type ProviderSigningAlg,
  type RealClients,
  registrationOf,
} from './real-provider/clients.ts'
import { frontChannelConfiguration, frontChannelFeatures } from './real-provider/front-channel.ts'
import { type HeadlessLoginOptions, loginByForm, loginHeadlessly } from './real-provider/headless-login.ts'
import { interactionPage, type Middleware } from './real-provider/interaction.ts'
import { memoryAdapter, type ProviderRecords } from './real-provider/memory-adapter.ts'

export { type ProviderSigningAlg, type RealClient, type RealClients, registrationOf } from './real-provider/clients.ts'

/**
 * A certified OpenID provider in this process: oidc-provider, set to ask for everything it can ask for.
 * PAR and PKCE S256 are required, every DPoP proof needs a server nonce, refresh tokens rotate.
 */
export interface RealProvider {
  readonly issuer: string
  readonly clients: RealClients
  /** The API that access tokens can be asked for (RFC 8707); nothing listens there. */
  readonly resource: string
  /** What came in, oldest first. */
  readonly requests: readonly ProviderRequest[]
  /** How often a request was turned away for want of a DPoP nonce. */
  readonly nonceDemands: number
  /** Access tokens that were given out are refused from now on; refresh tokens are not touched. */
  forgetAccessTokens(): void
  /** The provider itself, for what its operator or a user on another device does. */
  readonly server: Provider
  /** Adds a client by its registration metadata, without the registration endpoint. */
  registerClient(metadata: ClientMetadata): Promise<void>
  /** From the authorization URL to the callback URL, as the user's browser would go. */
  loginHeadlessly(authorizationUrl: URL | string, options?: Omit<HeadlessLoginOptions, 'redirectUris'>): Promise<URL>
  /** The same for form_post: to the POST that the browser would send to the callback. */
  loginByForm(authorizationUrl: URL | string): Promise<Request>
  close(): Promise<void>
}

export interface ProviderRequest {
  readonly method: string
  readonly path: string
  readonly status: number
  /** At the token endpoint. */
  readonly grantType?: string
  /** The error code that was answered. */
  readonly error?: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface RealProviderOptions {
  /** @default 0, any free port */
  readonly port?: number
  /** @default http://127.0.0.1:3999/callback, where nothing listens */
  readonly redirectUri?: string
  /** What the clients' id_tokens are signed with. @default ES256 */
  readonly idTokenAlg?: ProviderSigningAlg
  /** Seconds. @default 300 */
  readonly accessTokenLifetime?: number
  /** @default true */
  readonly requireNonce?: boolean
  /** Device flow, CIBA, signed and encrypted answers, back-channel logout, further grants. @default false */
  readonly backChannel?: boolean
  /** Request objects, JARM, encryption, rich requests, MACs and certificates; PAR is welcome, not demanded. @default false */
  readonly frontChannel?: boolean
  /** Listens once more, over TLS: endpoint aliases for clients with certificates (RFC 8705 5). @default not */
  readonly mutualTls?: { readonly ca: string; readonly server: { readonly key: string; readonly cert: string } }
  /** Answers what the provider itself sends: pings and logout tokens. @default it is refused */
  readonly outgoing?: OutgoingHandler
  /** Over the settings below, for what one test needs. */
  readonly configuration?: Configuration
}

export async function startRealProvider(options: RealProviderOptions = {}): Promise<RealProvider> {
  const server = createServer()
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const redirectUri = options.redirectUri ?? 'http://127.0.0.1:3999/callback'
  const clients = await makeClients(redirectUri, options.idTokenAlg ?? 'ES256')
  const records: ProviderRecords = new Map()
  const OidcProvider = await importQuietly()
  const aliases = options.mutualTls && (await listenOverTls(options.mutualTls))
  const provider = new OidcProvider(issuer, {
    ...(await strictConfiguration(options)),
    ...(options.frontChannel && frontChannelConfiguration),
    ...(aliases && { discovery: { mtls_endpoint_aliases: aliases.endpoints } }),
    ...(options.outgoing && { fetch: (url, init) => options.outgoing!(new Request(url, init)) }),
    ...options.configuration,
    adapter: memoryAdapter(records),
    clients: Object.values(clients).map(registrationOf),
  })
  if (options.backChannel) registerGrants(provider)
  const requests: ProviderRequest[] = []
  provider.use(recordInto(requests))
  provider.use(interactionPage(provider))
  server.on('request', provider.callback())
  aliases?.server.on('request', provider.callback())

  const redirectUris = [redirectUri]
  return {
    issuer,
    clients,
    resource: resourceOf(issuer),
    requests,
    server: provider,
    get nonceDemands() {
      return requests.filter(({ error }) => error === 'use_dpop_nonce').length
    },
    async registerClient(metadata) {
      redirectUris.push(...(metadata.redirect_uris ?? []))
      records.set(`Client:${metadata.client_id}`, { payload: metadata, expiresAt: Infinity })
    },
    forgetAccessTokens() {
      for (const key of records.keys()) if (key.startsWith('AccessToken:')) records.delete(key)
    },
    loginHeadlessly: (url, login) => loginHeadlessly(url, { ...login, redirectUris }),
    loginByForm: (url) => loginByForm(url, { redirectUris }),
    async close() {
      aliases?.server.close()
      aliases?.server.closeAllConnections()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** The same provider at another port; only clients with a certificate have business there. */
async function listenOverTls({ ca, server: own }: NonNullable<RealProviderOptions['mutualTls']>) {
  const server = createTlsServer({ ...own, ca, requestCert: true, rejectUnauthorized: false })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const paths = {
    token_endpoint: '/token',
    pushed_authorization_request_endpoint: '/request',
    revocation_endpoint: '/token/revocation',
    introspection_endpoint: '/token/introspection',
    userinfo_endpoint: '/me',
  }
  const endpoints = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, origin + path]))
  return { server, endpoints }
}

const resourceOf = (issuer: string) => `${issuer}/api`

/** Each value is given, because the package prints a notice for every default that it would rather see replaced. */
async function strictConfiguration(options: RealProviderOptions): Promise<Configuration> {
  const accessToken = options.accessTokenLifetime ?? 300
  return {
    jwks: { keys: await Promise.all((['ES256', 'RS256', 'PS256', 'EdDSA'] as const).map(makeNamedKey)) },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'api:read', 'api:write'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ ...profileOf(id), sub: id }) }),
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    clientBasedCORS: () => false,
    renderError: (ctx, out) => {
      ctx.type = 'json'
      ctx.body = out
    },
    ttl: {
      AccessToken: accessToken,
      ClientCredentials: accessToken,
      AuthorizationCode: 60,
      IdToken: 600,
      RefreshToken: 86_400,
      Interaction: 600,
      Session: 86_400,
      Grant: 86_400,
      DeviceCode: 600,
      BackchannelAuthenticationRequest: 600,
    },
    features: features(options, accessToken),
  }
}

function features(options: RealProviderOptions, accessTokenTTL: number): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => options.requireNonce ?? true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    registration: { enabled: true },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
    ...(options.backChannel && backChannelFeatures()),
    ...(options.frontChannel && frontChannelFeatures()),
    rpInitiatedLogout: { enabled: true, logoutSource: showForm, postLogoutSuccessSource: showLoggedOut },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => ({
        scope: 'api:read api:write',
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  }
}

const makeNamedKey = (alg: ProviderSigningAlg) => makeSigningJwk(alg, `provider-${alg}`)

const profileOf = (id: string) => ({
  name: id.charAt(0).toUpperCase() + id.slice(1),
  preferred_username: id,
  email: `${id}@example.com`,
  email_verified: true,
})

function showForm(ctx: KoaContextWithOIDC, form: string): void {
  ctx.body = `<!doctype html><title>Log out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Log out</button>`
}

function showLoggedOut(ctx: KoaContextWithOIDC): void {
  ctx.body = '<!doctype html><title>Logged out</title><p>You are logged out.</p>'
}

function recordInto(requests: ProviderRequest[]): Middleware {
  return async (ctx, next) => {
    await next()
    const { params } = ('oidc' in ctx ? ctx.oidc : {}) as { params?: Record<string, unknown> }
    const challenge = /error="([^"]+)"/.exec(ctx.response.get('www-authenticate'))?.[1]
    const error = (ctx.body as { error?: string } | undefined)?.error ?? challenge
    requests.push({
      method: ctx.method,
      path: ctx.path,
      status: ctx.status,
      ...(typeof params?.grant_type === 'string' ? { grantType: params.grant_type } : {}),
      ...(error ? { error } : {}),
      headers: ctx.req.headers,
    })
  }
}

/** On Node 20 the package warns of an unsupported runtime as it is imported, though all that is used here works there. */
async function importQuietly(): Promise<typeof Provider> {
  const { warn } = console
  console.warn = () => {}
  try {
    return (await import('oidc-provider')).Provider
  } finally {
    console.warn = warn
  }
}
