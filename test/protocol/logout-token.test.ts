import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { createKeyring } from '../../src/protocol/jwks.ts'
import { judgeLogoutToken, type LogoutTokenRules } from '../../src/protocol/logout-token.ts'
import { aJws, aKeyPair, anIdToken, clientId, encode, issuer, issuerKeys, kindOf, now } from '../support/id-token.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const keyring = createKeyring(issuerKeys())
const rules: LogoutTokenRules = { issuer, audience: clientId, serverAlgorithms: ['ES256', 'RS256'], now }

function aLogoutToken(claims: object = {}, header: object = {}, alg = 'ES256', key = kindOf(alg)): string {
  const standard = {
    iss: issuer,
    aud: clientId,
    iat: now,
    exp: now + 120,
    jti: 'j-1',
    sub: 'alice',
    sid: 's-1',
    events: { [event]: {} },
  }
  const head = { alg, typ: 'logout+jwt', kid: kindOf(alg), ...header }
  return aJws(head, { ...standard, ...claims }, aKeyPair(key).privateKey, alg)
}

const judge = (token: unknown, more: Partial<LogoutTokenRules> = {}) =>
  judgeLogoutToken(token, { ...rules, ...more }, { selectKeys: (query) => keyring.select(query) })

async function refusal(token: unknown, more: Partial<LogoutTokenRules> = {}): Promise<ProtocolError> {
  const error: unknown = await judge(token, more).catch((reason: unknown) => reason)
  if (error instanceof ProtocolError) return error
  throw new Error(`expected a ProtocolError, got ${JSON.stringify(error)}`)
}

describe('a logout token', () => {
  it('ends a session, or all of a user', async () => {
    expect(await judge(aLogoutToken())).toMatchObject({ sub: 'alice', sid: 's-1', jti: 'j-1' })
    expect((await judge(aLogoutToken({ sid: undefined }))).sid).toBeUndefined()
    expect((await judge(aLogoutToken({ sub: undefined }))).sub).toBeUndefined()
  })

  it.each(['logout+jwt', 'application/logout+jwt', 'LOGOUT+JWT', 'JWT', undefined])('may have typ %j', async (typ) => {
    expect(await judge(aLogoutToken({}, { typ }))).toMatchObject({ jti: 'j-1' })
  })

  it.each([
    ['another kind of JWT', {}, { typ: 'at+jwt' }],
    ['a critical extension', {}, { crit: ['x'] }],
    ['unencoded payload', {}, { b64: false }],
    ['a nonce (2.4)', { nonce: 'n' }, {}],
    ['a null nonce', { nonce: null }, {}],
    ['no events', { events: undefined }, {}],
    ['another event', { events: { 'http://other.example': {} } }, {}],
    ['an event that is true', { events: { [event]: true } }, {}],
    ['an event that is a list', { events: { [event]: [] } }, {}],
    ['events that are a list', { events: [event] }, {}],
    ['the event by inheritance', { events: { ['__proto__']: { [event]: {} } } }, {}],
    ['neither sub nor sid', { sub: undefined, sid: undefined }, {}],
    ['an empty sub', { sub: '' }, {}],
    ['a sid that is no text', { sid: 7 }, {}],
    ['no jti', { jti: undefined }, {}],
    ['a jti that is no text', { jti: 7 }, {}],
    ['no exp', { exp: undefined }, {}],
    ['no iat', { iat: undefined }, {}],
    ['an iat to come', { iat: now + 60 }, {}],
    ['an exp past', { exp: now - 60 }, {}],
    ['an nbf to come', { nbf: now + 60 }, {}],
    ['another issuer', { iss: 'https://evil.example' }, {}],
    ['another issuer by a slash', { iss: `${issuer}/` }, {}],
    ['another audience', { aud: 'other' }, {}],
    ['an audience beside', { aud: [clientId, 'other'] }, {}],
    ['no audience', { aud: [] }, {}],
  ])('is refused with %s', async (_name, claims, header) => {
    expect((await refusal(aLogoutToken(claims, header))).code).toBe('invalid_logout_token')
  })

  it('is refused unsigned, signed by others, and by algorithms that nobody chose', async () => {
    const [head, payload] = aLogoutToken().split('.')
    expect((await refusal(`${encode({ alg: 'none' })}.${payload}.`)).code).toBe('invalid_logout_token')
    expect((await refusal(`${head}.${payload}.AAAA`)).code).toBe('invalid_logout_token')
    expect((await refusal(aLogoutToken({}, {}, 'PS256'))).code).toBe('invalid_logout_token')
    expect((await refusal(aLogoutToken(), { algorithm: 'RS256' })).code).toBe('invalid_logout_token')
    expect((await refusal(aLogoutToken({}, { kid: 'unknown' }))).code).toBe('invalid_logout_token')
    const symmetric = aJws({ alg: 'HS256' }, {}, 'a secret', 'HS256')
    expect((await refusal(symmetric, { serverAlgorithms: ['HS256'] })).code).toBe('invalid_logout_token')
  })

  it('is no id_token', async () => {
    expect((await refusal(anIdToken())).code).toBe('invalid_logout_token')
  })

  it.each([undefined, 7, '', 'a.b', 'a.b.c', 'x'.repeat(70_000)])('is no %j', async (token) => {
    expect((await refusal(token)).code).toBe('invalid_jwt')
  })

  it('may be signed by a MAC only where that was registered', async () => {
    const secret = 'a secret of the length of a digest 0123456789'
    const token = aJws(
      { alg: 'HS256', typ: 'logout+jwt' },
      { iss: issuer, aud: clientId, iat: now, exp: now + 60, jti: 'j', sub: 'a', events: { [event]: {} } },
      secret,
      'HS256',
    )
    expect(await judge(token, { algorithm: 'HS256', clientSecret: secret })).toMatchObject({ sub: 'a' })
    await expect(judge(token, { algorithm: 'HS256' })).rejects.toThrow(TypeError)
  })
})
