import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { ClientMetadata } from '../../generated/models.ts'
import {
  decideBackchannelRequest,
  decideDeviceGrant,
  findBackchannelRequest,
  findDeviceGrant,
  handleBackchannelAuthenticationRequest,
  handleDeviceAuthorizationRequest,
  issuePreAuthorizedCode,
  type RawParams,
  type SupportedGrant,
  type TokenEndpointOptions,
} from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import {
  basic,
  claimsOf,
  clients,
  createClock,
  createRig,
  issuer,
  type Rig,
  refreshParams,
  refusalOf,
  secretOf,
  signed,
  storeMethods,
  tokensOf,
} from './rig.ts'

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
const cibaGrant = 'urn:openid:params:grant-type:ciba'
const preGrant = 'urn:ietf:params:oauth:grant-type:pre-authorized_code'
const grants: readonly SupportedGrant[] = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  deviceGrant,
  cibaGrant,
  preGrant,
]
const approved = { approved: true, subject: 'alice', authTime: 1_700_000_000 } as const
const verificationUri = `${issuer}/device`

const endpoint = (params: RawParams, clientId = 'tv') => ({
  method: 'POST',
  url: `${issuer}/endpoint`,
  params,
  headers: { authorization: basic(clientId, secretOf(clientId)) },
})

async function start(metadata: ClientMetadata = {}, options: Partial<TokenEndpointOptions> = {}): Promise<Rig> {
  const { scope: _, ...web } = clients.web!
  const loadClient = (clientId: string) => ({
    clientId,
    metadata: { ...(clientId === 'tv' ? web : clients[clientId]), ...metadata },
  })
  const resolveLoginHint: TokenEndpointOptions['resolveLoginHint'] = ({ value }) =>
    value === 'alice' ? { subject: 'alice' } : { error: 'unknown_user_id' }
  return createRig({ grants, loadClient, resolveLoginHint, ...options })
}

async function device(rig: Rig, params: RawParams = { scope: 'openid offline_access' }, clientId = 'tv') {
  const outcome = await handleDeviceAuthorizationRequest(rig.config, endpoint(params, clientId), { verificationUri })
  if (!outcome.ok) throw new Error(outcome.error.error)
  return outcome.response
}

const poll = (rig: Rig, device_code: string, client = 'tv') =>
  rig.token({ grant_type: deviceGrant, device_code }, { client })

it('shows the host what is asked for in detail, so that the user can see it', async () => {
  const rig = await start({}, { authorizationDetailsTypes: ['pay'] })
  const details = [{ type: 'pay', amount: 5 }]
  const asked = { scope: 'openid', authorization_details: JSON.stringify(details) }
  const { user_code } = await device(rig, asked)
  expect(await findDeviceGrant(rig.config, user_code)).toMatchObject({ authorizationDetails: details })
  const request = endpoint({ ...asked, login_hint: 'alice' })
  const begun = await handleBackchannelAuthenticationRequest(rig.config, request)
  if (!begun.ok) throw new Error(begun.events[0]?.metadata.reason)
  expect(await findBackchannelRequest(rig.config, begun.response.auth_req_id)).toMatchObject({
    authorizationDetails: details,
    resources: [],
  })
})

it.each([
  [undefined, 'no JSON object'],
  [null, 'no JSON object'],
  ['alice', 'no JSON object'],
  [{}, 'no subject'],
  [{ subject: '' }, 'no subject'],
])('names the host that gives %s for a user', async (answer, what) => {
  const rig = await start({}, { resolveLoginHint: () => answer as never })
  const request = endpoint({ scope: 'openid', login_hint: 'alice' })
  const outcome = await handleBackchannelAuthenticationRequest(rig.config, request)
  expect(outcome.events[0]?.metadata.reason).toBe(`resolveLoginHint gave ${what}`)
})

describe('device flow', () => {
  it('gives codes, and tokens once the user has approved', async () => {
    const rig = await start()
    const codes = await device(rig)
    expect(codes).toMatchObject({ expires_in: 600, interval: 5, verification_uri: verificationUri })
    expect(codes.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(refusalOf(await poll(rig, codes.device_code))).toBe('authorization_pending: pending')
    const typed = ` ${codes.user_code.toLowerCase().replace('-', ' ')} `
    expect(await findDeviceGrant(rig.config, typed)).toMatchObject({ clientId: 'tv' })
    expect(await findDeviceGrant(rig.config, typed)).not.toHaveProperty('authorizationDetails')
    expect(await decideDeviceGrant(rig.config, typed, approved)).toBe(true)
    rig.clock.advance(5)
    const tokens = tokensOf(await poll(rig, codes.device_code))
    expect(claimsOf(tokens.id_token)).toMatchObject({ sub: 'alice', auth_time: 1_700_000_000 })
    expect(tokensOf(await rig.token(refreshParams(tokens.refresh_token), { client: 'tv' }))).toBeDefined()
    expect(refusalOf(await poll(rig, codes.device_code))).toBe('invalid_grant: code used before')
  })

  it('tells slow_down from pending, and both from an unknown code', async () => {
    const rig = await start()
    const { device_code: code } = await device(rig)
    expect(refusalOf(await poll(rig, code))).toMatch(/^authorization_pending/)
    rig.clock.advance(4)
    expect(refusalOf(await poll(rig, code))).toMatch(/^slow_down/)
    rig.clock.advance(9)
    expect(refusalOf(await poll(rig, code))).toMatch(/^slow_down/)
    rig.clock.advance(15)
    expect(refusalOf(await poll(rig, code))).toMatch(/^authorization_pending/)
    expect(refusalOf(await poll(rig, `dc_${'a'.repeat(22)}.${'b'.repeat(43)}`))).toBe('invalid_grant: unknown code')
  })

  it('tells all but one of the polls at once that they are too many', async () => {
    const rig = await start()
    const { device_code: code } = await device(rig)
    const polls = await Promise.all(Array.from({ length: 10 }, () => poll(rig, code)))
    const errors = polls.map((outcome) => refusalOf(outcome).split(':', 1)[0])
    expect(errors.filter((error) => error === 'authorization_pending')).toHaveLength(1)
    expect(errors.filter((error) => error === 'slow_down')).toHaveLength(9)
    rig.clock.advance(60)
    expect(refusalOf(await poll(rig, code))).toMatch(/^authorization_pending/)
  })

  it('does not tell a poll to slow down that met the decision', async () => {
    const clock = createClock()
    const store = createMemoryStore({ runtime: clock })
    let decide: (() => Promise<unknown>) | undefined
    const meeting = {
      ...storeMethods(store),
      async commit(changes: Parameters<typeof store.commit>[0]) {
        const first = decide
        decide = undefined
        await first?.()
        return store.commit(changes)
      },
    }
    const rig = await createRig({ grants, runtime: clock, resolveLoginHint: () => ({ subject: 'alice' }) }, meeting)
    const { device_code: code, user_code: userCode } = await device(rig, { scope: 'api' }, 'web')
    decide = () => decideDeviceGrant(rig.config, userCode, approved)
    expect(refusalOf(await poll(rig, code, 'web'))).toMatch(/^authorization_pending/)
    expect((await poll(rig, code, 'web')).ok).toBe(true)
  })

  it('tells expired and denied', async () => {
    const rig = await start()
    const [late, denied] = [await device(rig), await device(rig)]
    expect(await decideDeviceGrant(rig.config, denied.user_code, { approved: false })).toBe(true)
    expect(refusalOf(await poll(rig, denied.device_code))).toBe('access_denied: denied')
    rig.clock.advance(600)
    expect(refusalOf(await poll(rig, late.device_code))).toBe('expired_token: code expired')
    expect(await decideDeviceGrant(rig.config, late.user_code, approved)).toBe(false)
  })

  it('refuses another client, and takes one decision only, and none for a wrong code', async () => {
    const rig = await start()
    const codes = await device(rig)
    expect(refusalOf(await poll(rig, codes.device_code, 'web'))).toBe('invalid_grant: code of another client')
    expect(await decideDeviceGrant(rig.config, 'BCDF-GHJK', approved)).toBe(false)
    const text = { ...approved, scope: 'openid_offline_access' as never }
    await expect(decideDeviceGrant(rig.config, codes.user_code, text)).rejects.toThrow('scope: expected a list')
    const nobody = { approved: true } as never
    await expect(decideDeviceGrant(rig.config, codes.user_code, nobody)).rejects.toThrow('subject: expected')
    const decisions = await Promise.all([
      decideDeviceGrant(rig.config, codes.user_code, approved),
      decideDeviceGrant(rig.config, codes.user_code, { approved: false }),
    ])
    expect(decisions.filter(Boolean)).toHaveLength(1)
  })

  it('gives one success to parallel polls after the approval', async () => {
    const rig = await start()
    const codes = await device(rig)
    await decideDeviceGrant(rig.config, codes.user_code, approved)
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => poll(rig, codes.device_code)))
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1)
  })

  it('lets the user grant less than was asked for', async () => {
    const rig = await start()
    const codes = await device(rig, { scope: 'read write' })
    await decideDeviceGrant(rig.config, codes.user_code, { ...approved, scope: ['read', 'admin'] })
    expect(tokensOf(await poll(rig, codes.device_code)).scope).toBe('read')
  })

  it('is only for clients that registered it', async () => {
    const rig = await start({ grant_types: ['authorization_code'] })
    const outcome = await handleDeviceAuthorizationRequest(rig.config, endpoint({}), { verificationUri })
    expect(!outcome.ok && outcome.error.error).toBe('unauthorized_client')
  })
})

describe('CIBA', () => {
  const ask = async (rig: Rig, params: Record<string, string> = {}) =>
    handleBackchannelAuthenticationRequest(rig.config, endpoint({ scope: 'openid', login_hint: 'alice', ...params }))
  const askFor = async (rig: Rig, params: Record<string, string> = {}) => {
    const outcome = await ask(rig, params)
    if (!outcome.ok) throw new Error(outcome.events[0]?.metadata.reason)
    return outcome.response
  }
  const fetchTokens = (rig: Rig, auth_req_id: string, client = 'tv') =>
    rig.token({ grant_type: cibaGrant, auth_req_id }, { client })

  it('gives an id_token without nonce and c_hash once the user has approved', async () => {
    const rig = await start()
    const request = await askFor(rig, { binding_message: 'W4SCT', scope: 'openid read' })
    expect(request).toMatchObject({ expires_in: 120, interval: 5 })
    expect(refusalOf(await fetchTokens(rig, request.auth_req_id))).toMatch(/^authorization_pending/)
    expect(await findBackchannelRequest(rig.config, request.auth_req_id)).toMatchObject({
      subject: 'alice',
      bindingMessage: 'W4SCT',
    })
    expect(
      (await decideBackchannelRequest(rig.config, request.auth_req_id, { ...approved, subject: 'bob' })).decided,
    ).toBe(false)
    expect(await decideBackchannelRequest(rig.config, request.auth_req_id, approved)).toEqual({ decided: true })
    rig.clock.advance(5)
    const claims = claimsOf(tokensOf(await fetchTokens(rig, request.auth_req_id)).id_token)
    expect(claims).not.toHaveProperty('nonce')
    expect(claims).not.toHaveProperty('c_hash')
    expect(refusalOf(await fetchTokens(rig, request.auth_req_id, 'web'))).toBe('invalid_grant: code of another client')
  })

  it.each([
    ['invalid_request', { login_hint_token: 'x' }],
    ['invalid_request', { login_hint: '' }],
    ['unknown_user_id', { login_hint: 'nobody' }],
    ['invalid_scope', { scope: 'read' }],
    ['invalid_binding_message', { binding_message: 'm'.repeat(129) }],
    ['invalid_binding_message', { binding_message: 'a\u202eb' }],
    ['invalid_request', { requested_expiry: '-1' }],
    ['invalid_request', { id_token_hint: 'x', login_hint: '' }],
  ])('says %s for %j', async (error, params) => {
    const outcome = await ask(await start(), params as Record<string, string>)
    expect(!outcome.ok && outcome.error.error).toBe(error)
  })

  it('gives at most 600 seconds', async () => {
    const rig = await start()
    expect((await askFor(rig, { requested_expiry: '900' })).expires_in).toBe(600)
  })

  it('hands out the notification of ping mode, and refuses push', async () => {
    const ping = {
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: 'https://tv.example/n',
    }
    const rig = await start(ping)
    const missing = await ask(rig)
    expect(!missing.ok && missing.error.error).toBe('invalid_request')
    const { auth_req_id: authReqId } = await askFor(rig, { client_notification_token: 'secret-token' })
    expect(await decideBackchannelRequest(rig.config, authReqId, approved)).toEqual({
      decided: true,
      notification: { endpoint: 'https://tv.example/n', token: 'secret-token', authReqId },
    })
    const push = await ask(await start({ backchannel_token_delivery_mode: 'push' }))
    expect(!push.ok && push.error.error).toBe('unauthorized_client')
  })

  it('takes a signed request once, by PS256 or ES256 only', async () => {
    const [es, ed] = [await generateSigningKey('ES256'), await generateSigningKey('EdDSA')]
    const rig = await start({ jwks: { keys: [es.publicJwk, ed.publicJwk] } as never })
    const now = rig.clock.now() / 1000
    const claims = {
      iss: 'tv',
      aud: issuer,
      iat: now,
      nbf: now,
      exp: now + 60,
      jti: 'one',
      scope: 'openid',
      login_hint: 'alice',
    }
    const send = (request: string) => handleBackchannelAuthenticationRequest(rig.config, endpoint({ request }))
    const request = await signed(es, {}, claims)
    expect((await send(request)).ok).toBe(true)
    const replayed = await send(request)
    expect(!replayed.ok && replayed.error.error).toBe('invalid_request_object')
    expect((await send(await signed(ed, {}, { ...claims, jti: 'two' }))).ok).toBe(false)
    const fresh = (change: object) => ({ ...claims, jti: crypto.randomUUID(), ...change })
    expect((await send(await signed(es, {}, fresh({ exp: now + 3_600 })))).ok).toBe(true)
    // CIBA Core 7.1.1: all of them are required; FAPI 1.0 Advanced 5.2.2: good for an hour after nbf at most.
    for (const change of [
      { exp: now + 3_601 },
      { exp: now },
      { aud: 'https://x.example' },
      { iss: 'other' },
      ...['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'].map((name) => ({ [name]: undefined })),
    ]) {
      expect([change, (await send(await signed(es, {}, fresh(change)))).ok]).toEqual([change, false])
    }
  })
})

describe('pre-authorized code', () => {
  const redeem = (rig: Rig, code: string, more: object = {}, client = 'spa') =>
    rig.token({ grant_type: preGrant, 'pre-authorized_code': code, ...more }, { client })

  it('is good once, for public clients too', async () => {
    const rig = await start()
    const { code } = await issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: ['credential'] })
    expect(tokensOf(await redeem(rig, code)).scope).toBe('credential')
    expect(refusalOf(await redeem(rig, code))).toBe('invalid_grant: code used before')
  })

  it('is good for its client alone where it names one, and stays so', async () => {
    const rig = await start()
    const input = { subject: 'alice', scope: ['credential'], clientId: 'spa' }
    const { code } = await issuePreAuthorizedCode(rig.config, input)
    expect(refusalOf(await redeem(rig, code, {}, 'web'))).toBe('invalid_grant: code of another client')
    expect(tokensOf(await redeem(rig, code)).scope).toBe('credential')
  })

  it('wants the transaction code, counts wrong ones, and refuses one that is not expected', async () => {
    const rig = await start()
    const { code } = await issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: [], txCode: '123456' })
    expect(refusalOf(await redeem(rig, code))).toBe('invalid_request: missing tx_code')
    for (let i = 0; i < 4; i++) {
      expect(refusalOf(await redeem(rig, code, { tx_code: '000000' }))).toBe('invalid_grant: another transaction code')
    }
    expect(tokensOf(await redeem(rig, code, { tx_code: '123456' }))).toBeDefined()
    const guessed = await issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: [], txCode: '123456' })
    for (let i = 0; i < 5; i++) await redeem(rig, guessed.code, { tx_code: '000000' })
    expect(refusalOf(await redeem(rig, guessed.code, { tx_code: '123456' }))).toMatch(/^invalid_grant: too many/)
    const plain = await issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: [] })
    expect(refusalOf(await redeem(rig, plain.code, { tx_code: '1' }))).toMatch(/^invalid_request/)
  })

  it.each([
    ['subject', { subject: '' }],
    ['scope', { scope: ['two words'] }],
    ['resources', { resources: ['relative'] }],
    ['authorizationDetails', { authorizationDetails: [{}] as never }],
    ['txCode', { txCode: '' }],
    ['lifetime', { lifetime: 0.5 }],
  ])('names %s when it does not fit', async (field, wrong) => {
    const rig = await start()
    const made = issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: ['read'], ...wrong })
    await expect(made).rejects.toThrow(new RegExp(`^${field}: `))
  })

  it('counts the guesses of parallel requests', async () => {
    const rig = await start()
    const { code } = await issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: [], txCode: '7' })
    const guesses = Array.from({ length: 20 }, (_, i) => redeem(rig, code, { tx_code: `1${i}` }))
    for (const outcome of await Promise.all(guesses)) expect(refusalOf(outcome)).toMatch(/^invalid_grant/)
    expect(refusalOf(await redeem(rig, code, { tx_code: '7' }))).toMatch(/^invalid_grant: too many/)
  })

  it('expires', async () => {
    const rig = await start()
    const { code } = await issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: [] })
    rig.clock.advance(300)
    expect(refusalOf(await redeem(rig, code))).toBe('invalid_grant: code expired')
  })
})
