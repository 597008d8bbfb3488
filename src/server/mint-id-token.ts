import { hashToken } from '../protocol/token-hash.ts'
import type { Authorization } from './authorization.ts'
import { assertNotEncrypted, type RegisteredClient } from './client.ts'
import type { PolicyContext, TokenEndpointConfig } from './config.ts'
import type { GrantContext } from './grant.ts'
import { callHost, hostObject, Refusal } from './refusal.ts'
import type { ServerKey } from './server-keys.ts'
import { signJwt } from './sign-jwt.ts'
import { wireSubject } from './wire-subject.ts'

/** Only the mint writes these; the host's claims of these names are passed over. */
export const reservedIdTokenClaims: readonly string[] = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'nonce',
  'auth_time',
  'acr',
  'amr',
  'azp',
  'sid',
  'at_hash',
  'c_hash',
  's_hash',
  'events',
]

export interface IdTokenInput {
  readonly policy: PolicyContext
  readonly authorization: Authorization
  readonly accessToken: string
  /** The code that it is issued for; absent: no `c_hash`. */
  readonly code?: string | undefined
  /** Absent at a refresh (OIDC Core 12.2) and in CIBA. */
  readonly nonce?: string | undefined
  /** Further claims that the protocol demands (CIBA 7.1.1). */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** @see OIDC Core 2, 3.1.3.6, 3.3.2.11 */
export async function mintIdToken(context: GrantContext, input: IdTokenInput): Promise<string> {
  const { config, client, now } = context
  const { authorization } = input
  assertNotEncrypted(client.client, 'id_token_encrypted_response_alg')
  const key = idTokenKey(config, client.client)
  const claims = {
    ...(await hostClaims(config, input.policy, authorization, 'id_token')),
    ...input.claims,
    iss: config.issuer,
    sub: await wireSubject(config, client.client, authorization.subject),
    aud: client.clientId,
    azp: client.clientId,
    iat: now,
    exp: now + config.lifetimes.idToken,
    nonce: input.nonce,
    auth_time: authorization.authTime,
    acr: authorization.acr,
    amr: authorization.amr,
    sid: authorization.sid,
    at_hash: await hashToken(input.accessToken, key.alg),
    c_hash: input.code === undefined ? undefined : await hashToken(input.code, key.alg),
  }
  return signJwt(key, 'JWT', claims)
}

/** What the host says of a user, without the claims that are not its to say. */
export async function hostClaims(
  config: TokenEndpointConfig,
  policy: PolicyContext,
  { claims }: Pick<Authorization, 'claims'>,
  target: 'id_token' | 'userinfo',
): Promise<Record<string, unknown>> {
  if (!config.buildIdTokenClaims) return {}
  const context = { ...policy, target, ...(config.claimsParameter && claims && { claims }) }
  const given = hostObject(
    'buildIdTokenClaims',
    await callHost('buildIdTokenClaims', () => config.buildIdTokenClaims!(context)),
  )
  return Object.fromEntries(Object.entries(given).filter(([name]) => !reservedIdTokenClaims.includes(name)))
}

/** OIDC Registration 2: as registered, else RS256, which is its default; a server without RS256 signs by its first key. */
export function idTokenKey({ keys }: TokenEndpointConfig, { metadata }: RegisteredClient): ServerKey {
  const registered = metadata.id_token_signed_response_alg
  const key = registered === undefined ? (keys.signingKey('RS256') ?? keys.signingKey()) : keys.signingKey(registered)
  if (!key) throw new Refusal('server_error', 'the server failed', { reason: 'no key of the registered algorithm' })
  return key
}
