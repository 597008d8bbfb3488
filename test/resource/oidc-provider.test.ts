// Tokens that a certified provider made, over HTTP: JWTs by resource indicator, opaque ones by introspection.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOAuthClient, createSessions, privateKeyJwt, type Session } from '../../src/index.ts'
import {
  createProtectedResource,
  type GrantedToken,
  type ProtectedResource,
  type ProtectedResourceOptions,
  protectNode,
} from '../../src/resource/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'

interface Api {
  readonly origin: string
  readonly granted: GrantedToken[]
  readonly received: IncomingHttpHeaders[]
  close(): void
}

/** An API whose handler answers with 204; what protects it is made once its origin is known. */
async function startApi(protectedBy: (origin: string) => ProtectedResource): Promise<Api> {
  const granted: GrantedToken[] = []
  const received: IncomingHttpHeaders[] = []
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const listener = protectNode(protectedBy(origin), (_request, response, token) => {
    granted.push(token)
    Object.assign(response, { statusCode: 204 }).end()
  })
  server.on('request', (request, response) => {
    received.push(request.headers)
    void listener(request, response)
  })
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { origin, granted, received, close }
}

describe('an API that takes the tokens of oidc-provider', () => {
  let provider: RealProvider
  beforeAll(async () => {
    provider = await startRealProvider()
  })
  afterAll(() => provider.close())

  const protectedWith = (options: Partial<ProtectedResourceOptions>) => (origin: string) =>
    createProtectedResource({
      issuer: provider.issuer,
      audience: origin,
      replay: createMemoryStore(),
      dpop: 'required',
      dpopNonce: { secret: crypto.getRandomValues(new Uint8Array(32)) },
      allowLoopbackHttp: true,
      ...options,
    })

  async function logIn(api: Api, scope: string, resource?: string): Promise<Session> {
    const { clientId, redirectUri, privateJwk } = provider.clients.privateKeyJwt
    const client = createOAuthClient({
      issuer: provider.issuer,
      clientId,
      clientAuth: privateKeyJwt(privateJwk!),
      redirectUri,
      scope,
      ...(resource !== undefined && { resource }),
      dpop: true,
      allowLoopbackHttp: true,
    })
    const sessions = createSessions({ client, baseUrl: api.origin })
    return sessions.handleCallback(await provider.loginHeadlessly(await client.createAuthorizationUrl()))
  }

  it('lets a session in with a DPoP-bound JWT, mandatory nonces included, and refuses the same proof again', async () => {
    const api = await startApi(protectedWith({ scope: 'api:read' }))
    try {
      const session = await logIn(api, 'openid offline_access api:read', api.origin)
      expect((await session.fetch('/notes')).status).toBe(204)
      expect(api.granted[0]).toMatchObject({
        issuer: provider.issuer,
        principal: { kind: 'user', subject: 'alice', clientId: 'key-app' },
        binding: 'dpop',
      })
      const { authorization, dpop } = api.received.at(-1)!
      const headers = { authorization: authorization!, dpop: dpop as string }
      const replayed = await fetch(`${api.origin}/notes`, { headers })
      expect(replayed.status).toBe(401)
      expect(replayed.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"')
      const asBearer = await fetch(`${api.origin}/notes`, {
        headers: { authorization: authorization!.replace('DPoP', 'Bearer') },
      })
      expect(asBearer.status).toBe(401)
      expect(api.granted).toHaveLength(1)
    } finally {
      api.close()
    }
  })

  it('refuses a token without the scope with 403, and a token for another API with 401', async () => {
    const api = await startApi(protectedWith({ scope: 'api:write' }))
    try {
      const reading = await logIn(api, 'openid offline_access api:read', api.origin)
      const answer = await reading.fetch('/notes')
      expect(answer.status).toBe(403)
      expect(answer.headers.get('www-authenticate')).toContain('scope="api:write"')
      const elsewhere = await logIn(api, 'openid offline_access api:write', 'https://other.example')
      expect((await elsewhere.fetch('/notes')).status).toBe(401)
      expect(api.granted).toHaveLength(0)
    } finally {
      api.close()
    }
  })

  it('asks about opaque tokens, and knows a revoked one', async () => {
    const { clientId, privateJwk } = provider.clients.privateKeyJwt
    const introspection = { clientId, clientAuth: privateKeyJwt(privateJwk!), allowMissingAudience: true }
    const api = await startApi(protectedWith({ issuer: { issuer: provider.issuer, introspection } }))
    try {
      const session = await logIn(api, 'openid profile offline_access')
      expect((await session.fetch('/notes')).status).toBe(204)
      expect(api.granted[0]?.principal).toMatchObject({ kind: 'user', subject: 'alice' })
      expect(api.granted[0]?.scopes).toContain('profile')
      const { value } = await session.getAccessToken()
      const { authorization } = api.received.at(-1)!
      expect(authorization).toBe(`DPoP ${value}`)
      provider.forgetAccessTokens()
      const before = api.granted.length
      // The session notices the refusal, refreshes, and goes on with a token that is known.
      expect((await session.fetch('/notes')).status).toBe(204)
      expect((await session.getAccessToken()).value).not.toBe(value)
      expect(api.granted).toHaveLength(before + 1)
    } finally {
      api.close()
    }
  })
})
