import { epochSeconds } from '../lib/runtime.ts'
import { isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { type JwtClaims, readJwt } from '../protocol/jwt.ts'
import { findClaimsFault, isTypeOf, type JwtProfile, requestObjectProfile } from '../protocol/jwt-profiles.ts'
import type { RegisteredClient } from './client.ts'
import { isSignedBy } from './client-keys.ts'
import type { TokenEndpointConfig } from './config.ts'
import { type RawParams, type RequestParams, readParams } from './params.ts'
import { Refusal } from './refusal.ts'

/** Seconds. */
const skew = 60
const mostLifetime = 3_600
/** What a request object holds beside the parameters of the request. */
const jwtClaims: readonly string[] = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sub']

export interface RequestObjectRules {
  /** @default the registered `request_object_signing_alg` */
  readonly alg?: string | undefined
  /** @default of RFC 9101 */
  readonly profile?: JwtProfile
}

/**
 * The parameters of a signed request: those in the object and no others.
 *
 * @throws Refusal invalid_request_object
 * @see RFC 9101 4, 6
 */
export async function readRequestObject(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  text: string,
  {
    alg: registeredAlg = client.metadata.request_object_signing_alg,
    profile = requestObjectProfile,
  }: RequestObjectRules = {},
): Promise<RequestParams> {
  const { jwt } = readJwt(text)
  if (!jwt || jwt.header.crit !== undefined) throw refuseObject('malformed request object')
  const { header, claims } = jwt
  if (!isTypeOf(profile, header.typ) || findClaimsFault(profile, claims)) {
    throw refuseObject('another kind of JWT')
  }
  // RFC 9101 10.2: only by an algorithm that binds it to the client; `none` and MACs do not.
  if (header.alg === 'none' || isSymmetricAlgorithm(header.alg)) throw refuseObject('unsigned request object')
  const source = { jwks: client.metadata.jwks, jwksUri: client.metadata.jwks_uri }
  if (!(await isSignedBy(config, jwt, source, registeredAlg))) throw refuseObject('signature does not verify')
  const fault = findFault(config, client, claims)
  if (fault !== undefined) throw refuseObject(fault)
  return readParams(paramsOf(claims))
}

function findFault({ issuer, runtime }: TokenEndpointConfig, { clientId }: RegisteredClient, claims: JwtClaims) {
  const { iss, aud, exp, nbf, iat, client_id: named } = claims
  const now = epochSeconds(runtime)
  // RFC 9101 5: the same client inside and outside.
  if ((named ?? iss) !== clientId || (iss !== undefined && iss !== clientId)) return 'request object of another client'
  const audience = Array.isArray(aud) ? aud : [aud]
  if (aud !== undefined && !audience.includes(issuer)) return 'request object for another server'
  if (exp !== undefined && exp <= now) return 'request object expired'
  if (nbf !== undefined && (nbf > now + skew || now - nbf > mostLifetime + skew))
    return 'request object nbf out of time'
  if (iat !== undefined && iat > now + skew) return 'request object iat in the future'
  return undefined
}

/** RFC 9101 4: numbers and JSON stand unquoted in the object. */
function paramsOf(claims: JwtClaims): RawParams {
  const params: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(claims)) {
    if (jwtClaims.includes(name)) continue
    if (typeof value === 'string') params[name] = value
    else if (typeof value === 'number' || typeof value === 'boolean') params[name] = String(value)
    else if (isTexts(value) && name === 'resource') params[name] = value
    else params[name] = JSON.stringify(value)
  }
  return params
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function refuseObject(reason: string): Refusal {
  return new Refusal('invalid_request_object', 'the request object is invalid', { reason })
}
