import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { ClientMetadata } from 'oidc-provider'

/** The algorithms that the provider has signing keys for. */
export type ProviderSigningAlg = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

/** A registered client, with what it needs to authenticate itself. */
export interface RealClient {
  readonly clientId: string
  readonly authMethod: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  /** For the two secret methods. */
  readonly clientSecret?: string
  /** For private_key_jwt: ES256, with `kid`. */
  readonly privateJwk?: JWK & { readonly kty: string }
  readonly redirectUri: string
  readonly idTokenAlg: ProviderSigningAlg
}

/** One client for each method of authentication. */
export interface RealClients {
  readonly none: RealClient
  readonly basic: RealClient
  readonly post: RealClient
  readonly privateKeyJwt: RealClient
}

/** A private signing key with `kid`, `alg` and `use`, made for this run. */
export async function makeSigningJwk(alg: ProviderSigningAlg, kid: string): Promise<JWK & { readonly kty: string }> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, kty: jwk.kty ?? '', alg, kid, use: 'sig' }
}

function publicJwk({ d, p, q, dp, dq, qi, ...rest }: JWK): JWK {
  return rest
}

export async function makeClients(redirectUri: string, idTokenAlg: ProviderSigningAlg): Promise<RealClients> {
  const common = { redirectUri, idTokenAlg }
  return {
    none: { ...common, clientId: 'public-app', authMethod: 'none' },
    basic: { ...common, clientId: 'basic-app', authMethod: 'client_secret_basic', clientSecret: awkwardSecret() },
    post: { ...common, clientId: 'post-app', authMethod: 'client_secret_post', clientSecret: awkwardSecret() },
    privateKeyJwt: {
      ...common,
      clientId: 'key-app',
      authMethod: 'private_key_jwt',
      privateJwk: await makeSigningJwk('ES256', 'key-app-1'),
    },
  }
}

// Colon, percent, plus and space: a client that leaves out the form encoding of RFC 6749 2.3.1 fails to log in.
function awkwardSecret(): string {
  return `${randomBytes(24).toString('base64url')}:%+ /`
}

/** What the provider needs to know of a client (OpenID Connect Registration 2). */
export function registrationOf(client: RealClient): ClientMetadata {
  return {
    client_id: client.clientId,
    ...(client.clientSecret ? { client_secret: client.clientSecret } : {}),
    ...(client.privateJwk
      ? { jwks: { keys: [publicJwk(client.privateJwk)] }, token_endpoint_auth_signing_alg: 'ES256' }
      : {}),
    token_endpoint_auth_method: client.authMethod,
    id_token_signed_response_alg: client.idTokenAlg,
    // "native" lets the redirect go to plain http on a loopback address (RFC 8252 7.3).
    application_type: 'native',
    redirect_uris: [client.redirectUri],
    post_logout_redirect_uris: [client.redirectUri],
    response_types: ['code'],
    grant_types: [
      'authorization_code',
      'refresh_token',
      ...(client.authMethod === 'none' ? [] : ['client_credentials']),
    ],
    dpop_bound_access_tokens: true,
  }
}
