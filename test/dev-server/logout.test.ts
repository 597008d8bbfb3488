// The end of a login, as the clients hear of it: by a logout token, and in a frame of the browser.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDevServer } from '../../src/dev-server/index.ts'
import { createOAuthClient, none, parseFrontChannelLogout, verifyLogoutToken } from '../../src/index.ts'
import { startEndpoint } from '../integration/dev-server-setup.ts'
import { type JudgedServer, startJudgedServer } from './conformance.ts'
import { HeadlessBrowser } from './headless-browser.ts'

const redirectUri = 'http://127.0.0.1:3999/callback'
const postLogoutRedirectUri = 'http://127.0.0.1:3999/out'
const received: { path: string; body: string }[] = []
let server: JudgedServer
let place: Awaited<ReturnType<typeof startEndpoint>>
beforeAll(async () => {
  place = await startEndpoint(({ path, body }) => ({ n: received.push({ path, body }) }))
  server = await startJudgedServer()
  const common = {
    token_endpoint_auth_method: 'none' as const,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [postLogoutRedirectUri],
  }
  server.addClient({ client_id: 'back', ...common, backchannel_logout_uri: `${place.origin}/back` })
  server.addClient({ client_id: 'dead', ...common, backchannel_logout_uri: 'http://127.0.0.1:1/dead' })
  server.addClient({
    client_id: 'front',
    ...common,
    frontchannel_logout_uri: `${place.origin}/front?x=1`,
    frontchannel_logout_session_required: true,
  })
})
beforeEach(() => {
  received.length = 0
})
afterAll(async () => {
  await server.close()
  place.close()
  expect(server.faults500).toEqual([])
  expect(server.breaches).toEqual([])
})

const clientOf = (clientId: string, scope = 'openid', issuer = server.issuer) =>
  createOAuthClient({
    issuer,
    clientId,
    clientAuth: none(),
    redirectUri,
    scope,
    allowLoopbackHttp: true,
  })

async function logIn(clientId: string, browser: HeadlessBrowser, scope?: string) {
  const client = clientOf(clientId, scope)
  return { client, login: await client.handleCallback(await browser.login(await client.createAuthorizationUrl())) }
}

function endSession(idToken: string | undefined): URL {
  const url = new URL(`${server.issuer}/end_session`)
  url.search = String(
    new URLSearchParams({ id_token_hint: idToken ?? '', post_logout_redirect_uri: postLogoutRedirectUri, state: 's' }),
  )
  return url
}

it('posts a logout token to each client of the login, and waits for none that is gone', async () => {
  const browser = new HeadlessBrowser()
  const { client, login } = await logIn('back', browser)
  await logIn('dead', browser)
  expect(String(await browser.travel(endSession(login.tokens.idToken)))).toBe(`${postLogoutRedirectUri}?state=s`)
  expect(received.map(({ path }) => path)).toEqual(['/back'])
  const token = new URLSearchParams(received[0]!.body).get('logout_token') ?? ''
  const claims = await verifyLogoutToken(client, token)
  expect(claims).toMatchObject({ sub: 'alice', sid: login.claims?.sid, aud: 'back' })
  await expect(client.refresh(login)).rejects.toThrow()
})

it('shows the page of a client in a frame, with issuer and session', async () => {
  const browser = new HeadlessBrowser()
  const { client, login } = await logIn('front', browser)
  const page = String(await browser.travel(endSession(login.tokens.idToken)))
  const src = /<iframe hidden src="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const url = new URL(src)
  expect(url.searchParams.get('x')).toBe('1')
  const asked = parseFrontChannelLogout(client, url)
  expect(asked).toMatchObject({ sid: login.claims?.sid })
  expect(page).toContain(`href="${postLogoutRedirectUri}?state=s"`)
})

it('ends what is bound to the login, and not what was granted beyond it', async () => {
  const browser = new HeadlessBrowser()
  const bound = await logIn('back', browser)
  const lasting = await logIn('dead', browser, 'openid offline_access')
  await browser.travel(endSession(bound.login.tokens.idToken))
  await expect(bound.client.userInfo(bound.login)).rejects.toMatchObject({ error: 'invalid_token' })
  expect((await lasting.client.refresh(lasting.login)).claims?.sub).toBe('alice')
})

it('ends the login even where a client cannot be told', async () => {
  const own = await createDevServer()
  const app = {
    client_id: 'lost',
    token_endpoint_auth_method: 'none' as const,
    redirect_uris: [redirectUri],
    backchannel_logout_uri: `${place.origin}/back`,
  }
  own.addClient(app)
  const browser = new HeadlessBrowser()
  const client = clientOf('lost', 'openid', own.issuer)
  const login = await client.handleCallback(await browser.login(await client.createAuthorizationUrl()))
  // The algorithm that it registers meanwhile is none of the server's, so no logout token can be signed.
  own.addClient({ ...app, id_token_signed_response_alg: 'ES512' })
  const url = new URL(`${own.issuer}/end_session`)
  url.searchParams.set('id_token_hint', login.tokens.idToken ?? '')
  expect((await browser.send(url)).status).toBe(500)
  const again = await browser.open(await client.createAuthorizationUrl({ prompt: 'none' }))
  expect((again as URL).searchParams.get('error')).toBe('login_required')
  await own.close()
})

it('ends nothing for a hint of another login, before the user has agreed', async () => {
  const [mine, other] = [new HeadlessBrowser(), new HeadlessBrowser()]
  const { login } = await logIn('back', other)
  const { client, login: kept } = await logIn('back', mine)
  const page = await mine.open(endSession(login.tokens.idToken))
  expect(page).toBeInstanceOf(Response)
  expect(await client.userInfo(kept)).toMatchObject({ sub: 'alice' })
  expect(received).toEqual([])
})
