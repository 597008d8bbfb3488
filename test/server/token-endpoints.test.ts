import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { createDpopProof } from '../../src/protocol/dpop-proof.ts'
import {
  handleIntrospectionRequest,
  handleRevocationRequest,
  handleUserInfoRequest,
  type RegisteredClient,
  selectClaims,
  type TokenEndpointOptions,
} from '../../src/server/index.ts'
import {
  basic,
  claimsOf,
  clients,
  codeParams,
  createRig,
  issuer,
  type Rig,
  refreshParams,
  refusalOf,
  secretOf,
  storeMethods,
  tokensOf,
} from './rig.ts'

const request = (path: string, params: Record<string, string>, clientId: string) => ({
  method: 'POST',
  url: `${issuer}/${path}`,
  params,
  headers: { authorization: basic(clientId, secretOf(clientId)) },
})

async function introspect(rig: Rig, token = '', clientId = 'web') {
  const outcome = await handleIntrospectionRequest(rig.config, request('introspect', { token }, clientId))
  if (!outcome.ok) throw new Error(outcome.error.error)
  return outcome.response.claims
}

async function revoke(rig: Rig, token = '', clientId = 'web') {
  return handleRevocationRequest(rig.config, request('revoke', { token }, clientId))
}

const login = async (rig: Rig, how: object = {}, input: object = {}) =>
  tokensOf(await rig.token(codeParams(await rig.code(input)), how))
const inactive = { active: false }

describe.each(['jwt', 'opaque'] as const)('introspection of %s tokens', (format) => {
  const start = (options: Partial<TokenEndpointOptions> = {}) => createRig({ accessTokens: { format }, ...options })

  it('tells a client all about its own token', async () => {
    const rig = await start()
    const { access_token: token } = await login(rig, { dpop: await rig.proof() }, { acr: 'mfa' })
    expect(await introspect(rig, token)).toMatchObject({
      active: true,
      iss: issuer,
      sub: 'alice',
      aud: issuer,
      client_id: 'web',
      scope: 'openid offline_access read write',
      token_type: 'DPoP',
      acr: 'mfa',
      cnf: { jkt: rig.key.thumbprint },
    })
  })

  it('says exactly {"active": false} for what is unknown, expired, revoked or not the business of the caller', async () => {
    const rig = await start()
    const tokens = await login(rig)
    expect(await introspect(rig, 'nonsense')).toEqual(inactive)
    expect(await introspect(rig, tokens.access_token, 'other')).toEqual(inactive)
    expect(await introspect(rig, tokens.id_token)).toEqual(inactive)
    expect(await introspect(rig, tokens.access_token)).toHaveProperty('active', true)
    await revoke(rig, tokens.access_token)
    expect(await introspect(rig, tokens.access_token)).toEqual(inactive)
    const late = await login(rig)
    rig.clock.advance(900)
    expect(await introspect(rig, late.access_token)).toEqual(inactive)
  })

  it('lets a reuse of the code revoke every access token of the family, those of refreshes too', async () => {
    const rig = await start()
    const code = await rig.code()
    const first = tokensOf(await rig.token(codeParams(code)))
    const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
    expect(await introspect(rig, second.access_token)).toHaveProperty('active', true)
    await rig.token(codeParams(code))
    expect(await introspect(rig, first.access_token)).toEqual(inactive)
    expect(await introspect(rig, second.access_token)).toEqual(inactive)
  })

  it('does not ask the host about inactive tokens, and trusts its word about others', async () => {
    const asked: string[] = []
    const rig = await start({
      authorizeIntrospection: ({ caller }) => {
        asked.push(caller.clientId)
        return caller.clientId === 'other'
      },
    })
    const { access_token: token } = await login(rig)
    await introspect(rig, 'nonsense')
    expect(asked).toEqual([])
    expect(await introspect(rig, token, 'other')).toHaveProperty('active', true)
    expect(await introspect(rig, token)).toEqual(inactive)
    await revoke(rig, token)
    await introspect(rig, token, 'other')
    expect(asked).toEqual(['other', 'web'])
  })

  it('trusts the audiences of the client of the token, not those of the caller', async () => {
    const resource = 'https://own.example'
    let served = [resource]
    const rig = await start({
      clientResources: ({ clientId }) => (clientId === 'web' ? served : []),
      authorizeIntrospection: () => true,
    })
    const token = (await login(rig, {}, { resources: [resource] })).access_token
    expect(await introspect(rig, token, 'other')).toHaveProperty('active', true)
    served = []
    expect(await introspect(rig, token, 'other')).toEqual(inactive)
  })

  it('gives the pairwise subject of the client of the token', async () => {
    const rig = await start({
      resolveSubject: (subject, { clientId }) => `${subject}@${clientId}`,
      authorizeIntrospection: () => true,
    })
    const { access_token: token } = await login(rig)
    expect(await introspect(rig, token, 'other')).toHaveProperty('sub', 'alice@web')
  })

  it('forgets the tokens of a client that is gone', async () => {
    let there = true
    const rig = await start({
      loadClient: (clientId): RegisteredClient | undefined =>
        clientId === 'other' || there ? { clientId, metadata: clients.web! } : undefined,
      authorizeIntrospection: () => true,
    })
    const { access_token: token } = await login(rig)
    there = false
    expect(await introspect(rig, token, 'other')).toEqual(inactive)
  })
})

describe('introspection', () => {
  it('tells a client, and nobody else, about its refresh token', async () => {
    const rig = await createRig()
    const { refresh_token: token } = await login(rig)
    expect(await introspect(rig, token)).toMatchObject({ active: true, client_id: 'web', sub: 'alice' })
    expect(await introspect(rig, token, 'other')).toEqual(inactive)
    await rig.token(refreshParams(token))
    expect(await introspect(rig, token)).toEqual(inactive)
  })

  it('names the host that gives a refresh token no subject', async () => {
    const rig = await createRig()
    const { refresh_token: token } = await login(rig)
    const outcome = await handleIntrospectionRequest(
      { ...rig.config, resolveSubject: () => 5 as never },
      { ...(await rig.request({ token: token! })), url: `${issuer}/introspect` },
    )
    expect(outcome.events[0]?.metadata.reason).toBe('resolveSubject gave no text')
  })

  it('answers signed where that is asked for', async () => {
    const rig = await createRig()
    const { access_token: token } = await login(rig)
    const params = { token: token! }
    const outcome = await handleIntrospectionRequest(rig.config, request('introspect', params, 'web'), { signed: true })
    const jwt = outcome.ok ? outcome.response.jwt! : ''
    expect(JSON.parse(atob(jwt.split('.')[0]!))).toMatchObject({ typ: 'token-introspection+jwt', alg: 'RS256' })
    expect(claimsOf(jwt)).toEqual({
      iss: issuer,
      aud: 'web',
      iat: rig.clock.now() / 1000,
      token_introspection: expect.objectContaining({ active: true, sub: 'alice' }),
    })
  })

  it('wants a confidential client and a token', async () => {
    const rig = await createRig()
    const anonymous = { ...request('introspect', { token: 'x', client_id: 'spa' }, 'web'), headers: {} }
    const denied = await handleIntrospectionRequest(rig.config, anonymous)
    expect(!denied.ok && denied.error.error).toBe('invalid_client')
    expect(denied.events.map((event) => event.name)).toEqual(['auth_denied'])
    const empty = await handleIntrospectionRequest(rig.config, request('introspect', {}, 'web'))
    expect(!empty.ok && empty.error.error).toBe('invalid_request')
  })
})

describe('revocation', () => {
  it('takes the family with a refresh token, and says what it revoked in one event', async () => {
    const rig = await createRig()
    const tokens = await login(rig)
    const outcome = await revoke(rig, tokens.refresh_token)
    expect(outcome.ok).toBe(true)
    expect(outcome.events).toMatchObject([{ name: 'token_revoked', subject: 'alice', clientId: 'web' }])
    expect(refusalOf(await rig.token(refreshParams(tokens.refresh_token)))).toBe('invalid_grant: family revoked')
    expect(await introspect(rig, tokens.access_token)).toEqual(inactive)
    expect((await revoke(rig, tokens.refresh_token)).events).toEqual([])
  })

  it('leaves the family with an access token', async () => {
    const rig = await createRig()
    const tokens = await login(rig)
    await revoke(rig, tokens.access_token)
    expect(tokensOf(await rig.token(refreshParams(tokens.refresh_token)))).toBeDefined()
  })

  it('revokes a JWT that is not remembered', async () => {
    const rig = await createRig()
    const { access_token: token } = tokensOf(await rig.token({ grant_type: 'client_credentials' }))
    expect(await introspect(rig, token)).toHaveProperty('active', true)
    await revoke(rig, token)
    expect(await introspect(rig, token)).toEqual(inactive)
  })

  it('says 200 for anything unknown, and leaves the tokens of another client alone', async () => {
    const rig = await createRig()
    const tokens = await login(rig)
    for (const token of ['nonsense', tokens.access_token, tokens.refresh_token, tokens.id_token]) {
      const outcome = await revoke(rig, token, 'other')
      expect(outcome).toMatchObject({ ok: true, events: [] })
    }
    expect(await introspect(rig, tokens.access_token)).toHaveProperty('active', true)
    expect(tokensOf(await rig.token(refreshParams(tokens.refresh_token)))).toBeDefined()
  })

  it('leaves the family alone when an expired token is revoked', async () => {
    const rig = await createRig({ lifetimes: { refreshToken: 1_000 } })
    const tokens = await login(rig)
    rig.clock.advance(500)
    const next = tokensOf(await rig.token(refreshParams(tokens.refresh_token)))
    rig.clock.advance(600)
    expect((await revoke(rig, tokens.refresh_token)).ok).toBe(true)
    expect((await revoke(rig, tokens.access_token)).ok).toBe(true)
    expect(tokensOf(await rig.token(refreshParams(next.refresh_token)))).toBeDefined()
  })

  it('says 503 for a store that fails', async () => {
    const rig = await createRig()
    const tokens = await login(rig)
    const store = { ...storeMethods(rig.store), get: async () => Promise.reject(new Error('down')) }
    const failing = await createRig({}, store)
    const outcome = await revoke(failing, tokens.refresh_token)
    expect(!outcome.ok && outcome.error.status).toBe(503)
  })
})

describe('userinfo', () => {
  const user = { name: 'Alice', email: 'alice@mail.example', phone_number: '+1', sub: 'mallory' }
  const start = (options: Partial<TokenEndpointOptions> = {}) =>
    createRig({
      claimsParameter: true,
      buildIdTokenClaims: ({ scope, claims, target }) =>
        selectClaims(user, { scope, target, ...(claims && { claims }) }),
      ...options,
    })
  const url = `${issuer}/userinfo`
  const get = async (rig: Rig, authorization: string | undefined, more: object = {}) =>
    handleUserInfoRequest(rig.config, {
      method: 'GET',
      url,
      headers: { ...(authorization && { authorization }), ...more },
    })

  it('gives the claims of the scope and those asked for one by one, sub always and never another', async () => {
    const rig = await start()
    const claims = { userinfo: { phone_number: null } }
    const { access_token: token, id_token: idToken } = await login(rig, {}, { scope: ['openid', 'email'], claims })
    const outcome = await get(rig, `Bearer ${token}`)
    expect(outcome.ok && outcome.response.claims).toEqual({
      sub: 'alice',
      email: 'alice@mail.example',
      phone_number: '+1',
    })
    expect(claimsOf(idToken)).not.toHaveProperty('email')
  })

  it('keeps the claims that were asked for through a refresh', async () => {
    const rig = await start()
    const tokens = await login(rig, {}, { claims: { userinfo: { phone_number: null } } })
    const { access_token: token } = tokensOf(await rig.token(refreshParams(tokens.refresh_token)))
    const outcome = await get(rig, `Bearer ${token}`)
    expect(outcome.ok && outcome.response.claims).toHaveProperty('phone_number')
  })

  it('takes the token from a form too, and from one place only', async () => {
    const rig = await start()
    const { access_token: token } = await login(rig)
    const post = { method: 'POST', url, params: { access_token: token! } }
    expect((await handleUserInfoRequest(rig.config, post)).ok).toBe(true)
    const both = await handleUserInfoRequest(rig.config, { ...post, headers: { authorization: `Bearer ${token}` } })
    expect(!both.ok && both.error).toMatchObject({ error: 'invalid_request', status: 400 })
  })

  it('refuses a token that is for other resources alone: their owner learns nothing by it', async () => {
    const rig = await start({ resources: ['https://api.example', url] })
    const ask = async (resources: string[]) => {
      const { access_token: token } = await login(rig, {}, { resources })
      const outcome = await get(rig, `Bearer ${token}`)
      return outcome.ok ? 'claims' : `${outcome.error.error}: ${outcome.events[0]?.metadata.reason}`
    }
    expect(await ask(['https://api.example'])).toBe('invalid_token: access token for another audience')
    expect(await ask(['https://api.example', issuer])).toBe('claims')
    expect(await ask([url])).toBe('claims')
    expect(await ask([])).toBe('claims')
  })

  it('is signed where the client registered that', async () => {
    const rig = await start({
      loadClient: (clientId) => ({ clientId, metadata: { ...clients.web, userinfo_signed_response_alg: 'ES256' } }),
    })
    const { access_token: token } = await login(rig)
    const outcome = await get(rig, `Bearer ${token}`)
    expect(claimsOf(outcome.ok ? outcome.response.jwt : '')).toMatchObject({ iss: issuer, aud: 'web', sub: 'alice' })
  })

  it('refuses unknown, revoked and expired tokens with a challenge, and asks plainly where none came', async () => {
    const rig = await start()
    const { access_token: token } = await login(rig)
    await revoke(rig, token)
    for (const value of ['nonsense', token]) {
      const outcome = await get(rig, `Bearer ${value}`)
      expect(!outcome.ok && outcome.error.status).toBe(401)
      expect(!outcome.ok && outcome.error.headers['www-authenticate']).toContain('error="invalid_token"')
    }
    const bare = await get(rig, undefined)
    expect(!bare.ok && bare.error.headers['www-authenticate']).not.toContain('error=')
  })

  it('refuses a token without openid, and the token of a client itself', async () => {
    const rig = await start()
    const { access_token: token } = await login(rig, {}, { scope: ['read'] })
    const outcome = await get(rig, `Bearer ${token}`)
    expect(!outcome.ok && outcome.error).toMatchObject({ error: 'insufficient_scope', status: 403 })
  })

  it('wants a bound token by its scheme, with a fresh proof of its key and for this token', async () => {
    const rig = await start()
    const { access_token: token } = await login(rig, { dpop: await rig.proof() })
    const prove = async (key = rig.key, accessToken = token!) =>
      createDpopProof(key, { method: 'GET', url, accessToken }, rig.clock)
    const dpop = await prove()
    expect((await get(rig, `DPoP ${token}`, { dpop })).ok).toBe(true)
    const refused = [
      await get(rig, `DPoP ${token}`, { dpop }),
      await get(rig, `Bearer ${token}`, { dpop: await prove() }),
      await get(rig, `DPoP ${token}`),
      await get(rig, `DPoP ${token}`, { dpop: await prove(await generateSigningKey('ES256')) }),
      await get(rig, `DPoP ${token}`, { dpop: await prove(rig.key, 'another') }),
    ]
    for (const outcome of refused) expect(!outcome.ok && outcome.error.status).toBe(401)
  })

  it('wants the certificate of a token that is bound to one, and no other', async () => {
    const rig = await start({ mtls: true })
    /** SEQUENCE { SEQUENCE { INTEGER 1 } INTEGER n }: the outline of a certificate. */
    const certificate = (n: number) => ({
      certificate: Uint8Array.from([0x30, 0x08, 0x30, 0x03, 0x02, 0x01, 0x01, 0x02, 0x01, n]),
    })
    const { access_token: token } = await login(rig, { certificate: certificate(2) })
    const ask = (more: object) =>
      handleUserInfoRequest(rig.config, { method: 'GET', url, headers: { authorization: `Bearer ${token}` }, ...more })
    expect((await ask({ certificate: certificate(2) })).ok).toBe(true)
    for (const more of [{}, { certificate: certificate(3) }]) {
      const outcome = await ask(more)
      expect(!outcome.ok && outcome.error).toMatchObject({ error: 'invalid_token', status: 401 })
    }
  })
})
