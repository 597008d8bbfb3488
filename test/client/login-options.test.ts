// Each option of a login that makes it stricter or says what is wanted: without it, a test here fails.
import { describe, expect, it } from 'vitest'
import { createOAuthClient, type OAuthClientOptions, parseStepUpChallenge } from '../../src/client/index.ts'
import { createSessions } from '../../src/sessions/index.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import { registeredClient } from '../support/hostile/client-setup.ts'
import type { HostileProvider, HostileProviderOptions } from '../support/hostile-provider.ts'
import { aProvider } from './rig.ts'

async function aClient(options: HostileProviderOptions = {}, more: Partial<OAuthClientOptions> = {}) {
  const provider = await aProvider({ ...options, client: { scope: 'openid profile', ...options.client } })
  const client = createOAuthClient(optionsFor(provider, { scope: 'openid profile', ...more }))
  const logIn = async (wishes = {}) =>
    client.handleCallback(provider.login(await client.createAuthorizationUrl(wishes)))
  return { provider, client, logIn }
}

const pushed = (provider: HostileProvider) => provider.requests.findLast(({ answer }) => answer === 'par')!.form

describe('what a login asks for', () => {
  it('binds the code to the key of the login (RFC 9449 10)', async () => {
    const { provider, client } = await aClient({ client: { dpop: true } }, { dpop: true })
    await client.createAuthorizationUrl()
    expect(pushed(provider).get('dpop_jkt')).toMatch(/^[\w-]{43}$/)
  })

  it('makes another key for each login', async () => {
    const { provider, client } = await aClient({ client: { dpop: true } }, { dpop: true })
    await client.createAuthorizationUrl()
    const first = pushed(provider).get('dpop_jkt')
    await client.createAuthorizationUrl()
    expect(pushed(provider).get('dpop_jkt')).not.toBe(first)
  })
})

it('reports what was let pass when the request was pushed: 200 in the place of 201 (RFC 9126 2.2)', async () => {
  const { logIn } = await aClient({ faults: { answers: { par: { status: 200 } } } })
  const { notices } = await logIn()
  expect(notices.map(({ code }) => code)).toContain('par_status')
})

describe('what a login is held against', () => {
  it('an essential authentication context, which is only reported otherwise (OpenID Connect Core 3.1.3.7)', async () => {
    const { logIn } = await aClient({ faults: { idToken: { claims: { acr: 'bronze' } } } })
    const wishes = { acrValues: ['gold'] }
    await expect(logIn(wishes)).resolves.toMatchObject({ claims: { acr: 'bronze' } })
    await expect(logIn({ ...wishes, acrEssential: true })).rejects.toMatchObject({ check: 'acr' })
  })

  it('a context that a resource challenges for, whatever scope it wants beside it (RFC 9470 3)', async () => {
    const { client, provider, logIn } = await aClient({ faults: { idToken: { claims: { acr: 'bronze' } } } })
    const challenge = (more: string) => {
      const headers = { 'www-authenticate': `Bearer error="insufficient_user_authentication", scope="pay", ${more}` }
      return parseStepUpChallenge(new Response(null, { status: 401, headers }))!
    }
    await expect(logIn(challenge('acr_values="gold"'))).rejects.toMatchObject({ check: 'acr' })
    await expect(logIn(challenge('acr_values="gold bronze"'))).resolves.toMatchObject({ claims: { acr: 'bronze' } })
    await client.createAuthorizationUrl(challenge('max_age="0"'))
    expect(pushed(provider).get('scope')).toBe('openid pay')
    const essential = { id_token: { acr: { essential: true, value: 'gold' } } }
    await client.createAuthorizationUrl({ scope: '', claims: essential })
    expect(pushed(provider).get('scope')).toBe('openid')
    // Where nothing would be held against it, and for a client that does not log in by OpenID, the scope is as given.
    await client.createAuthorizationUrl({ scope: 'pay' })
    expect(pushed(provider).get('scope')).toBe('pay')
    const plain = createOAuthClient(optionsFor(provider, { scope: 'read' }))
    await plain.createAuthorizationUrl(challenge('acr_values="gold"'))
    expect(pushed(provider).get('scope')).toBe('pay')
  })

  it('a context that "claims" asks for as essential (OpenID Connect Core 5.5.1.1)', async () => {
    const { logIn } = await aClient({ faults: { idToken: { claims: { acr: 'bronze' } } } })
    const asking = (acr: object) => logIn({ claims: { id_token: { acr } } })
    await expect(asking({ essential: true, values: ['silver', 'gold'] })).rejects.toMatchObject({ check: 'acr' })
    await expect(asking({ essential: true, value: 'gold' })).rejects.toMatchObject({ check: 'acr' })
    await expect(asking({ essential: true, values: ['gold', 'bronze'] })).resolves.toMatchObject({})
    await expect(asking({ essential: true })).resolves.toMatchObject({})
    await expect(asking({ values: ['gold'] })).resolves.toMatchObject({})
  })

  it.each([
    [{ acrEssential: true }, /"acrEssential" needs "acrValues"/],
    [{ acrEssential: true, acrValues: [] }, /"acrEssential" needs "acrValues"/],
    [{ acrValues: ['gold silver'] }, /without spaces/],
    [{ acrValues: [5] }, /without spaces/],
    [{ acrValues: 'a', claims: { id_token: { acr: { essential: true, values: ['b'] } } } }, /do not go together/],
  ])('no context that would be without effect or of two meanings: %j', async (wishes, message) => {
    const { logIn } = await aClient()
    await expect(logIn(wishes)).rejects.toThrow(message)
  })

  it('contexts with more than one space between them', async () => {
    const { logIn } = await aClient({ faults: { idToken: { claims: { acr: 'gold' } } } })
    await expect(logIn({ acrValues: ' gold  silver ', acrEssential: true })).resolves.toMatchObject({})
  })

  it('the parties that azp may name', async () => {
    const faults = { idToken: { claims: { azp: 'the other half of the app' } } }
    await expect((await aClient({ faults })).logIn()).rejects.toMatchObject({ check: 'azp' })
    const { logIn } = await aClient({ faults }, { authorizedParties: ['the other half of the app'] })
    await expect(logIn()).resolves.toMatchObject({ claims: { azp: 'the other half of the app' } })
  })

  it('the tolerance of the clock, in seconds', async () => {
    const iat = Math.floor(Date.now() / 1000) + 100
    const faults = { idToken: { claims: { iat } } }
    await expect((await aClient({ faults })).logIn()).rejects.toMatchObject({ check: 'iat' })
    const { logIn } = await aClient({ faults }, { clockTolerance: 120 })
    await expect(logIn()).resolves.toMatchObject({ claims: { iat } })
  })

  it('how long ago the user logged in', async () => {
    const { logIn } = await aClient({ faults: { idToken: { claims: { auth_time: 1000 } } } })
    await expect(logIn({ maxAge: 60 })).rejects.toMatchObject({ code: 'invalid_id_token' })
  })
})

describe('the other endpoints', () => {
  it('are not asked in a way that the server does not list, revocation included', async () => {
    const { client, provider } = await aClient({
      faults: { metadata: { revocation_endpoint_auth_methods_supported: ['private_key_jwt'] } },
    })
    await expect(client.revoke('a-token')).rejects.toMatchObject({ code: 'unsupported_by_server' })
    expect(provider.count('revocation')).toBe(0)
  })

  it('are sent the secret as their own list says, where no method was registered', async () => {
    const { client, provider } = await aClient(
      {
        client: { auth: 'client_secret_post' },
        faults: {
          metadata: {
            token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
            revocation_endpoint_auth_methods_supported: ['client_secret_post'],
          },
        },
      },
      { clientAuth: undefined as never, clientSecret: registeredClient.clientSecret },
    )
    await client.revoke('a-token')
    const { form, headers } = provider.requests.at(-1)!
    expect(form.get('client_secret')).toBe(registeredClient.clientSecret)
    expect(headers.authorization).toBeUndefined()
  })

  it('give the page where the server’s session ends, with client and state', async () => {
    const { client, provider } = await aClient({
      faults: { metadata: { end_session_endpoint: 'https://op.example/logout?p=~a%20b&flag' } },
    })
    const url = await client.createEndSessionUrl({
      idTokenHint: 'hint',
      postLogoutRedirectUri: 'https://app.example/bye',
      state: 's1',
    })
    // The endpoint's own query, as it is (RFC 6749 3.1).
    expect(url!.href.startsWith('https://op.example/logout?p=~a%20b&flag&client_id=')).toBe(true)
    expect(Object.fromEntries(url!.searchParams)).toEqual({
      p: '~a b',
      flag: '',
      client_id: registeredClient.clientId,
      id_token_hint: 'hint',
      post_logout_redirect_uri: 'https://app.example/bye',
      state: 's1',
    })
    expect(provider.count('discovery')).toBe(1)
  })

  it('say nothing twice where the page’s own query says it already', async () => {
    const { client } = await aClient({
      faults: { metadata: { end_session_endpoint: 'https://op.example/logout?client_id=other' } },
    })
    await expect(client.createEndSessionUrl()).rejects.toMatchObject({
      code: 'invalid_metadata',
      message: expect.stringContaining('"end_session_endpoint"'),
    })
  })

  it('stop when the caller does', async () => {
    const { client, logIn } = await aClient()
    const login = await logIn()
    const signal = AbortSignal.abort(new Error('gave up'))
    await expect(client.userInfo(login, { signal })).rejects.toThrow('gave up')
    await expect(client.introspect('t', { signal })).rejects.toThrow('gave up')
    await expect(client.revoke('t', { signal })).rejects.toThrow('gave up')
    await expect(client.clientCredentials({ signal })).rejects.toThrow('gave up')
    await expect(client.createAuthorizationUrl({ signal })).rejects.toThrow('gave up')
  })
})

it('finds the sessions of one sid, and ends those alone', async () => {
  const { client, provider } = await aClient({ faults: { idToken: { claims: { sid: 'sid-1' } } } })
  const sessions = createSessions({ client })
  const session = await sessions.handleCallback(provider.login(await client.createAuthorizationUrl()))
  expect(await sessions.endByIssuer({ sid: 'sid-2' })).toBe(0)
  expect(await sessions.endByIssuer({ sid: 'sid-1', subject: 'somebody else' })).toBe(0)
  expect(await sessions.endByIssuer({ sid: 'sid-1' })).toBe(1)
  await expect(sessions.get(session.id)).rejects.toMatchObject({ code: 'session_not_found' })
})

describe('unknown options', () => {
  it('are refused wherever options are taken', async () => {
    const { client, logIn } = await aClient()
    const login = await logIn()
    const calls = [
      client.refresh(login, { scopes: 'x' } as never),
      client.introspect('t', { hint: 'x' } as never),
      client.revoke('t', { hint: 'x' } as never),
      client.clientCredentials({ scopes: 'x' } as never),
      client.createEndSessionUrl({ hint: 'x' } as never),
      client.createAuthorizationUrl({ acr: 'x' } as never),
      client.userInfo(login, { timeout: 1 } as never),
    ]
    const settled = await Promise.allSettled(calls)
    for (const each of settled) {
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) })
      expect(String((each as PromiseRejectedResult).reason)).toContain('unknown option')
    }
  })

  it('and wrong ones are named', () => {
    const base = { issuer: 'https://issuer.example', clientId: 'a' }
    for (const [name, value] of [
      ['dpop', null],
      ['dpop', { algorithm: 'ES384' }],
      ['clockTolerance', Number.NaN],
      ['clientAuth', 'client_secret_basic'],
      ['transactions', {}],
      ['fetch', 'fetch'],
    ] as const) {
      expect(() => createOAuthClient({ ...base, [name]: value } as never), name).toThrow(TypeError)
      expect(() => createOAuthClient({ ...base, [name]: value } as never), name).toThrow(new RegExp(name))
    }
    expect(() => createOAuthClient(undefined as never)).toThrow(/"issuer"|options/)
  })
})
