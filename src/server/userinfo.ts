import type { UserInfo } from '../../generated/models.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { formatChallenge } from '../lib/www-authenticate.ts'
import { loadClient } from './authenticate-client.ts'
import { requireThumbprint } from './certificate.ts'
import { assertNotEncrypted, type RegisteredClient } from './client.ts'
import { constraintInput, type EndpointOutcome } from './client-request.ts'
import { commitClaims } from './commit.ts'
import type { PolicyContext, TokenEndpointConfig } from './config.ts'
import { type EndpointError, noStore } from './errors.ts'
import { createEvent } from './events.ts'
import { findAccessToken } from './find-access-token.ts'
import { hostClaims } from './mint-id-token.ts'
import { type RawParams, readParams } from './params.ts'
import type { AccessRecord } from './records.ts'
import { callHost, Refusal, refuseRequest, toRefusal } from './refusal.ts'
import { type EndpointRequest, fieldsOf, noRequest } from './request.ts'
import { nonceHeaders, proofClaim, verifyProof } from './sender-constraint.ts'
import { signJwt } from './sign-jwt.ts'

/** A userinfo request: the token in the Authorization field, or in the form of a POST (RFC 6750 2.2). */
export interface UserInfoRequest extends Omit<EndpointRequest, 'params'> {
  readonly params?: RawParams
}

/** What is said of a user (OIDC Core 5.3.2). */
export interface UserInfoAnswer {
  readonly claims: UserInfo
  /** The same, signed, where the client registered that: `application/jwt`. */
  readonly jwt?: string
}

interface PresentedToken {
  readonly scheme: 'bearer' | 'dpop'
  readonly token: string
}

/**
 * The claims about the user behind an access token with the scope openid, `sub` always among them. The token is one
 * for the configured audience, the issuer or this endpoint; one for another resource alone is none for this one.
 *
 * @see OIDC Core 5.3; RFC 6750 3; RFC 9449 7
 */
export async function handleUserInfoRequest(
  config: TokenEndpointConfig,
  request: UserInfoRequest,
): Promise<EndpointOutcome<UserInfoAnswer>> {
  const input = { ...noRequest, ...request }
  let presented: PresentedToken | undefined
  let headers: Readonly<Record<string, string>> = {}
  try {
    headers = await nonceHeaders(config, constraintInput(input))
    presented = readToken(input)
    const record = await judgeToken(config, presented.token, input.url)
    await judgePossession(config, input, presented, record)
    const response = await answer(config, record)
    return { ok: true, response, headers: { ...noStore, ...headers }, events: [] }
  } catch (thrown) {
    return deny(config, thrown, input, headers)
  }
}

/** RFC 6750 2: by one way and one only. */
function readToken(request: EndpointRequest): PresentedToken {
  const fields = fieldsOf(request, 'authorization')
  const inForm = readParams(request.params).get('access_token')
  if (fields.length + (inForm === undefined ? 0 : 1) > 1) throw refuseRequest('more than one access token')
  if (inForm !== undefined) return { scheme: 'bearer', token: inForm }
  if (fields.length === 0) throw refuseToken('no access token')
  const [, scheme, token] = /^(bearer|dpop) +([\w.~+/-]+=*)$/i.exec(fields[0]!) ?? []
  if (token === undefined) throw refuseToken('malformed Authorization field')
  return { scheme: scheme!.toLowerCase() as PresentedToken['scheme'], token }
}

async function judgeToken(config: TokenEndpointConfig, token: string, url: string): Promise<AccessRecord> {
  const found = await findAccessToken(config, token)
  if (!found?.isActive) throw refuseToken('access token unknown, expired or revoked')
  // RFC 9068 4, RFC 9700 2.3: whoever runs the API that a token is for learns nothing here by it.
  const names = [config.audience, config.issuer, url]
  if (!found.record.audience.some((one) => names.includes(one))) throw refuseToken('access token for another audience')
  if (!found.record.scope.includes('openid') || found.record.ofClient) {
    throw new Refusal('insufficient_scope', 'the access token lacks the scope openid', { reason: 'no openid' })
  }
  return found.record
}

/** RFC 9449 7.1, 7.2; RFC 8705 3: a bound token only with what it is bound to, and never by the weaker scheme. */
async function judgePossession(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  { scheme, token }: PresentedToken,
  { cnf }: AccessRecord,
): Promise<void> {
  if ((cnf?.jkt !== undefined) !== (scheme === 'dpop')) throw refuseToken('token and scheme do not fit')
  const thumbprint = cnf?.['x5t#S256']
  if (thumbprint !== undefined) {
    const shown = request.certificate && (await requireThumbprint(request.certificate))
    if (shown === undefined || !timingSafeEqual(thumbprint, shown)) throw refuseToken('another certificate')
  }
  if (cnf?.jkt === undefined) return
  if (config.dpop === false) throw refuseToken('DPoP is switched off')
  const proof = await verifyProof(config, constraintInput(request), token)
  if (proof.jkt !== cnf.jkt) throw refuseToken('another key')
  await commitClaims(config, [await proofClaim(proof)])
}

async function answer(config: TokenEndpointConfig, record: AccessRecord): Promise<UserInfoAnswer> {
  const { clientId, subject, scope, audience } = record
  const client = await loadClient(config, clientId)
  if (!client) throw refuseToken('client is gone')
  assertNotEncrypted(client, 'userinfo_encrypted_response_alg')
  const grantType = 'authorization_code'
  const principal = await callHost('loadPrincipal', () => config.loadPrincipal(subject, { clientId, grantType }))
  if (!principal) throw refuseToken('no such principal')
  const policy: PolicyContext = { clientId, client, grantType, subject, principal, scope, audience }
  const claims: UserInfo = { ...(await hostClaims(config, policy, record, 'userinfo')), sub: record.sub }
  const jwt = await signClaims(config, client, claims)
  return { claims, ...(jwt !== undefined && { jwt }) }
}

/** OIDC Core 5.3.2: signed by the registered algorithm, with issuer and client in it. */
async function signClaims(
  { keys, issuer, runtime }: TokenEndpointConfig,
  { clientId, metadata }: RegisteredClient,
  claims: UserInfo,
): Promise<string | undefined> {
  const alg = metadata.userinfo_signed_response_alg
  if (alg === undefined) return undefined
  const key = keys.signingKey(alg)
  if (!key) throw new Refusal('server_error', 'the server failed', { reason: 'no key of the registered algorithm' })
  return signJwt(key, 'JWT', { ...claims, iss: issuer, aud: clientId, iat: epochSeconds(runtime) })
}

function refuseToken(reason: string): Refusal {
  return new Refusal('invalid_token', 'the access token is missing, expired, revoked, or not good for this request', {
    reason,
  })
}

function deny(
  config: TokenEndpointConfig,
  thrown: unknown,
  { clientIp }: UserInfoRequest,
  nonces: Readonly<Record<string, string>>,
): EndpointOutcome<UserInfoAnswer> {
  const refusal = toRefusal(thrown)
  const status = statusAtResource[refusal.error] ?? 400
  const isBare = refusal.reason === 'no access token'
  // RFC 6750 3.1: a request without a token is told how to send one, and no error.
  const parameters = isBare ? {} : { error: refusal.error, error_description: refusal.description }
  const schemes = config.dpop === false ? ['Bearer'] : ['Bearer', 'DPoP']
  const algs = config.dpop === false ? undefined : config.dpop.algorithms.join(' ')
  const challenges = schemes.map((scheme) =>
    formatChallenge(scheme, { realm: config.realm, ...parameters, ...(scheme === 'DPoP' && { algs }) }),
  )
  const challenge = status === 401 || status === 403 ? { 'www-authenticate': challenges.join(', ') } : {}
  const error: EndpointError = {
    error: refusal.error,
    errorDescription: refusal.description,
    status,
    headers: { ...noStore, ...nonces, ...refusal.headers, ...challenge },
  }
  const { error: code, description: errorDescription, reason, cause } = refusal
  const metadata = { clientIp, reason, error: code, errorDescription, httpStatus: status }
  return { ok: false, error, events: [createEvent('auth_denied', { metadata, cause })] }
}

/** RFC 6750 3.1, RFC 9449 7.1: at a resource a proof that does not hold is 401, unlike at the token endpoint. */
const statusAtResource: Readonly<Partial<Record<string, number>>> = {
  invalid_token: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  insufficient_scope: 403,
  server_error: 500,
  temporarily_unavailable: 503,
}
