// The core with everything that is yours: users, clients, keys, policies, and PostgreSQL to keep the rest.
import {
  createServerKeys,
  createTokenEndpointConfig,
  type RegisteredClient,
  selectClaims,
  type TokenEndpointConfig,
} from 'authentype/server'
import { createPostgresStore, type PostgresPool } from 'authentype/stores/postgres'

export interface User {
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** What the core asks of an application. */
export interface Application {
  readonly issuer: string
  /** Your database, after `migratePostgres(pool)`. */
  readonly pool: PostgresPool
  /** 32 bytes as base64url, from `generateSealingKey()`: the same on every host. */
  readonly storeKey: string
  /** Private JWKs; the first signs access tokens. */
  readonly signingKeys: Parameters<typeof createServerKeys>[0]
  /** 32 random bytes each, the same on every host: for DPoP nonces, and to seal the successors of refresh tokens. */
  readonly secrets: { readonly nonces: Uint8Array<ArrayBuffer>; readonly successors: Uint8Array<ArrayBuffer> }
  findUser(subject: string): Promise<User | undefined>
  findClient(clientId: string): Promise<RegisteredClient | undefined>
  /** Compares with what is stored, which is a hash. */
  checkSecret(clientId: string, secret: string): Promise<boolean>
}

export async function createCore(app: Application): Promise<TokenEndpointConfig> {
  return createTokenEndpointConfig({
    issuer: app.issuer,
    keys: await createServerKeys(app.signingKeys),
    store: createPostgresStore(app.pool, { keys: [app.storeKey] }),
    httpsRequired: app.issuer.startsWith('https:'), // plain HTTP is for loopback, in development
    resources: [`${app.issuer}/api`],
    scopes: ['openid', 'profile', 'email', 'offline_access', 'orders:read'],
    refreshTokens: { sealKey: app.secrets.successors },
    dpop: { nonceSecret: app.secrets.nonces },
    loadClient: app.findClient,
    verifyClientSecret: (client, secret) => app.checkSecret(client.clientId, secret),
    loadPrincipal: app.findUser,
    isPublicClient: ({ metadata }) => metadata.token_endpoint_auth_method === 'none',
    buildIdTokenClaims: async ({ subject, scope, claims, target }) =>
      selectClaims((await app.findUser(subject))?.claims ?? {}, { scope, target, ...(claims && { claims }) }),
  })
}
