import { describe, expect, it } from 'vitest'
import { createOAuthClient, none, type OAuthClientOptions } from '../../src/client/index.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { generateSigningKey } from '../../src/lib/signatures/node.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { optionsFor as registeredOptions } from '../support/hostile/client-options.ts'
import { absent } from '../support/hostile/patch.ts'
import type { HostileProvider, HostileProviderOptions } from '../support/hostile-provider.ts'
import { offlineScope, aProvider as startProvider } from './rig.ts'

const aProvider = (options: HostileProviderOptions = {}) =>
  startProvider({ client: { scope: offlineScope }, ...options })
const optionsFor = (provider: HostileProvider, more: Partial<OAuthClientOptions> = {}) =>
  registeredOptions(provider, { scope: offlineScope, ...more })
const text = (value: string) => value as unknown as boolean

describe('createOAuthClient', () => {
  it('refuses an unknown option by its name', () => {
    const options = { issuer: 'https://issuer.example', clientId: 'a', redirectURL: 'https://a.example' }
    expect(() => createOAuthClient(options as never)).toThrow(/unknown option "redirectURL"/)
  })

  it.each([
    ['issuer', { issuer: '', clientId: 'a' }],
    ['clientId', { issuer: 'https://issuer.example', clientId: '' }],
    ['redirectUri', { issuer: 'https://issuer.example', clientId: 'a', redirectUri: 'javascript:alert(1)' }],
    ['scope', { issuer: 'https://issuer.example', clientId: 'a', scope: 'openid "x"' }],
    ['timeout', { issuer: 'https://issuer.example', clientId: 'a', timeout: 0 }],
    ['dpop.alg', { issuer: 'https://issuer.example', clientId: 'a', dpop: { alg: 'HS256' as 'ES256' } }],
    // From the environment, and true as any text is.
    ['allowLoopbackHttp', { issuer: 'https://issuer.example', clientId: 'a', allowLoopbackHttp: text('false') }],
    ['allowBearerDowngrade', { issuer: 'https://issuer.example', clientId: 'a', allowBearerDowngrade: text('false') }],
    ['requireScope', { issuer: 'https://issuer.example', clientId: 'a', requireScope: text('true') }],
    ['discover', { issuer: 'https://issuer.example', clientId: 'a', discover: text('false') }],
  ])('names %s when it is missing or malformed', (name, options) => {
    expect(() => createOAuthClient(options)).toThrow(new RegExp(`"${name}"`))
  })

  it('takes an issuer given as URL for the identifier without the slash that URL adds', () => {
    const client = createOAuthClient({ issuer: new URL('https://issuer.example'), clientId: 'a' })
    expect(client.issuer).toBe('https://issuer.example')
  })
})

describe('createAuthorizationUrl', () => {
  it('pushes the request where the server can take it, and sends nothing else with the browser', async () => {
    const provider = await aProvider()
    const url = await createOAuthClient(optionsFor(provider)).createAuthorizationUrl()
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
    expect(provider.count('par')).toBe(1)
  })

  it('asks for what the call asks for, over what the client is configured with', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider, { resource: 'https://api.example' }))
    await client.createAuthorizationUrl({
      scope: 'openid email',
      resource: 'https://other.example',
      prompt: 'login',
      loginHint: 'alice',
      acrValues: ['gold', 'silver'],
      maxAge: 60,
      extraParameters: { tenant: 't1' },
    })
    const form = provider.requests.findLast(({ answer }) => answer === 'par')!.form
    expect(Object.fromEntries(form)).toMatchObject({
      scope: 'openid email',
      resource: 'https://other.example',
      prompt: 'login',
      login_hint: 'alice',
      acr_values: 'gold silver',
      max_age: '60',
      tenant: 't1',
      code_challenge_method: 'S256',
      response_type: 'code',
    })
  })

  it('lets nobody set a parameter that is the library’s own', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider))
    await expect(client.createAuthorizationUrl({ extraParameters: { state: 'mine' } })).rejects.toThrow(/"state"/)
    await expect(client.createAuthorizationUrl({ redirectUri: 'x' } as never)).rejects.toThrow(/unknown option/)
  })

  it('makes another state, nonce and verifier each time', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider))
    await Promise.all([client.createAuthorizationUrl(), client.createAuthorizationUrl()])
    const [first, second] = provider.requests.filter(({ answer }) => answer === 'par').map(({ form }) => form)
    for (const name of ['state', 'nonce', 'code_challenge']) expect(first!.get(name)).not.toBe(second!.get(name))
  })

  it('says that the client has no redirect URI', async () => {
    const provider = await aProvider()
    const { redirectUri, ...options } = optionsFor(provider)
    await expect(createOAuthClient(options).createAuthorizationUrl()).rejects.toThrow(/"redirectUri"/)
    expect(redirectUri).toBeTypeOf('string')
  })

  it('refuses a server that requires pushed requests and has no endpoint for them', async () => {
    const provider = await aProvider({
      faults: {
        metadata: { pushed_authorization_request_endpoint: null as never, require_pushed_authorization_requests: true },
      },
    })
    const client = createOAuthClient(
      optionsFor(provider, {
        discover: false,
        metadata: {
          authorization_endpoint: `${provider.issuer}/authorize`,
          token_endpoint: `${provider.issuer}/token`,
          require_pushed_authorization_requests: true,
        },
      }),
    )
    await expect(client.createAuthorizationUrl()).rejects.toMatchObject({
      code: 'missing_metadata',
      field: 'pushed_authorization_request_endpoint',
    })
  })

  it('keeps no login that nobody waits for', async () => {
    const provider = await aProvider({ faults: { metadata: { pushed_authorization_request_endpoint: absent } } })
    let written = 0
    const store = createMemoryStore()
    const transactions: RecordStore = {
      ...store,
      commit(changes) {
        written++
        return store.commit(changes)
      },
    }
    const client = createOAuthClient(optionsFor(provider, { transactions }))
    await client.metadata()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(client.createAuthorizationUrl({ signal })).rejects.toThrow('enough')
    expect(written).toBe(0)
    await client.createAuthorizationUrl()
    expect(written).toBe(1)
  })

  it('needs no discovery where it is given the metadata', async () => {
    const provider = await aProvider()
    const { issuer } = provider
    const client = createOAuthClient(
      optionsFor(provider, {
        discover: false,
        metadata: {
          authorization_endpoint: `${issuer}/authorize`,
          pushed_authorization_request_endpoint: `${issuer}/par`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          id_token_signing_alg_values_supported: ['ES256'],
        },
      }),
    )
    const login = await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    expect(login.claims?.iss).toBe(issuer)
    expect(provider.count('discovery')).toBe(0)
  })
})

describe('handleCallback', () => {
  it('gives tokens, claims and checks, and the data of the application', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider))
    const url = await client.createAuthorizationUrl({ data: { returnTo: '/inbox' } })
    const login = await client.handleCallback(new Request(provider.login(url)))
    expect(login).toMatchObject({ issuer: provider.issuer, data: { returnTo: '/inbox' } })
    expect(login.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(login.checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['signature', 'aud', 'nonce', 'exp']))
  })

  it('takes a callback once, also of two at the same time', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider))
    const callback = provider.login(await client.createAuthorizationUrl())
    const settled = await Promise.allSettled([client.handleCallback(callback), client.handleCallback(callback)])
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await expect(client.handleCallback(callback)).rejects.toMatchObject({ code: 'unknown_transaction' })
    expect(provider.count('token')).toBe(1)
  })

  it('spends no login for who is gone already', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider))
    const callback = provider.login(await client.createAuthorizationUrl())
    const signal = AbortSignal.abort(new Error('gone'))
    await expect(client.handleCallback(callback, { signal })).rejects.toThrow('gone')
    expect((await client.handleCallback(callback)).claims?.sub).toBeDefined()
  })

  it('spends no login while the server cannot be discovered, as a process that has just begun must', async () => {
    const provider = await aProvider()
    const options = optionsFor(provider, { transactions: createMemoryStore() })
    const callback = provider.login(await createOAuthClient(options).createAuthorizationUrl())
    const down: Fetch = async (request) =>
      request.url.includes('/.well-known/') ? new Response('down', { status: 503 }) : fetch(request)
    await expect(createOAuthClient({ ...options, fetch: down }).handleCallback(callback)).rejects.toMatchObject({
      code: 'unexpected_status',
    })
    expect((await createOAuthClient(options).handleCallback(callback)).claims?.sub).toBeDefined()
  })

  it('spends the login on an error response, too', async () => {
    const provider = await aProvider({ faults: { callback: { error: 'access_denied' } } })
    const client = createOAuthClient(optionsFor(provider))
    const callback = provider.login(await client.createAuthorizationUrl())
    await expect(client.handleCallback(callback)).rejects.toMatchObject({ error: 'access_denied' })
    await expect(client.handleCallback(callback)).rejects.toMatchObject({ code: 'unknown_transaction' })
  })

  it('tells a login that took too long from one that it never knew', async () => {
    const clock = createFakeRuntime()
    const provider = await aProvider({ now: clock.now })
    const client = createOAuthClient(optionsFor(provider, { runtime: clock }))
    const callback = provider.login(await client.createAuthorizationUrl())
    clock.advance(10 * 60_000)
    await expect(client.handleCallback(callback)).rejects.toMatchObject({ code: 'expired_transaction' })
    await expect(client.handleCallback(callback)).rejects.toMatchObject({ code: 'unknown_transaction' })
  })

  it('refuses the answer of one issuer for the login of another, over one store (mix-up)', async () => {
    const [first, second] = await Promise.all([aProvider(), aProvider()])
    const transactions = createMemoryStore()
    const one = createOAuthClient(optionsFor(first, { transactions }))
    const two = createOAuthClient(optionsFor(second, { transactions }))
    const callback = first.login(await one.createAuthorizationUrl())
    await expect(two.handleCallback(callback)).rejects.toMatchObject({ code: 'issuer_mismatch' })
    expect(second.count('token')).toBe(0)
  })

  it('keeps the secrets of the login out of its errors', async () => {
    const provider = await aProvider({
      faults: { answers: { token: { status: 400, body: '{"error":"invalid_grant"}' } } },
    })
    const client = createOAuthClient(optionsFor(provider))
    const callback = provider.login(await client.createAuthorizationUrl())
    const error = await client.handleCallback(callback).catch((cause: Error) => cause)
    const text = `${JSON.stringify(error)} ${(error as Error).message}`
    for (const secret of provider.secrets()) expect(text).not.toContain(secret)
  })

  it('goes without an id_token where openid was not asked for', async () => {
    const provider = await aProvider({ client: { scope: 'profile' } })
    const client = createOAuthClient(optionsFor(provider, { scope: 'profile' }))
    const login = await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    expect(login.claims).toBeUndefined()
    expect(login.checks).toEqual([])
  })
})

describe('grants and endpoints of a client', () => {
  async function aLogin(options: HostileProviderOptions = {}) {
    const provider = await aProvider(options)
    const client = createOAuthClient(optionsFor(provider))
    const login = await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    return { provider, client, login }
  }

  it('refreshes with the claims of the login carried on', async () => {
    const { client, login } = await aLogin()
    const refreshed = await client.refresh(login)
    expect(refreshed.claims?.sub).toBe(login.claims?.sub)
    expect(refreshed.tokens.refreshToken).not.toBe(login.tokens.refreshToken)
  })

  it('says of a refreshed token where it is for: what was asked for now, else what was at login', async () => {
    const { provider, client, login } = await aLogin()
    expect(login.tokens.resource).toBeUndefined()
    const refreshed = await client.refresh(login, { resource: 'https://api.example' })
    expect(provider.requests.findLast(({ target }) => target === '/token')!.form.get('resource')).toBe(
      'https://api.example',
    )
    expect(refreshed.tokens.resource).toEqual(['https://api.example'])
    const at = { ...refreshed, tokens: { ...refreshed.tokens, resource: ['https://other.example'] } }
    expect((await client.refresh(at)).tokens.resource).toEqual(['https://other.example'])
  })

  it('shows a token that a refresh brought unbound, where that is allowed, as the Bearer token that it is', async () => {
    const { provider, client, login } = await aLogin()
    expect(login.tokens.tokenType).toBe('Bearer')
    await client.userInfo({ ...login, dpopKey: await generateSigningKey('ES256') })
    const { headers } = provider.requests.findLast(({ answer }) => answer === 'userinfo')!
    expect(headers.authorization).toBe(`Bearer ${login.tokens.accessToken}`)
    expect(headers.dpop).toBeUndefined()
  })

  it('sends a refresh token to no other issuer', async () => {
    const { login } = await aLogin()
    const other = await aProvider()
    await expect(createOAuthClient(optionsFor(other)).refresh(login)).rejects.toThrow(TypeError)
    expect(other.requests).toEqual([])
  })

  it('is not used up by a HEAD or a PUT at the callback', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider))
    const callback = provider.login(await client.createAuthorizationUrl())
    for (const method of ['HEAD', 'PUT', 'OPTIONS']) {
      await expect(client.handleCallback(new Request(callback, { method }))).rejects.toThrow(/not used up/)
    }
    expect((await client.handleCallback(new Request(callback))).claims?.sub).toBeDefined()
  })

  it('says that a token was broken where it was kept, not that the network was', async () => {
    const { client, login } = await aLogin()
    const broken = { ...login, tokens: { ...login.tokens, accessToken: 'a\nb' } }
    await expect(client.userInfo(broken)).rejects.toMatchObject({ name: 'RequestError', code: 'malformed_token' })
  })

  it('reads the claims of the user, and refuses those of another', async () => {
    const { client, login } = await aLogin()
    expect((await client.userInfo(login)).sub).toBe(login.claims?.sub)
    expect((await client.userInfo(login, { tokenIn: 'body' })).sub).toBe(login.claims?.sub)
    const wrong = [{ tokenIn: 'query' as never }, { tokenin: 'body' } as never]
    for (const options of wrong) await expect(client.userInfo(login, options)).rejects.toThrow(TypeError)
    const hostile = await aLogin({ faults: { answers: { userinfo: { json: { sub: 'mallory' } } } } })
    await expect(hostile.client.userInfo(hostile.login)).rejects.toMatchObject({ code: 'userinfo_subject_mismatch' })
  })

  it('knows a revoked token for not active', async () => {
    const { client, login } = await aLogin()
    expect(await client.introspect(login.tokens.accessToken)).toMatchObject({ active: true })
    await client.revoke(login.tokens.accessToken, { tokenTypeHint: 'access_token' })
    expect(await client.introspect(login.tokens.accessToken)).toEqual({ active: false })
  })

  it('gets a token for the client itself, and refuses to for a public client', async () => {
    const { client, provider } = await aLogin()
    const { tokens } = await client.clientCredentials({ scope: 'api' })
    expect(tokens).toMatchObject({ scope: 'api', tokenType: 'Bearer' })
    const publicClient = createOAuthClient(optionsFor(provider, { clientAuth: none() }))
    await expect(publicClient.clientCredentials()).rejects.toThrow(TypeError)
  })
})
