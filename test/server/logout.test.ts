import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import {
  buildDiscoveryDocument,
  buildLogoutNotices,
  revokeLogin,
  revokeSubject,
  type TokenEndpointOptions,
  validateEndSessionRequest,
} from '../../src/server/index.ts'
import {
  claimsOf,
  clients,
  codeParams,
  createRig,
  issuer,
  type Rig,
  refreshParams,
  refusalOf,
  signed,
  tokensOf,
} from './rig.ts'

const metadata = {
  ...clients.web,
  post_logout_redirect_uris: ['https://app.example/bye'],
  backchannel_logout_uri: 'https://app.example/backchannel',
  frontchannel_logout_uri: 'https://app.example/frontchannel',
  frontchannel_logout_session_required: true,
}
const start = (options: Partial<TokenEndpointOptions> = {}) =>
  createRig({ loadClient: (clientId) => ({ clientId, metadata }), ...options })
const login = async (rig: Rig, input: object = {}) =>
  tokensOf(await rig.token(codeParams(await rig.code({ sid: 'session', ...input }))))

describe('validateEndSessionRequest', () => {
  const judge = async (rig: Rig, params: Record<string, string>) => {
    const outcome = await validateEndSessionRequest(rig.config, { params })
    return outcome.ok ? outcome.request : outcome.error.error
  }

  it('takes an expired hint, and returns only to what its client registered', async () => {
    const rig = await start()
    const { id_token: hint = '' } = await login(rig)
    rig.clock.advance(10_000)
    const back = { post_logout_redirect_uri: 'https://app.example/bye', state: 's' }
    expect(await judge(rig, { id_token_hint: hint, ...back })).toEqual({
      sid: 'session',
      sub: 'alice',
      clientId: 'web',
      redirectTo: 'https://app.example/bye?state=s',
    })
    expect(await judge(rig, { id_token_hint: hint, post_logout_redirect_uri: 'https://evil.example' })).toBe(
      'invalid_request',
    )
    expect(await judge(rig, back)).toBe('invalid_request')
    expect(await judge(rig, { client_id: 'web', ...back })).toMatchObject({
      redirectTo: 'https://app.example/bye?state=s',
    })
    expect(await judge(rig, {})).toEqual({})
  })

  it('leaves the registered address as it is, and adds the state to it', async () => {
    const uri = 'https://app.example?next=a%20b'
    const rig = await createRig({
      loadClient: (clientId) => ({ clientId, metadata: { post_logout_redirect_uris: [uri] } }),
    })
    const asked = { client_id: 'web', post_logout_redirect_uri: uri, state: 'x y' }
    expect(await judge(rig, asked)).toMatchObject({ redirectTo: `${uri}&state=x+y` })
  })

  it('refuses a hint that is otherwise invalid, and a client_id that is not its client', async () => {
    const rig = await start()
    const { id_token: hint = '', access_token: access = '' } = await login(rig)
    const claims = claimsOf(hint)
    const forged = await signed(await generateSigningKey('ES256'), { typ: 'JWT' }, claims)
    for (const wrong of ['nonsense', access, forged]) {
      expect(await judge(rig, { id_token_hint: wrong })).toBe('invalid_request')
    }
    expect(await judge(rig, { id_token_hint: hint, client_id: 'other' })).toBe('invalid_request')
  })
})

describe('logout notices', () => {
  it('go to each client of the login once, with sub and sid and never a nonce', async () => {
    const rig = await start({ resolveSubject: (subject, { clientId }) => `${subject}@${clientId}` })
    await login(rig, { nonce: 'n' })
    await login(rig)
    await login(rig, { sid: 'another' })
    const notices = await buildLogoutNotices(rig.config, { sid: 'session' })
    expect(notices).toHaveLength(1)
    const [notice] = notices
    expect(notice).toMatchObject({
      clientId: 'web',
      backchannel: { url: 'https://app.example/backchannel' },
      frontchannelUrl: `https://app.example/frontchannel?iss=${encodeURIComponent(issuer)}&sid=session`,
    })
    const token = notice!.backchannel!.logoutToken
    expect(JSON.parse(atob(token.split('.')[0]!))).toMatchObject({ typ: 'logout+jwt' })
    expect(claimsOf(token)).toEqual({
      iss: issuer,
      sub: 'alice@web',
      aud: 'web',
      iat: rig.clock.now() / 1000,
      exp: rig.clock.now() / 1000 + 120,
      jti: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid: 'session',
    })
  })

  it('are kept for a day after the last id_token', async () => {
    const rig = await start()
    const { refresh_token: token } = await login(rig)
    rig.clock.advance(80_000)
    tokensOf(await rig.token(refreshParams(token)))
    rig.clock.advance(80_000)
    expect(await buildLogoutNotices(rig.config, { sid: 'session' })).toHaveLength(1)
    rig.clock.advance(6_400)
    expect(await buildLogoutNotices(rig.config, { sid: 'session' })).toHaveLength(0)
  })

  it('can go by the user where there is no session', async () => {
    const rig = await start()
    tokensOf(await rig.token(codeParams(await rig.code())))
    const [notice] = await buildLogoutNotices(rig.config, { subject: 'alice' })
    expect(claimsOf(notice?.backchannel?.logoutToken)).toMatchObject({ sub: 'alice' })
    expect(notice?.frontchannelUrl).toBe('https://app.example/frontchannel')
  })

  it('end each session of a user, not the last alone', async () => {
    const rig = await start()
    for (const sid of ['one', 'two', 'two']) await login(rig, { sid })
    const notices = await buildLogoutNotices(rig.config, { subject: 'alice' })
    const sids = new Set(notices.map(({ backchannel }) => claimsOf(backchannel?.logoutToken).sid))
    expect(sids).toEqual(new Set(['one', 'two']))
    expect(notices).toHaveLength(2)
  })

  it('say nothing to a client that got no id_token', async () => {
    const rig = await start()
    await login(rig, { scope: ['read'] })
    expect(await buildLogoutNotices(rig.config, { sid: 'session' })).toEqual([])
  })
})

describe('the end of a login', () => {
  it('ends what is bound to it, not what was granted offline', async () => {
    const rig = await start({ issueRefreshToken: () => true })
    const [online, offline] = [await login(rig, { scope: ['openid'] }), await login(rig)]
    expect(await revokeLogin(rig.config, 'session')).toBe(1)
    expect(refusalOf(await rig.token(refreshParams(online.refresh_token)))).toBe('invalid_grant: family revoked')
    expect(tokensOf(await rig.token(refreshParams(offline.refresh_token)))).toBeDefined()
  })

  it('can end everything of a user, or what one client has', async () => {
    const rig = await start()
    await login(rig)
    await login(rig, { subject: 'bob' })
    expect(await revokeSubject(rig.config, 'alice', 'other')).toBe(0)
    expect(await revokeSubject(rig.config, 'alice')).toBe(1)
  })
})

describe('buildDiscoveryDocument', () => {
  it('says what the configuration does, and nothing else', async () => {
    const rig = await start({ dpop: false })
    const endpoints = { authorization: `${issuer}/authorize`, token: `${issuer}/token`, jwks: `${issuer}/jwks` }
    const document = buildDiscoveryDocument(rig.config, { endpoints })
    expect(document).toMatchObject({
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      grant_types_supported: rig.config.grants,
      id_token_signing_alg_values_supported: ['ES256', 'RS256'],
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
    })
    expect(document.token_endpoint_auth_methods_supported).toContain('none')
    expect(document).not.toHaveProperty('dpop_signing_alg_values_supported')
    expect(document).not.toHaveProperty('registration_endpoint')
    expect(document).not.toHaveProperty('introspection_endpoint_auth_methods_supported')
  })
})
