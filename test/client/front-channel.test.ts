import { describe, expect, it } from 'vitest'
import { createDecryptor, createOAuthClient, tlsClientAuth } from '../../src/client/index.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import { aProvider } from './rig.ts'

describe('a pushed request', () => {
  it('is pushed anew when it has expired before the browser could be sent', async () => {
    const runtime = createFakeRuntime()
    const provider = await aProvider({ now: runtime.now })
    const slow = slowStore(createMemoryStore({ runtime }), () => runtime.advance(61_000))
    const client = createOAuthClient(optionsFor(provider, { runtime, transactions: slow }))
    const url = await client.createAuthorizationUrl()
    expect(provider.count('par')).toBe(2)
    expect((await client.handleCallback(provider.login(url))).claims?.sub).toBe('alice')
  })

  it('is pushed once otherwise', async () => {
    const provider = await aProvider()
    await createOAuthClient(optionsFor(provider)).createAuthorizationUrl()
    expect(provider.count('par')).toBe(1)
  })
})

/** A store that takes its time over every commit. */
function slowStore(store: RecordStore, delay: () => void): RecordStore {
  return {
    ...store,
    get: (key) => store.get(key),
    commit: (changes) => {
      delay()
      return store.commit(changes)
    },
  }
}

describe('the options of the front channel', () => {
  const options = { issuer: 'https://issuer.example', clientId: 'a' }
  const decryptor = createDecryptor([], { clientSecret: 's' })
  it.each([
    ['responseType', { responseType: 'token' }],
    ['responseMode', { responseMode: 'web_message' }],
    ['responseMode', { responseType: 'code id_token', responseMode: 'query' }],
    ['idTokenSignedResponseAlg', { responseType: 'code id_token', idTokenSignedResponseAlg: 'none' }],
    ['idTokenSignedResponseAlg', { idTokenSignedResponseAlg: 'MD5' }],
    ['clientSecret', { idTokenSignedResponseAlg: 'HS256' }],
    ['decryptor', { idTokenEncryptedResponseAlg: 'ECDH-ES' }],
    ['decryptor', { authorizationEncryptedResponseAlg: 'ECDH-ES' }],
    ['idTokenEncryptedResponseAlg', { idTokenEncryptedResponseEnc: 'A256GCM', decryptor }],
    ['requestObject', { requestObject: { key: undefined } }],
    ['secret', { clientSecret: '' }],
  ])('name %s when they cannot be met: %o', (name, more) => {
    expect(() => createOAuthClient({ ...options, ...more } as never)).toThrow(new RegExp(name))
    expect(() => createOAuthClient({ ...options, ...more } as never)).toThrow(TypeError)
  })
})

describe('createAuthorizationUrl', () => {
  it('asks for another response type or mode than the client usually does', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider, { responseMode: 'jwt' }))
    const sent = async (wishes: object) => {
      await client.createAuthorizationUrl(wishes)
      const { form } = provider.requests.findLast(({ answer }) => answer === 'par')!
      return [form.get('response_type'), form.get('response_mode')]
    }
    expect(await sent({})).toEqual(['code', 'jwt'])
    expect(await sent({ responseMode: 'query' })).toEqual(['code', null])
    expect(await sent({ responseType: 'code id_token' })).toEqual(['code id_token', null])
    expect(await sent({ responseType: 'code id_token', responseMode: 'form_post' })).toEqual([
      'code id_token',
      'form_post',
    ])
    await expect(client.createAuthorizationUrl({ responseType: 'code id_token', scope: 'profile' })).rejects.toThrow(
      /openid/,
    )
  })

  it('wants no tokens bound to a certificate from a server that binds none', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider, { certificateBoundAccessTokens: true }))
    const expected = { code: 'unsupported_by_server', field: 'tls_client_certificate_bound_access_tokens' }
    await expect(client.createAuthorizationUrl()).rejects.toMatchObject(expected)
    await expect(client.clientCredentials()).rejects.toMatchObject(expected)
    expect(provider.count('client_credentials')).toBe(0)
  })
})

describe('a client with a certificate', () => {
  it('calls the aliases, and sends the browser where everybody goes', async () => {
    const alias = 'https://mtls.example/token'
    const metadata = {
      authorization_endpoint: 'https://issuer.example/authorize',
      token_endpoint: 'https://issuer.example/token',
      mtls_endpoint_aliases: { token_endpoint: alias, authorization_endpoint: 'https://mtls.example/authorize' },
    }
    const options = { issuer: 'https://issuer.example', clientId: 'a', metadata, discover: false }
    const client = createOAuthClient({ ...options, clientAuth: tlsClientAuth() })
    expect(await client.metadata()).toMatchObject({
      token_endpoint: alias,
      authorization_endpoint: metadata.authorization_endpoint,
    })
    expect((await createOAuthClient(options).metadata()).token_endpoint).toBe(metadata.token_endpoint)
  })
})

describe('handleCallback', () => {
  it('asks for a token for one of the resources of the login', async () => {
    const provider = await aProvider()
    const resource = ['https://one.example', 'https://two.example']
    const client = createOAuthClient(optionsFor(provider, { resource }))
    const callback = provider.login(await client.createAuthorizationUrl())
    const { tokens } = await client.handleCallback(callback, { resource: 'https://two.example' })
    expect(tokens.resource).toEqual(['https://two.example'])
    const { form } = provider.requests.findLast(({ answer }) => answer === 'token')!
    expect(form.getAll('resource')).toEqual(['https://two.example'])
  })

  it('says that details were asked for and none are said to be granted', async () => {
    const provider = await aProvider()
    const client = createOAuthClient(optionsFor(provider))
    const url = await client.createAuthorizationUrl({ authorizationDetails: [{ type: 'payment' }] })
    const { notices } = await client.handleCallback(provider.login(url))
    expect(notices.map(({ code }) => code)).toContain('authorization_details_absent')
  })
})
