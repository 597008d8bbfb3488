// The embedded server as users start it, with one client of ours.
import { createDevServer } from '../../src/dev-server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { HeadlessBrowser } from '../../test/dev-server/headless-browser.ts'
import { apiScope, clientId, clientSecret, jobOf, loginScope, serveBench } from './contenders.ts'

const redirectUri = 'http://127.0.0.1:3999/callback'
const verifier = 'v'.repeat(43)
const challenge = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM'
const job = jobOf()
const server = await createDevServer({
  // Every token is kept for its lifetime, and a run makes more than the default holds.
  store: createMemoryStore({ maxRecords: 10_000_000 }),
  accessTokenFormat: job === 'client_credentials, ES256 JWT' ? 'jwt' : 'opaque',
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      redirect_uris: [redirectUri],
      scope: apiScope,
    },
  ],
})

async function logIn(browser: HeadlessBrowser): Promise<string> {
  const url = new URL(`${server.issuer}/authorize`)
  const asked = { client_id: clientId, response_type: 'code', redirect_uri: redirectUri, scope: loginScope }
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  url.search = new URLSearchParams({ ...asked, ...pkce }).toString()
  const code = (await browser.login(url)).searchParams.get('code') ?? ''
  const body = new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: verifier })
  const authorization = `Basic ${btoa(`${clientId}:${clientSecret}`)}`
  const answer = await fetch(`${server.issuer}/token`, { method: 'POST', body, headers: { authorization } })
  const { refresh_token: token } = (await answer.json()) as { refresh_token: string }
  if (token === undefined) throw new Error(`no refresh token: ${answer.status}`)
  return token
}

const refreshTokens: string[] = []
if (job === 'refresh with rotation') {
  const browser = new HeadlessBrowser()
  for (let i = 0; i < 20; i++) refreshTokens.push(await logIn(browser))
}
serveBench({ port: server.port, refreshTokens })
