import { describe, expect, it } from 'vitest'
import { oauthRevoke } from '../../generated/endpoints.ts'
import { type ApiOptions, createApi } from '../../src/http/create-api.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import { followRedirects } from '../../src/lib/wire/index.ts'
import { clientSecretBasic } from '../../src/protocol/client-auth.ts'
import { anOperation } from './create-api-rig.ts'
import { failure, json, serve } from './serve.ts'

describe('createApi: credentials', () => {
  const named = (name: string): Fetch & { calls: Request[] } => {
    const calls: Request[] = []
    return Object.assign(
      async (request: Request) => {
        calls.push(request)
        return Response.json(name)
      },
      { calls },
    )
  }
  const plain = named('plain')
  const token = named('token')
  const client = named('client')
  const both = createApi({ baseUrl: 'https://a.example', fetch: plain, authenticatedFetch: token, clientFetch: client })

  it('go exactly where the document asks for them', async () => {
    expect(await both.send(anOperation())).toBe('plain')
    expect(await both.send(anOperation({ accessToken: 'required' }))).toBe('token')
    expect(await both.send(anOperation({ accessToken: 'optional' }))).toBe('token')
    expect(await both.send(anOperation({ method: 'POST', clientAuth: 'required' }))).toBe('client')
    expect(await both.send(anOperation(), {}, { authenticatedFetch: token })).toBe('plain')
  })

  it('authenticate the client in a form by clientAuth', async () => {
    const { origin, received } = await serve((_, response) => void response.end())
    const api = createApi({ baseUrl: origin, clientId: 'c', clientAuth: clientSecretBasic('s') })
    await oauthRevoke(api, { body: { token: 't' } })
    expect(received[0]).toMatchObject({ body: 'token=t', headers: { authorization: `Basic ${btoa('c:s')}` } })
  })

  it('are missed with advice', async () => {
    const api = createApi({ baseUrl: 'https://a.example', fetch: plain })
    expect((await failure(api.send(anOperation({ accessToken: 'required' })))).message).toMatch(/authenticatedFetch/)
    expect((await failure(api.send(anOperation({ clientAuth: 'required' })))).message).toMatch(/clientAuth/)
    expect(await api.send(anOperation({ accessToken: 'optional', clientAuth: 'optional' }))).toBe('plain')
  })

  it('may be the call’s own', async () => {
    const headers = { authorization: 'Bearer mine' }
    expect(await both.send(anOperation({ accessToken: 'required' }), {}, { headers })).toBe('plain')
  })

  it('are refused among headers that go everywhere, and clientAuth without what it needs', async () => {
    for (const name of ['Authorization', 'DPoP', 'Cookie'])
      expect(() => createApi({ headers: { [name]: 'x' } })).toThrow(TypeError)
    const revoke = (options: ApiOptions) =>
      failure(oauthRevoke(createApi({ baseUrl: 'https://a.example', ...options }), { body: { token: 't' } }))
    expect((await revoke({ clientAuth: clientSecretBasic('s') })).message).toMatch(/clientId/)
    const jwt = { method: 'private_key_jwt', signingAlg: 'ES256', authenticate: () => ({}) }
    expect((await revoke({ clientId: 'c', clientAuth: jwt })).message).toMatch(/issuer/)
    expect(() => createApi({ baseURL: 'x' } as object)).toThrow(/baseURL/)
  })

  it('are not sent after a redirect; a GET without any follows within its origin', async () => {
    const { origin, received } = await serve(({ url }, response) => {
      if (url === '/thing') response.writeHead(302, { location: '/next' }).end()
      else json(response, 200, 'followed')
    })
    const api = createApi({ baseUrl: origin, authenticatedFetch: (request) => fetch(request) })
    expect(await api.send(anOperation({ follow: followRedirects }))).toBe('followed')
    expect(await failure(api.send(anOperation({ accessToken: 'required' })))).toMatchObject({
      code: 'redirect_refused',
      status: 302,
    })
    expect(await failure(api.send(anOperation({ method: 'POST' })))).toMatchObject({ code: 'redirect_refused' })
    expect(received.map(({ url }) => url)).toEqual(['/thing', '/next', '/thing', '/thing'])
  })
})
