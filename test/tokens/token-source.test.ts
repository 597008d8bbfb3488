// The manager as the source of tokens for withAccessToken, generated functions and the path-style client.
import { describe, expect, it } from 'vitest'
import { getUserInfo } from '../../generated/endpoints.ts'
import * as operations from '../../generated/operations.ts'
import type { paths } from '../../generated/schema.ts'
import { createApi } from '../../src/http/create-api.ts'
import { createPathsClient } from '../../src/http/paths-client.ts'
import { withAccessToken } from '../../src/http/with-access-token.ts'
import type { IssuerRequest } from './an-issuer.ts'
import { aLogin, alice, aRig, client, place, type Rig, theClient } from './rig.ts'

const wish = { ...place, subject: alice, scopes: ['openid', 'read'] } as const

/** A fetch with the tokens of alice, for the issuer's userinfo. */
function authenticated(rig: Rig) {
  const source = rig.manager.tokenSource(wish)
  return withAccessToken(rig.issuer.fetch, source, { origins: [place.issuer], runtime: rig.clock })
}

describe('a token source', () => {
  it('gives the tokens of its wish, and those of another scope and resource where a call asks for them', async () => {
    const rig = aRig()
    await aLogin(rig)
    const source = rig.manager.tokenSource({ ...wish, resource: 'https://a.example' })
    const own = await source.getAccessToken()
    expect(own).toMatchObject({ scope: 'openid read', resource: ['https://a.example'] })
    const other = await source.getAccessToken({ scope: 'write', resource: 'https://b.example' })
    expect(other).toMatchObject({ scope: 'write', resource: ['https://b.example'] })
    expect((await source.getAccessToken()).value).toBe(own.value)
  })

  it('gives another token for one that was refused, once for all who saw it', async () => {
    const rig = aRig()
    await aLogin(rig)
    const source = rig.manager.tokenSource(wish)
    const { value: rejected } = await source.getAccessToken()
    const next = await Promise.all(Array.from({ length: 10 }, () => source.getAccessToken({ rejected })))
    expect(new Set(next.map(({ value }) => value)).size).toBe(1)
    expect(next[0]!.value).not.toBe(rejected)
    expect(rig.issuer.of('token')).toHaveLength(2)
    // Who saw it late gets what is there by now.
    expect((await source.getAccessToken({ rejected })).value).toBe(next[0]!.value)
    expect(rig.issuer.of('token')).toHaveLength(2)
  })

  it('runs the client’s own grant again for a token that was refused', async () => {
    const rig = aRig()
    const source = rig.manager.tokenSource({ ...place, subject: theClient, scopes: ['sync'] })
    const { value: rejected } = await source.getAccessToken()
    const next = await Promise.all(Array.from({ length: 10 }, () => source.getAccessToken({ rejected })))
    expect(new Set(next.map(({ value }) => value)).size).toBe(1)
    expect(next[0]!.value).not.toBe(rejected)
    expect(rig.issuer.of('token')).toHaveLength(2)
  })

  it('hands the caller’s signal on', async () => {
    const rig = aRig()
    await aLogin(rig)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(rig.manager.tokenSource(wish).getAccessToken({ signal })).rejects.toThrow('enough')
  })

  it('serves withAccessToken, which renews a refused token and sends again', async () => {
    const rig = aRig()
    await aLogin(rig)
    const send = authenticated(rig)
    expect((await send(new Request(`${place.issuer}/userinfo`))).status).toBe(200)
    const first = rig.issuer.of('userinfo')[0]!.headers.get('authorization')
    let refused = 0
    rig.issuer.answer('userinfo', ({ headers }) => {
      if (headers.get('authorization') !== first) return Response.json({ sub: 'alice' })
      refused++
      return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    })
    expect((await send(new Request(`${place.issuer}/userinfo`))).status).toBe(200)
    expect(refused).toBe(1)
    expect(rig.issuer.of('token')).toHaveLength(2)
  })

  it('serves generated functions', async () => {
    const rig = aRig()
    await aLogin(rig)
    const api = createApi({
      metadata: rig.issuer.metadata,
      fetch: rig.issuer.fetch,
      authenticatedFetch: authenticated(rig),
    })
    expect(await getUserInfo(api)).toEqual({ sub: 'alice', name: 'Name of alice' })
  })

  it('serves the path-style client', async () => {
    const rig = aRig()
    await aLogin(rig)
    const byPath = createPathsClient<paths>({
      baseUrl: place.issuer,
      metadata: rig.issuer.metadata,
      fetch: authenticated(rig),
      operations,
    })
    expect((await byPath.GET('/userinfo')).data).toEqual({ sub: 'alice', name: 'Name of alice' })
  })
})

describe('what is sent', () => {
  const own = { ...place, subject: theClient } as const
  const bySync = (more: object) => ({ ...own, client: { ...client, ...more }, scopes: ['sync'] })

  it.each([
    ['client_secret_basic', {}, ({ headers }: IssuerRequest) => headers.get('authorization')?.startsWith('Basic ')],
    ['client_secret_post', {}, ({ form }: IssuerRequest) => form.client_secret === client.client_secret],
    ['client_secret_jwt', {}, ({ form }: IssuerRequest) => algOf(form.client_assertion) === 'HS256'],
    [
      'private_key_jwt',
      { jwks: { keys: [] as object[] } },
      ({ form }: IssuerRequest) => algOf(form.client_assertion) === 'ES256',
    ],
  ])('authenticates the client by %s, as registered', async (method, more, isRight) => {
    const rig = aRig()
    rig.issuer.metadata.token_endpoint_auth_methods_supported = [method]
    rig.issuer.metadata.token_endpoint_auth_signing_alg_values_supported = ['ES256', 'HS256']
    if ('jwks' in more) more.jwks.keys.push(await aPrivateJwk())
    await rig.manager.accessTokens.get(bySync({ ...more, token_endpoint_auth_method: method }))
    expect(rig.issuer.of('token').map(isRight)).toEqual([true])
  })

  it.each([
    ['client_secret', { client_secret: undefined, token_endpoint_auth_method: 'client_secret_post' }],
    ['jwks', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'by_handshake' }],
  ])('needs %s where the registration says so', async (field, more) => {
    const { manager } = aRig()
    await expect(manager.accessTokens.get(bySync(more))).rejects.toMatchObject({
      code: 'missing_client_metadata',
      field,
    })
  })

  it('goes where local metadata says, which wins over discovery', async () => {
    const asked: string[] = []
    const rig = aRig({
      issuers: { [place.issuer]: { metadata: { token_endpoint: `${place.issuer}/token?local` } } },
      decorators: [
        (fetch) => (request) => {
          asked.push(new URL(request.url).search)
          return fetch(request)
        },
      ],
    })
    await rig.manager.accessTokens.get(bySync({}))
    expect(asked).toEqual(['', '?local'])
    const metadata = { token_endpoint: `${place.issuer}/token?call` }
    await rig.manager.accessTokens.get({ ...bySync({}), scopes: ['other'] }, { metadata })
    expect(asked.at(-1)).toBe('?call')
  })

  it('asks for no metadata where the issuer has no document', async () => {
    const rig = aRig({
      issuers: {
        [place.issuer]: {
          discover: false,
          metadata: { issuer: place.issuer, token_endpoint: `${place.issuer}/token` },
        },
      },
    })
    rig.issuer.answer('metadata', () => new Response(null, { status: 500 }))
    expect(await rig.manager.accessTokens.get(bySync({}))).toMatchObject({ scope: 'sync' })
    await expect(rig.manager.accessTokens.introspect('t', place)).rejects.toMatchObject({
      code: 'missing_server_metadata',
      field: 'introspection_endpoint',
    })
  })

  it('passes the decorators of the call, of all, and of the issuer, in that order from the outside', async () => {
    const passed: string[] = []
    const named = (name: string) => (fetch: (request: Request) => Promise<Response>) => (request: Request) => {
      passed.push(name)
      return fetch(request)
    }
    const rig = aRig({
      decorators: [named('all')],
      issuers: {
        [place.issuer]: { decorators: [named('issuer')] },
        'https://other.example': { decorators: [named('no')] },
      },
    })
    await rig.manager.accessTokens.revoke('t', place, { decorators: [named('call')] })
    expect(passed.slice(-3)).toEqual(['call', 'all', 'issuer'])
  })

  it('is discovered once for all calls, however often a configuration is written out', async () => {
    let discoveries = 0
    const rig = aRig({
      decorators: [
        (fetch) => (request) => {
          if (request.url.includes('well-known')) discoveries++
          return fetch(request)
        },
      ],
    })
    for (const scope of ['a', 'b', 'c']) await rig.manager.accessTokens.get({ ...bySync({}), scopes: scope })
    expect(discoveries).toBe(1)
    await rig.manager.accessTokens.get({ ...bySync({ token_endpoint_auth_method: 'client_secret_post' }), scopes: 'd' })
    expect(discoveries).toBe(2)
  })
})

function algOf(assertion = ''): unknown {
  return JSON.parse(Buffer.from(assertion.split('.')[0]!, 'base64url').toString() || '{}').alg
}

async function aPrivateJwk(): Promise<object> {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  return {
    ...(await crypto.subtle.exportKey('jwk', privateKey)),
    alg: 'ES256',
    kid: 'k1',
    use: 'sig',
    key_ops: undefined,
  }
}
