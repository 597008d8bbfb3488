// The page on a server of one's own, followed: its code over PostgreSQL, in Hono and in Express, on two hosts each, judged
// by our own client and by a certified one.
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import * as oidc from 'openid-client'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthorize, type Pages } from '../../examples/own-server/authorize.ts'
import { createCore } from '../../examples/own-server/core.ts'
import { createEndpoints } from '../../examples/own-server/endpoints.ts'
import { createExpressApp } from '../../examples/own-server/express.ts'
import { createHonoApp } from '../../examples/own-server/hono.ts'
import { createSecrets } from '../../examples/own-server/keys.ts'
import { clientSecretBasic, createOAuthClient } from '../../src/index.ts'
import type { ServerEvent } from '../../src/server/index.ts'
import { migratePostgres } from '../../src/stores/postgres/index.ts'
import { toNodeListener } from '../../src/web/node.ts'
import type { LocalServer } from '../support/local-servers.ts'
import { hasPostgres, startPostgres } from '../support/postgres-server.ts'

const root = resolve(import.meta.dirname, '../..')
const redirectUri = 'http://127.0.0.1:3999/callback'
const secret = 'a secret of the test'
const metadata = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: [redirectUri],
  scope: 'openid profile offline_access',
  id_token_signed_response_alg: 'ES256',
} as const

/** A site whose user is alice by a cookie, and who says yes or no by a header: what a page's form would bring. */
const pages: Pages = {
  session: async (request) =>
    request.headers.get('cookie') === 'user=alice'
      ? { subject: 'alice', sid: 'session-of-alice', authTime: Math.floor(Date.now() / 1000) - 5 }
      : undefined,
  login: (returnTo) =>
    Response.redirect(`${new URL(returnTo).origin}/login?return_to=${encodeURIComponent(returnTo)}`, 303),
  consent: ({ clientId }, scope, action) => new Response(`${clientId} asks for ${scope.join(' ')}: ${action}`),
  answer: async (request) => (await request.formData()).get('answer') as 'yes' | 'no',
}

it('is shown as it is', () => {
  const page = readFileSync(join(root, 'docs/own-server.md'), 'utf8')
  for (const name of ['core', 'keys', 'endpoints', 'authorize', 'hono', 'express', 'pages', 'main']) {
    const code = readFileSync(join(root, `examples/own-server/${name}.ts`), 'utf8')
    expect(page, name).toContain(`<!-- example: ${name} -->\n\`\`\`ts\n${code}\`\`\``)
  }
})

describe.skipIf(!hasPostgres)("a server of one's own over PostgreSQL", () => {
  let database: LocalServer
  let pool: Pool
  let secrets: Awaited<ReturnType<typeof createSecrets>>
  beforeAll(async () => {
    database = await startPostgres()
    pool = new Pool({ connectionString: database.url })
    // In CI the database may be one that other test files use, too.
    await migratePostgres(pool)
    secrets = await createSecrets()
  }, 60_000)
  afterAll(async () => {
    await pool?.end()
    await database?.close()
  })

  describe.each(['Hono', 'Express'] as const)('in %s', (framework) => {
    const events: ServerEvent[] = []
    let hosts: Server[]
    let issuer: string
    let calls = 0
    beforeAll(async () => {
      const front = createServer((request, response) => listeners[calls++ % listeners.length]!(request, response))
      await new Promise<void>((done) => front.listen(0, '127.0.0.1', done))
      issuer = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
      const listeners: RequestListener[] = []
      // Two hosts that share nothing but the database and their configuration; each request goes to the other one.
      for (let i = 0; i < 2; i++) listeners.push(await startHost())
      hosts = [front]
    })
    afterAll(() => {
      for (const host of hosts ?? []) {
        host.closeAllConnections()
        host.close()
      }
    })

    async function startHost() {
      const config = await createCore({
        ...secrets,
        issuer,
        pool,
        findUser: async (subject) => (subject === 'alice' ? { subject, claims: { name: 'Alice Adams' } } : undefined),
        findClient: async (clientId) => (clientId === 'app' ? { clientId, metadata } : undefined),
        checkSecret: async (clientId, given) => clientId === 'app' && given === secret,
      })
      const endpoints = createEndpoints(config, (event) => events.push(event))
      const authorization = createAuthorize(config, pages, (event) => events.push(event))
      if (framework === 'Express') return createExpressApp(endpoints, authorization) as RequestListener
      return toNodeListener(createHonoApp(endpoints, authorization).fetch as (request: Request) => Promise<Response>)
    }

    /** As the browser of alice, from the authorization URL to the callback. */
    async function browse(from: URL, answer: 'yes' | 'no' = 'yes'): Promise<URL> {
      let [url, cookie] = [from.href, '']
      const visited: string[] = []
      for (let step = 0; step < 12; step++) {
        visited.push(new URL(url).pathname)
        if (url.startsWith(redirectUri)) return new URL(url)
        const page = await fetch(url, { redirect: 'manual', headers: { cookie } })
        const location = page.headers.get('location')
        if (location?.includes('/login?')) {
          // The login page of the site: it sets its cookie and leads back.
          cookie = 'user=alice'
          url = new URL(location).searchParams.get('return_to')!
        } else if (location) url = new URL(location, url).href
        else {
          expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('app asks for openid')])
          const form = new URLSearchParams({ answer })
          const next = await fetch(url, { method: 'POST', body: form, redirect: 'manual', headers: { cookie } })
          url = new URL(next.headers.get('location')!, url).href
        }
      }
      throw new Error(visited.join(' '))
    }

    const client = () =>
      createOAuthClient({
        ...{ issuer, clientId: 'app', clientAuth: clientSecretBasic(secret), redirectUri, dpop: true },
        ...{ scope: 'openid profile offline_access', allowLoopbackHttp: true },
      })

    it('logs in by PAR, PKCE and DPoP, refreshes, reads userinfo, introspects and revokes', async () => {
      const app = client()
      const url = await app.createAuthorizationUrl()
      expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
      const login = await app.handleCallback(await browse(url))
      expect(login.claims).toMatchObject({ sub: 'alice' })
      const renewed = await app.refresh(login)
      expect(renewed.tokens.refreshToken).not.toBe(login.tokens.refreshToken)
      expect(await app.userInfo(renewed)).toMatchObject({ sub: 'alice', name: 'Alice Adams' })
      expect(await app.introspect(renewed.tokens.accessToken)).toMatchObject({ active: true, token_type: 'DPoP' })
      await app.revoke(renewed.tokens.refreshToken!)
      expect(await app.introspect(renewed.tokens.accessToken)).toEqual({ active: false })
      await expect(app.refresh(renewed)).rejects.toMatchObject({ error: 'invalid_grant' })
    })

    it('keeps the consent, and is told of a denial', async () => {
      const app = client()
      // Granted by the test above.
      const again = await app.handleCallback(await browse(await app.createAuthorizationUrl()))
      expect(again.claims?.sub).toBe('alice')
      // What was granted in the same second counts as granted for this request.
      await new Promise((done) => setTimeout(done, 1_100))
      const asked = await app.createAuthorizationUrl({ prompt: 'consent' })
      await expect(app.handleCallback(await browse(asked, 'no'))).rejects.toMatchObject({ error: 'access_denied' })
    })

    it('satisfies a certified client', async () => {
      const config = await oidc.discovery(
        new URL(issuer),
        'app',
        { id_token_signed_response_alg: 'ES256' },
        oidc.ClientSecretBasic(secret),
        {
          execute: [oidc.allowInsecureRequests],
        },
      )
      const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
      const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()]
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile offline_access',
        code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
        nonce: expectedNonce,
      })
      const callback = await browse(url)
      const tokens = await oidc.authorizationCodeGrant(config, callback, {
        pkceCodeVerifier,
        expectedState,
        expectedNonce,
      })
      expect(tokens.claims()?.sub).toBe('alice')
      const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token!)
      expect((await oidc.fetchUserInfo(config, renewed.access_token, 'alice')).name).toBe('Alice Adams')
    })

    it('refuses what is no form, and tells what happened without a secret', async () => {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      })
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([400, 'no-store'])
      const wrong = await fetch(`${issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' }),
        headers: { authorization: `Basic ${btoa('app:wrong')}` },
      })
      expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="OAuth"'])
      expect(events.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['code_issued', 'token_issued', 'refresh_issued', 'refresh_rotated', 'token_denied']),
      )
      expect(JSON.stringify(events)).not.toContain(secret)
    })
  })
})
