// RFC 9449 8, 9: a server may demand a nonce at any endpoint that sees a proof. Each demand is answered once, with a
// fresh proof and a fresh assertion, and what is learned at one endpoint serves the next of the same server and role.
import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { createOAuthClient, privateKeyJwt } from '../../src/client/index.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import { issuer, privateJwk } from '../support/id-token.ts'

const metadata = {
  token_endpoint: `${issuer}/token`,
  authorization_endpoint: `${issuer}/authorize`,
  pushed_authorization_request_endpoint: `${issuer}/par`,
  revocation_endpoint: `${issuer}/revoke`,
  introspection_endpoint: `${issuer}/introspect`,
  userinfo_endpoint: `${issuer}/userinfo`,
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
}
const answers: Readonly<Record<string, () => Response>> = {
  '/token': () => Response.json({ access_token: 'at', token_type: 'DPoP', expires_in: 60 }),
  '/par': () => Response.json({ request_uri: 'urn:x:1', expires_in: 60 }, { status: 201 }),
  '/revoke': () => new Response(null, { status: 200 }),
  '/introspect': () => Response.json({ active: false }),
  '/userinfo': () => Response.json({ sub: 'alice' }),
}
const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())

async function setUp(demandsForEver = false) {
  const seen: { path: string; proof: Record<string, unknown>; assertion?: Record<string, unknown> }[] = []
  const fetch: Fetch = async (request) => {
    const path = new URL(request.url).pathname
    const proof = claimsOf(request.headers.get('dpop')!)
    const assertion = new URLSearchParams(await request.text()).get('client_assertion')
    seen.push({ path, proof, ...(assertion && { assertion: claimsOf(assertion) }) })
    const isResource = path === '/userinfo'
    const good = isResource ? 'of-resource' : 'of-server'
    if (proof.nonce === good && !demandsForEver) return answers[path]!()
    const headers = { 'dpop-nonce': demandsForEver ? `n${seen.length}` : good }
    if (!isResource) return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers })
    const challenges = 'Basic realm="a", DPoP error="use_dpop_nonce", algs="ES256"'
    return new Response(null, { status: 401, headers: { ...headers, 'www-authenticate': challenges } })
  }
  const dpopKey = await generateSigningKey('ES256')
  const client = createOAuthClient({
    ...{ issuer, clientId: 'app', redirectUri: 'https://app.example/callback', scope: 'api', dpop: true },
    ...{ clientAuth: privateKeyJwt(privateJwk('P-256', { alg: 'ES256' }) as never), metadata, discover: false, fetch },
  })
  const tokens = { issuer, accessToken: 'at', tokenType: 'DPoP', scope: 'openid', receivedAt: 0 } as const
  const login = { tokens, claims: { iss: issuer, sub: 'alice', aud: 'app', exp: 1, iat: 1 }, dpopKey }
  return { seen, client, dpopKey, login }
}
type SetUp = Awaited<ReturnType<typeof setUp>>

const operations: Readonly<Record<string, (setup: SetUp) => Promise<unknown>>> = {
  '/par': ({ client }) => client.createAuthorizationUrl(),
  '/token': ({ client, dpopKey }) => client.clientCredentials({ dpopKey }),
  '/revoke': ({ client, dpopKey }) => client.revoke('rt', { dpopKey }),
  '/introspect': ({ client, dpopKey }) => client.introspect('at', { dpopKey }),
  '/userinfo': ({ client, login }) => client.userInfo(login),
}

describe.each(Object.entries(operations))('a demand for a nonce at %s', (path, run) => {
  it('is answered once, with a fresh proof and a fresh assertion', async () => {
    const setup = await setUp()
    await run(setup)
    const { seen } = setup
    expect(seen.map((one) => one.path)).toEqual([path, path])
    expect(seen[0]!.proof.jti).not.toBe(seen[1]!.proof.jti)
    if (path !== '/userinfo') expect(seen[0]!.assertion!.jti).not.toBe(seen[1]!.assertion!.jti)
  })

  it('is answered no second time', async () => {
    const setup = await setUp(true)
    await expect(run(setup)).rejects.toMatchObject({ code: 'oauth_error', error: 'use_dpop_nonce' })
    expect(setup.seen).toHaveLength(2)
  })
})

describe('a nonce that was learned', () => {
  it('serves every endpoint of that server, and none of the resource server at the same origin', async () => {
    const setup = await setUp()
    for (const path of ['/par', '/token', '/revoke', '/introspect', '/userinfo']) await operations[path]!(setup)
    const demanded = setup.seen.filter(({ proof }) => proof.nonce === undefined).map(({ path }) => path)
    expect(demanded).toEqual(['/par', '/userinfo'])
  })
})
