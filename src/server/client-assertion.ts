import { importSecret, verify } from '#signatures'
import { ConfigurationError } from '../errors/configuration.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { type Jwt, readJwt } from '../protocol/jwt.ts'
import { clientAssertionProfile, findClaimsFault, isTypeOf } from '../protocol/jwt-profiles.ts'
import type { ClientAuthMethod, RegisteredClient, ReplayClaim } from './client.ts'
import { isSignedBy } from './client-keys.ts'
import { replayKey } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import { callHost } from './refusal.ts'

/** RFC 7523 2.2 */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** An assertion taken apart: the client that it names, nothing of it believed yet. */
export interface ReadAssertion {
  readonly jwt: Jwt
  readonly clientId: string
  readonly method: ClientAuthMethod
}

/** Seconds. */
const mostLifetime = 300
const skew = 60

/** RFC 7523 3: who the assertion says the client is; `undefined` for what is no client assertion. */
export function readClientAssertion(text: string): ReadAssertion | undefined {
  const { jwt } = readJwt(text)
  if (!jwt || jwt.header.crit !== undefined) return undefined
  if (!isTypeOf(clientAssertionProfile, jwt.header.typ) || findClaimsFault(clientAssertionProfile, jwt.claims)) {
    return undefined
  }
  const { iss, sub } = jwt.claims
  // RFC 7523 3 items 1 and 2.B: the client speaks for itself.
  if (typeof sub !== 'string' || iss !== sub) return undefined
  return { jwt, clientId: sub, method: isSymmetricAlgorithm(jwt.header.alg) ? 'client_secret_jwt' : 'private_key_jwt' }
}

/** Which rule an assertion breaks, or `undefined`. The signature is judged too, whatever the claims say. */
export async function findAssertionFault(
  config: TokenEndpointConfig,
  { jwt, method }: ReadAssertion,
  client: RegisteredClient,
): Promise<string | undefined> {
  const signed = await isSignedByClient(config, jwt, method, client)
  const fault = findAudienceFault(jwt.claims.aud, config.issuer) ?? findTimeFault(jwt, epochSeconds(config.runtime))
  if (fault !== undefined) return fault
  if (typeof jwt.claims.jti !== 'string' || jwt.claims.jti === '') return 'assertion jti is no text'
  return signed ? undefined : 'assertion signature does not verify'
}

/** RFC 7523 3 item 7: the `jti`, once per client, kept until the assertion is no longer taken. */
export async function assertionClaim({ jwt, clientId }: ReadAssertion): Promise<ReplayClaim> {
  const key = await replayKey('client_assertion', clientId, jwt.claims.jti as string)
  return { kind: 'client_assertion', key, expiresAt: Math.ceil(jwt.claims.exp!) + skew + 1 }
}

/** RFC 7523bis 4: this issuer and nobody else, as a string or as the one member of an array. */
export function findAudienceFault(aud: unknown, issuer: string): string | undefined {
  const audience = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  return audience === issuer ? undefined : 'assertion audience is not the issuer'
}

/** RFC 7523 3 items 4 to 6. `exp` has no skew: it is the sender's to choose. */
export function findTimeFault({ claims }: Jwt, now: number): string | undefined {
  const { exp = 0, iat, nbf } = claims
  if (exp <= now) return 'assertion expired'
  // Without an iat from now on, clocks apart; with one, from then on, however long ago.
  const most = iat === undefined ? now + mostLifetime + skew : iat + mostLifetime
  if (exp > most) return 'assertion lives too long'
  if (iat !== undefined && iat > now + skew) return 'assertion iat in the future'
  if (nbf !== undefined && nbf > now + skew) return 'assertion nbf in the future'
  return undefined
}

async function isSignedByClient(
  config: TokenEndpointConfig,
  jwt: Jwt,
  method: ClientAuthMethod,
  client: RegisteredClient,
): Promise<boolean> {
  const { metadata } = client
  const registered = metadata.token_endpoint_auth_signing_alg
  if (method === 'private_key_jwt') {
    return isSignedBy(config, jwt, { jwks: metadata.jwks, jwksUri: metadata.jwks_uri }, registered)
  }
  const { alg } = jwt.header
  if (!config.loadClientSecret || !isSymmetricAlgorithm(alg) || (registered ?? alg) !== alg) return false
  const secret = await callHost('loadClientSecret', () => config.loadClientSecret?.(client))
  if (secret === undefined) return false
  try {
    return await verify(await importSecret(secret, alg), jwt.signingInput, jwt.signature)
  } catch (error) {
    // RFC 7518 3.2: a secret shorter than the hash is no key for it.
    if (error instanceof ConfigurationError) return false
    throw error
  }
}
