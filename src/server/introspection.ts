import type { IntrospectionResponse } from '../../generated/models.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { assertServed } from './audience.ts'
import { loadClient } from './authenticate-client.ts'
import { type AuthenticatedClient, assertNotEncrypted, type RegisteredClient } from './client.ts'
import { type EndpointOutcome, handleClientRequest } from './client-request.ts'
import { commitClaims } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import { readFamily } from './families.ts'
import { findAccessToken } from './find-access-token.ts'
import { accessTokenClaims } from './mint-access-token.ts'
import { requireParam } from './params.ts'
import { type AccessRecord, keys, type RefreshRecord, readRecord } from './records.ts'
import { callHost, Refusal } from './refusal.ts'
import type { EndpointRequest } from './request.ts'
import { locateSecret } from './secrets.ts'
import { signJwt } from './sign-jwt.ts'
import { wireSubject } from './wire-subject.ts'

/** What is said of a token (RFC 7662 2.2). */
export interface IntrospectionAnswer {
  readonly claims: IntrospectionResponse
  /** The same, signed (RFC 9701), where it was asked for: `application/token-introspection+jwt`. */
  readonly jwt?: string
}

/** What is unknown, expired, revoked or not the caller's business: exactly this, whatever the reason. */
const inactive: IntrospectionResponse = Object.freeze({ active: false })

/**
 * Whether a token is good, for a confidential caller whose business it is.
 *
 * @param options `signed`: the caller accepts `application/token-introspection+jwt`
 * @see RFC 7662 2; RFC 9701 4, 5
 */
export function handleIntrospectionRequest(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  options: { readonly signed?: boolean } = {},
): Promise<EndpointOutcome<IntrospectionAnswer>> {
  return handleClientRequest(config, request, 'introspection', async (caller, params) => {
    const token = requireParam(params, 'token')
    const claims = await introspect(config, caller, token)
    const jwt = options.signed ? await signAnswer(config, caller, claims) : undefined
    await commitClaims(config, caller.claims)
    return { response: { claims, ...(jwt !== undefined && { jwt }) }, events: [] }
  })
}

async function introspect(
  config: TokenEndpointConfig,
  caller: AuthenticatedClient,
  token: string,
): Promise<IntrospectionResponse> {
  const found = await findAccessToken(config, token)
  if (!found) return introspectRefreshToken(config, caller, token)
  // Inactive first: the host is not asked about tokens that are good for nothing.
  if (!found.isActive || !(await isTrusted(config, found.record))) return inactive
  if (!(await isCallersBusiness(config, caller.client, found.record))) return inactive
  const { record } = found
  const claims = accessTokenClaims(config.issuer, record)
  return {
    ...claims,
    active: true,
    scope: record.scope.join(' '),
    token_type: record.tokenType,
  } as IntrospectionResponse
}

/** The token's own client must still be there, and its audience still be served for that client. */
async function isTrusted(config: TokenEndpointConfig, { clientId, audience }: AccessRecord): Promise<boolean> {
  const client = await loadClient(config, clientId)
  if (!client) return false
  try {
    await assertServed(config, client, audience)
    return true
  } catch (error) {
    // A resource that was withdrawn makes the token inactive; a fault of the host stays one.
    if (error instanceof Refusal && error.error === 'invalid_target') return false
    throw error
  }
}

async function isCallersBusiness(
  config: TokenEndpointConfig,
  caller: RegisteredClient,
  { clientId, audience }: AccessRecord,
): Promise<boolean> {
  const { authorizeIntrospection: ask } = config
  if (!ask) return clientId === caller.clientId || audience.includes(caller.clientId)
  return (await callHost('authorizeIntrospection', () => ask({ caller, tokenClientId: clientId, audience }))) === true
}

/** A refresh token is nobody's business but its client's. */
async function introspectRefreshToken(
  config: TokenEndpointConfig,
  caller: AuthenticatedClient,
  token: string,
): Promise<IntrospectionResponse> {
  const secret = await locateSecret('rt', token)
  if (!secret || !config.store) return inactive
  const stored = await config.store.get(keys.refresh(secret.partition, secret.hash))
  const record = readRecord<RefreshRecord>(stored, 'refresh-1')?.value
  const family = (await readFamily(config, secret.partition))?.value
  const now = epochSeconds(config.runtime)
  if (!record || record.clientId !== caller.clientId || record.use || record.expiresAt <= now) return inactive
  if (family?.status !== 'active' || family.endsAt <= now) return inactive
  const { authorization, binding } = family
  return {
    active: true,
    iss: config.issuer,
    sub: await wireSubject(config, caller.client, authorization.subject),
    client_id: record.clientId,
    scope: authorization.scope.join(' '),
    exp: record.expiresAt,
    ...(binding && { cnf: binding }),
  }
}

/** RFC 9701 5: for the caller alone; no `sub` and no `exp` at the top, so that it cannot pass as an access token. */
async function signAnswer(
  { keys: serverKeys, issuer, runtime }: TokenEndpointConfig,
  { client }: AuthenticatedClient,
  claims: IntrospectionResponse,
): Promise<string> {
  assertNotEncrypted(client, 'introspection_encrypted_response_alg')
  const registered = client.metadata.introspection_signed_response_alg
  const key =
    registered === undefined
      ? (serverKeys.signingKey('RS256') ?? serverKeys.signingKey())
      : serverKeys.signingKey(registered)
  if (!key) throw new Refusal('server_error', 'the server failed', { reason: 'no key of the registered algorithm' })
  const answer = { iss: issuer, aud: client.clientId, iat: epochSeconds(runtime), token_introspection: claims }
  return signJwt(key, 'token-introspection+jwt', answer)
}
