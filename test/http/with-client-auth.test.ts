import { describe, expect, it } from 'vitest'
import { oauthToken } from '../../generated/endpoints.ts'
import { ConfigurationError } from '../../src/errors/index.ts'
import { createApi } from '../../src/http/create-api.ts'
import { withClientAuth } from '../../src/http/with-client-auth.ts'
import { type ClientAuth, clientSecretBasic, clientSecretPost, none } from '../../src/protocol/client-auth.ts'
import { failure, serve } from './serve.ts'

const request = (url: string, body: BodyInit = new URLSearchParams({ token: 't' })) =>
  new Request(url, { method: 'POST', body })

async function send(clientAuth: ClientAuth, body?: BodyInit) {
  const { origin, received } = await serve((_, response) => void response.end())
  await withClientAuth(fetch, { clientId: 'my app', clientAuth, issuer: 'https://as.example' })(request(origin, body))
  return received[0]!
}

describe('withClientAuth (RFC 6749 2.3)', () => {
  it('puts credentials of HTTP Basic in the header and adds no client id to the body', async () => {
    const { headers, body } = await send(clientSecretBasic('a:b%'))
    expect(headers.authorization).toBe(`Basic ${btoa('my+app:a%3Ab%25')}`)
    expect(body).toBe('token=t')
  })

  it('leaves a client id in the body beside HTTP Basic: a pushed request has one (RFC 9126 2.1)', async () => {
    const { body } = await send(clientSecretBasic('s'), new URLSearchParams({ client_id: 'my app' }))
    expect(body).toBe('client_id=my+app')
  })

  it('puts client id and secret in the body for client_secret_post', async () => {
    const { headers, body } = await send(clientSecretPost('s&s'))
    expect(headers.authorization).toBeUndefined()
    expect(body).toBe('token=t&client_id=my+app&client_secret=s%26s')
  })

  it('names a public client in the body', async () => {
    expect((await send(none())).body).toBe('token=t&client_id=my+app')
  })

  it('names the client in the body for every method but Basic, and lets ours win', async () => {
    const tls = { method: 'tls_client_auth', authenticate: () => ({}) }
    const body = new URLSearchParams({ token: 't', client_id: 'another' })
    expect((await send(tls, body)).body).toBe('token=t&client_id=my+app')
  })

  it('keeps the order and repetition of other parameters, and a known length', async () => {
    const { headers, body } = await send(none(), new URLSearchParams('resource=a&resource=b&x=%2B'))
    expect(body).toBe('resource=a&resource=b&x=%2B&client_id=my+app')
    expect(headers['content-length']).toBe(String(body.length))
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('the vault is closed')
      },
      'the vault is closed',
    ],
    [
      'rejects',
      async () => {
        throw new Error('the vault is closed')
      },
      'the vault is closed',
    ],
    ['gives nothing', () => undefined as never, /undefined/],
  ])('says so where the method itself %s: no request was lost, for none was sent', async (_, authenticate, message) => {
    const { origin, received } = await serve((_request, response) => void response.end())
    const clientAuth: ClientAuth = { method: 'x', authenticate }
    const api = createApi({ metadata: { token_endpoint: origin }, clientId: 'my app', clientAuth, issuer: origin })
    const error = await oauthToken(api, { body: { grant_type: 'client_credentials' } }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'client_auth_failed', field: 'clientAuth' })
    expect((error as Error).cause).toMatchObject({ message: expect.stringMatching(message) })
    expect((error as Error).message).not.toContain('vault')
    expect(received).toEqual([])
  })

  it('passes an error of ours on as it is', async () => {
    const facts = { field: 'key', clause: 'RFC 7517 4', expected: 'a key', actual: 'none' }
    const own = new ConfigurationError('unusable_key', 'no key', facts)
    const clientAuth: ClientAuth = { method: 'x', authenticate: () => Promise.reject(own) }
    await expect(send(clientAuth)).rejects.toBe(own)
  })

  it('gives the method issuer and client id', async () => {
    const seen: unknown[] = []
    await send({
      method: 'x',
      authenticate: ({ issuer, clientId }) => {
        seen.push([issuer, clientId])
        return {}
      },
    })
    expect(seen).toEqual([['https://as.example', 'my app']])
  })

  it('refuses a request that brings its own Authorization, or a body that is no form', async () => {
    const decorated = withClientAuth(fetch, { clientId: 'c', clientAuth: none(), issuer: 'https://as.example' })
    const own = new Request('https://as.example/', { method: 'POST', headers: { authorization: 'Basic eA==' } })
    expect(await failure(decorated(own))).toBeInstanceOf(TypeError)
    const json = new Request('https://as.example/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect((await failure(decorated(json))).message).toContain('application/json')
  })

  it('quotes no secret that a header cannot hold', async () => {
    const clientAuth = { method: 'x', authenticate: () => ({ headers: { authorization: 'Basic sec\nret' } }) }
    const decorated = withClientAuth(fetch, { clientId: 'c', clientAuth, issuer: 'https://as.example' })
    const error = await failure(decorated(request('https://as.example/')))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).not.toContain('sec')
  })
})
