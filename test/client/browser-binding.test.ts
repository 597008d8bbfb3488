import { describe, expect, it } from 'vitest'
import { createOAuthClient, findLogin } from '../../src/client/index.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import { registeredClient } from '../support/hostile/client-setup.ts'
import { aProvider } from './rig.ts'

async function aClient() {
  const provider = await aProvider()
  return { client: createOAuthClient(optionsFor(provider, { scope: 'openid profile' })), provider }
}

const mine = 'a-browser-with-a-secret-of-its-own'
const another = 'another-browser-with-another-one'

describe('a login that is bound to a browser', () => {
  it('is completed by the browser that began it', async () => {
    const { client, provider } = await aClient()
    const callback = provider.login(await client.createAuthorizationUrl({ browserBinding: mine }))
    const { claims } = await client.handleCallback(callback, { browserBinding: mine })
    expect(claims?.sub).toBe('alice')
    expect(provider.misdeeds).toEqual([])
  })

  it.each([
    ['another browser', mine, another],
    ['a browser that brings nothing', mine, undefined],
    ['a browser, though it was begun by none', undefined, mine],
  ])('refuses %s before the code is exchanged', async (_, begun, brought) => {
    const { client, provider } = await aClient()
    const url = await client.createAuthorizationUrl(begun === undefined ? {} : { browserBinding: begun })
    const options = brought === undefined ? {} : { browserBinding: brought }
    const error: unknown = await client.handleCallback(provider.login(url), options).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'browser_mismatch', clause: 'RFC 9700 4.7' })
    expect(JSON.stringify(error) + String(error)).not.toMatch(/secret-of-its-own|with-another-one/)
    expect(provider.count('token')).toBe(0)
  })

  it('refuses a binding that could be guessed', async () => {
    const { client } = await aClient()
    await expect(client.createAuthorizationUrl({ browserBinding: 'short' })).rejects.toThrow(/browserBinding/)
  })
})

describe('findLogin', () => {
  it('tells whose login a callback is of, and uses nothing up', async () => {
    const { client, provider } = await aClient()
    const callback = provider.login(await client.createAuthorizationUrl({ data: { page: '/inbox' } }))
    const found = await findLogin(client, callback)
    expect(found).toEqual({
      issuer: provider.issuer,
      clientId: registeredClient.clientId,
      redirectUri: registeredClient.redirectUri,
      data: { page: '/inbox' },
    })
    expect((await client.handleCallback(callback)).data).toEqual({ page: '/inbox' })
    expect(await findLogin(client, callback)).toBeUndefined()
  })
})
