import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { handleRevocationRequest, type TokenEndpointOptions } from '../../src/server/index.ts'
import {
  basic,
  claimsOf,
  clients,
  codeParams,
  createRig,
  issuer,
  type Rig,
  refusalOf,
  secretOf,
  tokensOf,
} from './rig.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
const resources = ['https://a.example', 'https://b.example']

const exchange = (subject_token: string, more: Record<string, string | readonly string[]> = {}) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token,
  subject_token_type: accessTokenType,
  ...more,
})

async function subjectToken(rig: Rig, input: object = {}, how: object = {}): Promise<string> {
  const code = await rig.code({ scope: ['read', 'write'], resources, authTime: 1_700_000_000, acr: 'mfa', ...input })
  return tokensOf(await rig.token(codeParams(code), how)).access_token!
}

const start = (options: Partial<TokenEndpointOptions> = {}) => createRig({ resources, ...options })
const other = { client: 'other' }

describe.each(['jwt', 'opaque'] as const)('token exchange of %s tokens', (format) => {
  const begin = (options: Partial<TokenEndpointOptions> = {}) => start({ accessTokens: { format }, ...options })

  it('gives the exchanger a token of the subject, without acr and auth_time, never with a refresh token', async () => {
    const rig = await begin({ issueRefreshToken: () => true })
    const outcome = await rig.token(exchange(await subjectToken(rig), { requested_token_type: jwtType }), other)
    const tokens = tokensOf(outcome)
    expect(tokens.issued_token_type).toBe(jwtType)
    expect(tokens.scope).toBe('read write')
    expect(tokens.refresh_token).toBeUndefined()
    const claims = claimsOf(tokens.access_token)
    expect(claims).toMatchObject({ sub: 'alice', client_id: 'other', aud: resources })
    expect(claims).not.toHaveProperty('acr')
    expect(claims).not.toHaveProperty('auth_time')
    expect(outcome.events.map((event) => event.name)).toEqual(['token_issued'])
  })

  it('goes neither beyond the scope nor beyond the audience of the subject', async () => {
    const rig = await begin()
    const token = await subjectToken(rig, { resources: ['https://a.example'] })
    expect(refusalOf(await rig.token(exchange(token, { scope: 'read admin' })))).toMatch(/^invalid_scope/)
    expect(refusalOf(await rig.token(exchange(token, { resource: 'https://b.example' })))).toMatch(/^invalid_target/)
    expect(refusalOf(await rig.token(exchange(token, { audience: 'https://b.example' })))).toMatch(/^invalid_target/)
    const narrow = tokensOf(await rig.token(exchange(token, { scope: 'read', audience: 'https://a.example' })))
    expect(narrow.scope).toBe('read')
  })

  it('authorises the whole audience of the subject anew for the exchanger', async () => {
    const clientResources = ({ clientId }: { clientId: string }) => (clientId === 'web' ? ['https://own.example'] : [])
    const rig = await begin({ clientResources })
    const token = await subjectToken(rig, { resources: ['https://a.example', 'https://own.example'] })
    expect(refusalOf(await rig.token(exchange(token), other))).toBe('invalid_target: resource not served')
    expect(tokensOf(await rig.token(exchange(token, { resource: 'https://a.example' }), other))).toBeDefined()
  })

  it('does not outlive the subject', async () => {
    const rig = await begin()
    const token = await subjectToken(rig)
    rig.clock.advance(600)
    expect(tokensOf(await rig.token(exchange(token))).expires_in).toBe(300)
    rig.clock.advance(300)
    expect(refusalOf(await rig.token(exchange(token)))).toBe('invalid_request: subject token expired or revoked')
  })

  it('refuses a revoked subject, and lets what came of it go with its family', async () => {
    const rig = await begin()
    const code = await rig.code({ scope: ['read'], resources })
    const token = tokensOf(await rig.token(codeParams(code))).access_token!
    const derived = tokensOf(await rig.token(exchange(token), other)).access_token!
    await rig.token(codeParams(code))
    expect(refusalOf(await rig.token(exchange(token)))).toBe('invalid_request: subject token expired or revoked')
    expect(refusalOf(await rig.token(exchange(derived)))).toBe('invalid_request: subject token expired or revoked')
    const alone = await subjectToken(rig)
    await handleRevocationRequest(rig.config, {
      method: 'POST',
      url: `${issuer}/revoke`,
      params: { token: alone },
      headers: { authorization: basic('web', secretOf('web')) },
    })
    expect(refusalOf(await rig.token(exchange(alone)))).toBe('invalid_request: subject token expired or revoked')
  })

  it('demands that the key of the subject is proven again', async () => {
    const rig = await begin()
    const token = await subjectToken(rig, {}, { dpop: await rig.proof() })
    const stranger = await generateSigningKey('ES256')
    const refused = 'invalid_request: key of the subject token not proven'
    expect(refusalOf(await rig.token(exchange(token)))).toBe(refused)
    expect(refusalOf(await rig.token(exchange(token), { dpop: await rig.proof(stranger) }))).toBe(refused)
    expect(tokensOf(await rig.token(exchange(token), { dpop: await rig.proof() })).token_type).toBe('DPoP')
  })

  it('takes a token that a client got for itself', async () => {
    const rig = await begin({ resolveSubject: (subject) => `pairwise ${subject}` })
    const own = tokensOf(await rig.token({ grant_type: 'client_credentials' })).access_token!
    const given = tokensOf(await rig.token(exchange(own, { requested_token_type: jwtType })))
    expect(claimsOf(given.access_token)).toMatchObject({ sub: 'web', client_id: 'web' })
  })

  it('names the subject as the exchanger knows it', async () => {
    const rig = await begin({ resolveSubject: (subject, { clientId }) => `${subject}@${clientId}` })
    const token = await subjectToken(rig)
    const given = tokensOf(await rig.token(exchange(token, { requested_token_type: jwtType }), other))
    expect(claimsOf(given.access_token).sub).toBe('alice@other')
  })
})

describe('token exchange', () => {
  it('chains actors, the newest outermost', async () => {
    const rig = await start()
    const actor = async (subject: string) => subjectToken(rig, { subject })
    const actorOf = async (subject: string) => ({ actor_token: await actor(subject), actor_token_type: jwtType })
    const first = tokensOf(await rig.token(exchange(await subjectToken(rig), await actorOf('helper')))).access_token!
    expect(claimsOf(first).act).toEqual({ sub: 'helper', client_id: 'web' })
    const second = tokensOf(await rig.token(exchange(first, await actorOf('agent')))).access_token!
    expect(claimsOf(second).act).toEqual({
      sub: 'agent',
      client_id: 'web',
      act: { sub: 'helper', client_id: 'web' },
    })
    expect(claimsOf(tokensOf(await rig.token(exchange(second))).access_token).act).toEqual(claimsOf(second).act)
  })

  it('makes no chain of actors that is too long to be read again', async () => {
    const rig = await start()
    const actor = { actor_token: await subjectToken(rig), actor_token_type: jwtType }
    let token = await subjectToken(rig)
    for (let i = 0; i < 16; i++) token = tokensOf(await rig.token(exchange(token, actor))).access_token!
    expect(refusalOf(await rig.token(exchange(token, actor)))).toBe('invalid_request: too many actors')
    expect(tokensOf(await rig.token(exchange(token))).scope).toBe('read write')
  })

  it('lets only the named party act', async () => {
    const rig = await start({
      buildPrincipal: ({ grantType }) => ({
        kind: 'user',
        claims: grantType === 'authorization_code' ? { may_act: { client_id: 'other' } } : {},
      }),
    })
    const token = await subjectToken(rig)
    expect(refusalOf(await rig.token(exchange(token)))).toBe('invalid_request: may_act names another')
    expect(tokensOf(await rig.token(exchange(token), other))).toBeDefined()
  })

  it.each([{}, 'other', null, { sub: 'other' }, { client_id: 'other', iss: 'https://x.example' }])(
    'lets nobody act where may_act is %j',
    async (may_act) => {
      const rig = await start({
        buildPrincipal: ({ grantType }) => ({
          kind: 'user',
          claims: grantType === 'authorization_code' ? { may_act } : {},
        }),
      })
      expect(refusalOf(await rig.token(exchange(await subjectToken(rig))))).toMatch(/^invalid_request: .*may_act/)
    },
  )

  it('tells missing and unsupported types apart, and wants type and token together', async () => {
    const rig = await start()
    const token = await subjectToken(rig)
    const { subject_token_type: _, ...untyped } = exchange(token)
    expect(refusalOf(await rig.token(untyped))).toBe('invalid_request: missing subject_token_type')
    const { subject_token: __, ...empty } = exchange(token)
    expect(refusalOf(await rig.token(empty))).toBe('invalid_request: missing subject_token')
    const saml = 'urn:ietf:params:oauth:token-type:saml2'
    expect(refusalOf(await rig.token(exchange(token, { subject_token_type: saml })))).toBe(
      'invalid_request: unsupported subject_token_type',
    )
    expect(refusalOf(await rig.token(exchange(token, { requested_token_type: saml })))).toBe(
      'invalid_request: unsupported requested_token_type',
    )
    expect(refusalOf(await rig.token(exchange(token, { actor_token_type: jwtType })))).toBe(
      'invalid_request: actor_token_type without actor_token',
    )
    expect(refusalOf(await rig.token(exchange(token, { actor_token: token })))).toBe(
      'invalid_request: missing actor_token_type',
    )
  })

  it('refuses the token of a client that is gone', async () => {
    let isGone = false
    const rig = await start({
      loadClient: (clientId) => (isGone && clientId === 'web' ? undefined : { clientId, metadata: clients[clientId]! }),
    })
    const subject = await subjectToken(rig)
    isGone = true
    expect(refusalOf(await rig.token(exchange(subject), other))).toBe(
      'invalid_request: the client of the subject token is gone',
    )
  })

  it('is refused to public clients', async () => {
    const rig = await start()
    const outcome = await rig.token(exchange(await subjectToken(rig)), { client: 'spa' })
    expect(refusalOf(outcome)).toMatch(/^unauthorized_client/)
    expect(clients.spa).toBeDefined()
  })
})
