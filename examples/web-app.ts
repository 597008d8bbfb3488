// A whole web app: log in, see who you are, log out. Its provider is what `npx authentype serve` runs; at another,
// register the redirect URI http://127.0.0.1:3000/auth/callback, and set ISSUER, CLIENT_ID and CLIENT_SECRET.
import { createServer } from 'node:http'
import { clientSecretBasic, createMemoryStore, createOAuthClient, createSessions } from 'authentype'
import { createWebHandler, generateSealingKey } from 'authentype/web'
import { honoWeb } from 'authentype/web/hono'
import { toNodeListener } from 'authentype/web/node'
import { Hono } from 'hono'
import { html } from 'hono/html'

const { ISSUER = 'http://127.0.0.1:4000', PORT = '3000', COOKIE_KEY = generateSealingKey() } = process.env
const { CLIENT_ID = 'dev-service', CLIENT_SECRET = 'dev-service-secret' } = process.env

const client = createOAuthClient({
  issuer: ISSUER,
  clientId: CLIENT_ID,
  clientAuth: clientSecretBasic(CLIENT_SECRET),
  redirectUri: `http://127.0.0.1:${PORT}/auth/callback`,
  scope: 'openid profile offline_access',
  allowLoopbackHttp: true, // an issuer on this machine
})
const sessions = createSessions({ client, store: createMemoryStore() })
const web = createWebHandler({ sessions, cookieKeys: [COOKIE_KEY], onLogin: () => '/', development: true })

const app = new Hono()
app.use(honoWeb(web)) // /auth/login, /auth/callback, /auth/logout, /auth/accounts, ...
app.get('/', async (c) => {
  const user = await web.fromRequest(c.req.raw)
  const body = user.ok
    ? html`<p>Hello, ${user.client.subject}</p><form method="post" action="/auth/logout"><button>Log out</button></form>`
    : html`<p><a href="/auth/login">Log in</a></p>`
  return c.html(html`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>My app</title><h1>My app</h1>${body}</html>`)
})
createServer(toNodeListener(app.fetch)).listen(Number(PORT), '127.0.0.1', () => {
  console.log(`Open http://127.0.0.1:${PORT}`)
})
