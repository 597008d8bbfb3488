import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  type AtprotoTokenResult,
  createAuthorizationUrl,
  createClientMetadata,
  generateDpopKey,
  getAuthorizationServerMetadata,
  type RevocationFailed,
  refreshToken,
  repoPermission,
  revokeTokens,
  validateAuthorizationCode,
} from '../../src/atproto/index.ts'
import { alice, createFakeNetwork, issuer } from '../support/atproto/fake-network.ts'
import { aClientKey } from './rig.ts'

const clientId = 'https://app.hoster.dev/client-metadata.json'
const redirectUri = 'https://app.hoster.dev/callback'
const codeVerifier = 'v'.repeat(43)

/** Everything from plain values: no client, no store. */
async function aFlow() {
  const network = createFakeNetwork()
  const key = await aClientKey()
  const server = { fetch: network.fetch, runtime: network.clock }
  const options = { ...server, clientId, key }
  network.server.clients.set(clientId, createClientMetadata({ clientId, redirectUri, keys: [key] }))
  const metadata = await getAuthorizationServerMetadata(issuer, server)
  const dpopKey = await generateDpopKey()
  const begin = (more: object = {}) =>
    createAuthorizationUrl(metadata, {
      ...options,
      redirectUri,
      dpopKey,
      state: 'a-state',
      codeVerifier,
      loginHint: alice.handle,
      ...more,
    })
  const finish = async (): Promise<AtprotoTokenResult> => {
    const code = network.server.login(await begin()).searchParams.get('code')!
    return await validateAuthorizationCode(metadata, dpopKey, code, codeVerifier, { ...options, redirectUri })
  }
  return { network, options, metadata, dpopKey, begin, finish }
}

describe('the functions that work alone', () => {
  it('push a request, and give a URL with client_id and request_uri alone', async () => {
    const { begin, network, dpopKey } = await aFlow()
    const url = await begin({ scopes: [repoPermission({ collections: 'app.bsky.feed.post' })] })
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
    expect(url.searchParams.get('client_id')).toBe(clientId)
    const { form, headers } = network.sentTo(`${issuer}/oauth/par`).at(-1)!
    expect(Object.fromEntries(form)).toMatchObject({
      state: 'a-state',
      login_hint: alice.handle,
      scope: 'atproto repo:app.bsky.feed.post',
      dpop_jkt: dpopKey.thumbprint,
      redirect_uri: redirectUri,
    })
    expect(decodeProtectedHeader(headers.get('dpop')!).jwk).toEqual(dpopKey.publicJwk)
    expect(decodeJwt(form.get('client_assertion')!)).toMatchObject({ iss: clientId, aud: issuer })
  })

  it('exchange a code, and tell whose the tokens are and what the nonce is', async () => {
    const { finish, network } = await aFlow()
    const { tokens, dpopNonce } = await finish()
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^access-/),
      refreshToken: expect.stringMatching(/^refresh-/),
      did: alice.did,
      expiresAt: network.clock.now() + 3_600_000,
    })
    expect(dpopNonce).toBe(network.server.nonce())
  })

  it('trade a refresh token', async () => {
    const { finish, network, options, dpopKey, metadata } = await aFlow()
    const { tokens } = await finish()
    network.server.nextNonce()
    const next = await refreshToken(tokens.refreshToken!, dpopKey, issuer, metadata.token_endpoint!, options)
    expect(next.tokens.accessToken).not.toBe(tokens.accessToken)
    expect(next.tokens.did).toBe(alice.did)
    expect(next.dpopNonce).toBe('as-nonce-2')
    await expect(
      refreshToken(tokens.refreshToken!, dpopKey, issuer, metadata.token_endpoint!, options),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('revoke both tokens, as the client that they were given to', async () => {
    const { finish, network, options, dpopKey, metadata } = await aFlow()
    const { tokens } = await finish()
    await revokeTokens({ tokens, dpopKey }, metadata, options)
    expect(network.server.accessTokens.size + network.server.refreshTokens.size).toBe(0)
    for (const { form } of network.sentTo(`${issuer}/oauth/revoke`)) expect(form.has('client_assertion')).toBe(true)
  })

  it('resolve when nothing can be revoked, and tell of it', async () => {
    const { finish, network, options, dpopKey, metadata } = await aFlow()
    const { tokens } = await finish()
    const events: RevocationFailed[] = []
    network.down('auth.hoster.dev')
    await revokeTokens({ tokens, dpopKey }, metadata, { ...options, onEvent: (event) => events.push(event) })
    expect(events.map(({ token, error }) => [token, error])).toEqual([
      ['refresh_token', 'network_error'],
      ['access_token', 'network_error'],
    ])
    const { revocation_endpoint, ...without } = metadata
    await revokeTokens({ tokens, dpopKey }, without, {
      ...options,
      onEvent: () => {
        throw new Error('x')
      },
    })
  })

  it.each([
    ['a Bearer token', { token_type: 'Bearer' }, 'token_type_mismatch'],
    ['no sub', { sub: undefined }, 'invalid_did'],
    ['no scope', { scope: undefined }, 'invalid_token_response'],
    ['a scope without atproto', { scope: 'transition:generic' }, 'invalid_permission'],
  ])('refuse an answer with %s', async (_, tokens, code) => {
    const { finish, network } = await aFlow()
    network.server.faults.tokens = tokens
    await expect(finish()).rejects.toMatchObject({ code })
  })

  it('refuse a server without nonces', async () => {
    const { begin, network } = await aFlow()
    network.server.faults.noNonces = true
    await expect(begin()).rejects.toMatchObject({ code: 'missing_dpop_nonce' })
  })

  it('work as a public client, too', async () => {
    const { network, metadata, dpopKey } = await aFlow()
    const loopback = 'http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&scope=atproto'
    const options = {
      clientId: loopback,
      redirectUri: 'http://127.0.0.1/callback',
      fetch: network.fetch,
      runtime: network.clock,
    }
    const url = await createAuthorizationUrl(metadata, { ...options, dpopKey, state: 's', codeVerifier })
    const code = network.server.login(url).searchParams.get('code')!
    const { tokens } = await validateAuthorizationCode(metadata, dpopKey, code, codeVerifier, options)
    expect(tokens.did).toBe(alice.did)
    expect(network.sent.some(({ form }) => form.has('client_assertion'))).toBe(false)
  })

  it.each([
    ['an unknown option', { login_hint: 'x' }],
    ['no client id', { clientId: '' }],
    ['no state', { state: '' }],
    ['a short verifier', { codeVerifier: 'short' }],
    ['no key', { dpopKey: undefined }],
    ['a scope that is none', { scopes: ['openid'] }],
  ])('refuse %s', async (_, more) => {
    const { begin } = await aFlow()
    await expect(begin(more)).rejects.toThrow()
  })

  it('send no request for tokens without a key to bind them to, a code and its verifier', async () => {
    const { network, options, metadata, dpopKey } = await aFlow()
    const none = undefined as never
    const exchange = { ...options, redirectUri }
    for (const attempt of [
      validateAuthorizationCode(metadata, none, 'c', codeVerifier, exchange),
      validateAuthorizationCode(metadata, dpopKey, '', codeVerifier, exchange),
      validateAuthorizationCode(metadata, dpopKey, 'c', none, exchange),
      refreshToken('t', none, issuer, `${issuer}/oauth/token`, options),
    ]) {
      await expect(attempt).rejects.toThrow(TypeError)
    }
    expect(network.sentTo(`${issuer}/oauth/token`)).toEqual([])
  })

  it('refuse unknown options each', async () => {
    const { options, metadata, dpopKey } = await aFlow()
    const wrong = { ...options, redirectUri, typo: true } as never
    await expect(validateAuthorizationCode(metadata, dpopKey, 'c', codeVerifier, wrong)).rejects.toThrow(TypeError)
    await expect(refreshToken('t', dpopKey, issuer, `${issuer}/oauth/token`, wrong)).rejects.toThrow(TypeError)
    await expect(
      revokeTokens({ tokens: { accessToken: 'a', refreshToken: undefined } }, metadata, wrong),
    ).rejects.toThrow(TypeError)
  })
})
