// One kind of secret or JWT in the place of another: each is good for one thing alone.
import { beforeAll, describe, expect, it } from 'vitest'
import {
  buildAuthorizationResponse,
  buildLogoutNotices,
  handleIntrospectionRequest,
  handlePushedAuthorizationRequest,
  handleRevocationRequest,
  handleUserInfoRequest,
  validateAuthorizationRequest,
  validateEndSessionRequest,
} from '../../src/server/index.ts'
import { grantRequests, startWatched } from './grant-requests.ts'
import { clients, codeParams, issuer, type Rig, redirectUri, refusalOf, tokensOf } from './rig.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** Where each secret belongs: its grant and parameter. */
const places = {
  code: ['authorization_code', 'code'],
  refreshToken: ['refresh_token', 'refresh_token'],
  deviceCode: ['urn:ietf:params:oauth:grant-type:device_code', 'device_code'],
  authReqId: ['urn:openid:params:grant-type:ciba', 'auth_req_id'],
  preAuthorizedCode: ['urn:ietf:params:oauth:grant-type:pre-authorized_code', 'pre-authorized_code'],
} as const
type Kind = keyof typeof places
const kinds = Object.keys(places) as Kind[]

describe.each(kinds)('a %s', (kind) => {
  it('is good for nothing but its own grant, and stays good for that', async () => {
    const { rig, commits } = await startWatched()
    const [grant, parameter] = places[kind]
    const right = (await grantRequests[grant](rig)) as Record<string, string>
    const secret = right[parameter]!
    commits.length = 0
    for (const other of kinds.filter((one) => one !== kind)) {
      const [otherGrant, otherParameter] = places[other]
      const wrong = { ...right, [parameter]: '', grant_type: otherGrant, [otherParameter]: secret }
      expect(refusalOf(await rig.token(wrong))).toMatch(/^invalid_grant: unknown/)
    }
    const asSubject = { grant_type: exchange, subject_token: secret, subject_token_type: accessTokenType }
    expect(refusalOf(await rig.token(asSubject))).toBe('invalid_request: unknown subject token')
    expect(await introspect(rig, secret)).toEqual(kind === 'refreshToken' ? expect.anything() : { active: false })
    expect(await userInfo(rig, secret)).toBe('invalid_token')
    if (kind !== 'refreshToken') expect(await revoke(rig, secret)).toEqual([])
    expect(commits).toEqual([])
    tokensOf(await rig.token(right))
  })
})

describe('an opaque access token', () => {
  it('is no code, no refresh token and no request', async () => {
    const { rig } = await startWatched({ accessTokens: { format: 'opaque' } })
    const { access_token: token = '' } = tokensOf(await rig.token(codeParams(await rig.code())))
    for (const [grant_type, parameter] of Object.values(places)) {
      expect(refusalOf(await rig.token({ grant_type, [parameter]: token, tx_code: 'x' }))).toMatch(
        /^invalid_grant: unknown/,
      )
    }
    const params = { client_id: 'web', request_uri: `urn:ietf:params:oauth:request_uri:${token}` }
    expect((await validateAuthorizationRequest(rig.config, { params })).ok).toBe(false)
  })
})

describe('a JWT of this server', () => {
  /** Each with the claims of a user who is there, for a client that is there, by the same keys. */
  const jwts: Record<string, string> = {}
  let rig: Rig
  beforeAll(async () => {
    const registered = {
      ...clients.web!,
      userinfo_signed_response_alg: 'ES256' as const,
      id_token_signed_response_alg: 'ES256' as const,
      authorization_signed_response_alg: 'ES256' as const,
      introspection_signed_response_alg: 'ES256' as const,
      backchannel_logout_uri: 'https://app.example/logout',
    }
    const { scope: _, ...metadata } = registered
    const loadClient = (clientId: string) => ({ clientId, metadata: { ...clients[clientId], ...metadata } })
    ;({ rig } = await startWatched({ loadClient }))
    const tokens = tokensOf(await rig.token(codeParams(await rig.code({ sid: 'session', authTime: 1_700_000_000 }))))
    jwts.access = tokens.access_token!
    jwts.id = tokens.id_token!
    const asked = { token: tokens.access_token! }
    const seen = await handleIntrospectionRequest(rig.config, await rig.request(asked), { signed: true })
    jwts.introspection = (seen.ok && seen.response.jwt) || ''
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const info = await handleUserInfoRequest(rig.config, { method: 'GET', url: `${issuer}/userinfo`, headers })
    jwts.userInfo = (info.ok && info.response.jwt) || ''
    const [notice] = await buildLogoutNotices(rig.config, { sid: 'session' })
    jwts.logout = notice?.backchannel?.logoutToken ?? ''
    const target = { redirectUri, redirectUriSent: true, responseMode: 'query.jwt' as const }
    const client = { clientId: 'web', metadata: registered }
    const reply = await buildAuthorizationResponse(rig.config, client, target, { code: 'c' })
    jwts.response = (reply.kind === 'redirect' && new URL(reply.url).searchParams.get('response')) || ''
    for (const [name, jwt] of Object.entries(jwts)) expect([name, jwt.split('.').length]).toEqual([name, 3])
  })
  const all = ['access', 'id', 'introspection', 'userInfo', 'logout', 'response']

  it.each(all.filter((name) => name !== 'access'))('%s is no access token', async (name) => {
    const jwt = jwts[name]!
    expect(await userInfo(rig, jwt)).toBe('invalid_token')
    expect(await introspect(rig, jwt)).toEqual({ active: false })
    expect(await revoke(rig, jwt)).toEqual([])
    const asSubject = { grant_type: exchange, subject_token: jwt, subject_token_type: accessTokenType }
    expect(refusalOf(await rig.token(asSubject))).toBe('invalid_request: unknown subject token')
  })

  it.each(all.filter((name) => name !== 'id'))('%s is no id_token_hint', async (name) => {
    const id_token_hint = jwts[name]!
    expect((await validateEndSessionRequest(rig.config, { params: { id_token_hint } })).ok).toBe(false)
    const params = {
      ...{ client_id: 'web', response_type: 'code', redirect_uri: redirectUri, scope: 'read' },
      ...{ code_challenge: 'c'.repeat(43), code_challenge_method: 'S256', id_token_hint },
    }
    expect((await validateAuthorizationRequest(rig.config, { params })).ok).toBe(false)
    const good = { ...params, id_token_hint: jwts.id! }
    expect((await validateAuthorizationRequest(rig.config, { params: good })).ok).toBe(true)
  })

  it.each(all)('%s proves no client, carries no request and no grant', async (name) => {
    const jwt = jwts[name]!
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const asAssertion = { grant_type: 'client_credentials', client_assertion: jwt, client_assertion_type: type }
    expect(refusalOf(await rig.token(asAssertion, { client: null }))).toMatch(/^invalid_client/)
    const asGrant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt }
    expect(refusalOf(await rig.token(asGrant))).toMatch(/^invalid_grant/)
    const pushed = await rig.request({ request: jwt })
    const outcome = await handlePushedAuthorizationRequest(rig.config, { ...pushed, url: `${issuer}/par` })
    expect(!outcome.ok && outcome.error.error).toBe('invalid_request_object')
    expect(refusalOf(await rig.token({ grant_type: 'client_credentials' }, { dpop: jwt }))).toMatch(
      /^invalid_dpop_proof/,
    )
  })
})

async function introspect(rig: Rig, token: string): Promise<object> {
  const outcome = await handleIntrospectionRequest(rig.config, await rig.request({ token }))
  if (!outcome.ok) throw new Error(outcome.error.error)
  return outcome.response.claims
}

/** The events: none, where nothing was revoked. */
async function revoke(rig: Rig, token: string): Promise<readonly object[]> {
  const outcome = await handleRevocationRequest(rig.config, await rig.request({ token }))
  if (!outcome.ok) throw new Error(outcome.error.error)
  return outcome.events
}

async function userInfo(rig: Rig, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` }
  const outcome = await handleUserInfoRequest(rig.config, { method: 'GET', url: `${issuer}/userinfo`, headers })
  return outcome.ok ? 'ok' : outcome.error.error
}
