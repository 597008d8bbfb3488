import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { alice, issuer, pds, plc } from '../support/atproto/fake-network.ts'
import { aClientKey, aRig } from './rig.ts'

const par = `${issuer}/oauth/par`
const token = `${issuer}/oauth/token`

describe('a login', () => {
  it.each([alice.handle, `@${alice.handle.toUpperCase()} `, alice.did, pds, `${pds}/`, issuer])(
    'begins with %s',
    async (identifier) => {
      const { client, network } = await aRig()
      const url = await client.createAuthorizationUrl(identifier)
      expect(url.origin).toBe(issuer)
      expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
      const session = await client.handleCallback(network.server.login(url))
      expect(session).toMatchObject({ subject: alice.did, issuer, resource: [pds] })
    },
  )

  it('hints at the account that it was begun with, and at none where it was a server', async () => {
    const { client, network } = await aRig()
    for (const identifier of [alice.handle, alice.did, pds]) await client.createAuthorizationUrl(identifier)
    const hints = network.sentTo(par).map(({ form }) => form.get('login_hint'))
    expect([...new Set(hints)]).toEqual([alice.handle, alice.did, null])
  })

  it('refuses to begin with a URL that has more to it than a server, and with what is no name', async () => {
    const { client } = await aRig()
    await expect(client.createAuthorizationUrl(`${pds}/xrpc`)).rejects.toMatchObject({ code: 'invalid_pds' })
    await expect(client.createAuthorizationUrl('alice')).rejects.toMatchObject({ code: 'invalid_handle' })
    await expect(client.createAuthorizationUrl('did:key:z6Mk')).rejects.toMatchObject({ code: 'invalid_did_type' })
  })

  it('pushes its request with PKCE, state, a proof and an assertion of its own', async () => {
    const { client, network } = await aRig()
    await client.createAuthorizationUrl(alice.handle)
    const { form, headers } = network.sentTo(par).at(-1)!
    expect(Object.fromEntries(form)).toMatchObject({
      client_id: 'https://app.hoster.dev/client-metadata.json',
      response_type: 'code',
      redirect_uri: 'https://app.hoster.dev/callback',
      scope: 'atproto transition:generic',
      code_challenge_method: 'S256',
    })
    expect(form.get('code_challenge')).toMatch(/^[\w-]{43}$/)
    expect(form.get('state')).toMatch(/^[\w-]{43}$/)
    expect(decodeProtectedHeader(headers.get('dpop')!)).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256' })
    expect(decodeJwt(form.get('client_assertion')!)).toMatchObject({ aud: issuer })
  })

  it('makes a DPoP key for each login', async () => {
    const { client, network } = await aRig()
    await client.createAuthorizationUrl(alice.handle)
    await client.createAuthorizationUrl(alice.handle)
    const keys = network
      .sentTo(par)
      .map(({ headers }) => JSON.stringify(decodeProtectedHeader(headers.get('dpop')!).jwk))
    expect(new Set(keys).size).toBe(2)
  })

  it('binds code, tokens and calls to the key of its login', async () => {
    const { logIn, network } = await aRig()
    const session = await logIn()
    await session.fetch('/xrpc/com.example.ping')
    const proven = network.sent.filter(({ headers }) => headers.has('dpop'))
    const keys = proven.map(({ headers }) => JSON.stringify(decodeProtectedHeader(headers.get('dpop')!).jwk))
    expect(new Set(keys).size).toBe(1)
    expect(new Set(proven.map(({ headers }) => decodeJwt(headers.get('dpop')!).jti)).size).toBe(proven.length)
  })

  it('keeps what the application attached, and shows nothing of its own beside it', async () => {
    const { client, network } = await aRig()
    const url = await client.createAuthorizationUrl(alice.handle, { data: { returnTo: '/inbox' } })
    expect((await client.handleCallback(network.server.login(url))).data).toEqual({ returnTo: '/inbox' })
    const plain = await client.createAuthorizationUrl(alice.handle)
    expect((await client.handleCallback(network.server.login(plain))).data).toBeUndefined()
  })

  it('asks for less where it is told to, and never for what the client has not', async () => {
    const { client, network } = await aRig()
    await client.createAuthorizationUrl(alice.handle, { scopes: [] })
    expect(network.sentTo(par).at(-1)!.form.get('scope')).toBe('atproto')
    await expect(client.createAuthorizationUrl(alice.handle, { scopes: ['transition:email'] })).rejects.toThrow(
      TypeError,
    )
    await expect(client.createAuthorizationUrl(alice.handle, { redirectUri: 'https://evil.dev/' })).rejects.toThrow(
      TypeError,
    )
    await expect(client.createAuthorizationUrl(alice.handle, { loginHint: 'x' } as never)).rejects.toThrow('loginHint')
    const asText = client.createAuthorizationUrl(alice.handle, { scopes: 'atproto' as never })
    await expect(asText).rejects.toThrow('"scopes" must be a list')
  })

  it('comes back to another redirect URI of the client', async () => {
    const redirectUri = 'https://app.hoster.dev/other'
    const { client, network } = await aRig({ extraRedirectUris: [redirectUri] })
    const url = await client.createAuthorizationUrl(alice.handle, { redirectUri })
    const callback = network.server.login(url)
    expect(callback.pathname).toBe('/other')
    expect((await client.handleCallback(callback)).subject).toBe(alice.did)
    expect(network.sentTo(token).at(-1)!.form.get('redirect_uri')).toBe(redirectUri)
  })

  it('takes a callback once, and only from the browser that began it', async () => {
    const { client, network } = await aRig()
    const browserBinding = 'b'.repeat(43)
    const url = await client.createAuthorizationUrl(alice.handle, { browserBinding })
    const callback = network.server.login(url)
    await expect(client.handleCallback(callback)).rejects.toMatchObject({ code: 'browser_mismatch' })
    await expect(client.handleCallback(callback, { browserBinding })).rejects.toMatchObject({
      code: 'unknown_transaction',
    })
    const again = network.server.login(await client.createAuthorizationUrl(alice.handle, { browserBinding }))
    expect((await client.handleCallback(new Request(again), { browserBinding })).subject).toBe(alice.did)
  })

  it('is told apart where several are under way at several servers', async () => {
    const { client, network } = await aRig()
    const [one, other] = [await client.createAuthorizationUrl(alice.handle), await client.createAuthorizationUrl(pds)]
    const second = await client.handleCallback(network.server.login(other))
    const first = await client.handleCallback(network.server.login(one))
    expect(first.id).not.toBe(second.id)
  })
})

describe('a callback', () => {
  const begin = async () => {
    const rig = await aRig()
    return { ...rig, url: await rig.client.createAuthorizationUrl(alice.handle) }
  }

  it.each([
    ['another issuer', { iss: 'https://evil.dev' }, 'issuer_mismatch'],
    ['no issuer', { iss: null }, 'issuer_mismatch'],
    ['an unknown state', { state: 'x'.repeat(43) }, 'unknown_transaction'],
    ['no state', { state: null }, 'invalid_authorization_response'],
  ])('with %s is refused, and no code is sent', async (_, changes, code) => {
    const { client, network, url } = await begin()
    await expect(client.handleCallback(network.server.login(url, changes))).rejects.toMatchObject({ code })
    expect(network.sentTo(token)).toHaveLength(0)
  })

  it('with an error says so', async () => {
    const { client, network, url } = await begin()
    const refused = network.server.login(url, { code: null, error: 'access_denied', error_description: 'no' })
    await expect(client.handleCallback(refused)).rejects.toMatchObject({
      code: 'authorization_error',
      error: 'access_denied',
    })
  })

  it('looks the account up anew, whatever is in memory', async () => {
    const { client, network, url } = await begin()
    const before = network.sentTo(`${plc}/${alice.did}`).length
    await client.handleCallback(network.server.login(url))
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(before + 1)
    expect(network.sentTo(`${pds}/.well-known/oauth-protected-resource`).length).toBeGreaterThan(1)
  })
})

describe('a client key', () => {
  it('serves a session through rotation: new logins use the new key, old sessions theirs', async () => {
    const [old, newer] = [await aClientKey('old'), await aClientKey('new')]
    const rig = await aRig({ key: old })
    const session = await rig.logIn()
    const rotated = rig.anotherClient({ key: [newer, old] })
    const same = await rotated.sessions.get(session.id)
    await same.refresh()
    await rotated.createAuthorizationUrl(alice.handle)
    const kidOf = (form: URLSearchParams) => decodeProtectedHeader(form.get('client_assertion')!).kid
    expect(kidOf(rig.network.sentTo(token).at(-1)!.form)).toBe('old')
    expect(kidOf(rig.network.sentTo(par).at(-1)!.form)).toBe('new')
    expect(rotated.jwks.keys.map(({ kid }) => kid)).toEqual(['new', 'old'])
    await same.logout()
    expect(kidOf(rig.network.sentTo(`${issuer}/oauth/revoke`).at(-1)!.form)).toBe('old')
  })

  it('serves a login that was begun before the rotation', async () => {
    const [old, newer] = [await aClientKey('old'), await aClientKey('new')]
    const rig = await aRig({ key: old })
    const url = await rig.client.createAuthorizationUrl(alice.handle)
    const rotated = rig.anotherClient({ key: [newer, old] })
    expect((await rotated.handleCallback(rig.network.server.login(url))).subject).toBe(alice.did)
  })

  it('that is gone is missed by name, and the session kept', async () => {
    const [old, newer] = [await aClientKey('old'), await aClientKey('new')]
    const rig = await aRig({ key: old })
    const session = await rig.logIn()
    const forgetful = await rig.anotherClient({ key: newer }).sessions.get(session.id)
    await expect(forgetful.refresh()).rejects.toMatchObject({ cause: { code: 'unknown_client_key' } })
    const imposter = await rig.anotherClient({ key: { ...newer, kid: 'old' } }).sessions.get(session.id)
    await expect(imposter.refresh()).rejects.toMatchObject({ cause: { code: 'unknown_client_key' } })
    const restored = rig.anotherClient({ key: [newer, old] })
    await (await restored.sessions.get(session.id)).refresh()
    expect(await session.status()).not.toBe('expired')
  })
})

describe('the client of development', () => {
  it('is public: it logs in with proofs and without an assertion', async () => {
    const { client, logIn, network } = await aRig({ localhost: true, baseUrl: 'http://127.0.0.1:8123' })
    expect(client.clientId).toBe(
      'http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8123%2Fcallback&scope=atproto%20transition%3Ageneric',
    )
    expect(client.clientMetadata).toMatchObject({ token_endpoint_auth_method: 'none', application_type: 'native' })
    const session = await logIn()
    await session.refresh()
    await session.logout()
    expect(network.sent.some(({ form }) => form.has('client_assertion'))).toBe(false)
    expect(network.server.refreshTokens.size + network.server.accessTokens.size).toBeLessThan(2)
  })

  it('has no key, whatever production has', async () => {
    const { client, logIn } = await aRig({ localhost: true, baseUrl: 'http://[::1]:8123', key: await aClientKey() })
    expect(client.clientMetadata).not.toHaveProperty('jwks')
    expect((await logIn()).subject).toBe(alice.did)
  })
})
