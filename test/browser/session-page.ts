// What runs in each tab: sessions over the browser's own store, lock and keys. The server is played in the page, and
// counts in `localStorage`, which all tabs share.
import { createOAuthClient, none } from '../../src/client/index.ts'
import { generateSigningKey } from '../../src/lib/signatures/web.ts'
import { createSessions, type Session, type SessionEvent } from '../../src/sessions/index.ts'
import { createBrowserLock, createBrowserStore } from '../../src/stores/browser/index.ts'

const issuer = 'https://op.example'
const clientId = 'single-page-app'
const events: SessionEvent[] = []
let session: Session

const client = createOAuthClient({
  issuer,
  clientId,
  clientAuth: none(),
  dpop: true,
  discover: false,
  metadata: {
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    response_types_supported: ['code'],
    jwks_uri: `${issuer}/jwks`,
  },
  fetch: answer,
})
const sessions = createSessions({
  client,
  baseUrl: 'https://api.example',
  store: createBrowserStore({ name: 'sessions' }),
  lock: createBrowserLock({ name: 'sessions' }),
  onEvent: (event) => void events.push(event),
})

/** Plays token endpoint, revocation and API: the newest token is good, any other is refused. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/revoke') return new Response('')
  if (pathname === '/token') {
    const count = refreshes() + 1
    localStorage.setItem('refreshes', String(count))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const tokens = { access_token: `at-${count}`, refresh_token: `rt-${count}`, token_type: 'DPoP', expires_in: 3600 }
    return new Response(JSON.stringify(tokens), { headers: { 'content-type': 'application/json' } })
  }
  if (request.headers.get('authorization') === `DPoP at-${refreshes()}`) return new Response('ok')
  return new Response('', { status: 401, headers: { 'www-authenticate': 'DPoP error="invalid_token"' } })
}

function refreshes(): number {
  return Number(localStorage.getItem('refreshes') ?? 0)
}

const page = {
  refreshes,
  events: () => events,
  /** A login whose access token the API refuses. */
  async logIn(): Promise<string> {
    localStorage.setItem('refreshes', '0')
    const now = Date.now()
    const old = { accessToken: 'at-old', refreshToken: 'rt-0' }
    const times = { receivedAt: now, expiresAt: now + 3_600_000 }
    const tokens = { issuer, tokenType: 'DPoP', scope: 'me', ...old, ...times } as const
    const dpopKey = await generateSigningKey('ES256', { extractable: false })
    session = await sessions.create({ issuer, clientId, tokens, dpopKey, checks: [], notices: [] })
    return session.id
  },
  async open(id: string): Promise<void> {
    session = await sessions.get(id)
  },
  call: async (): Promise<string> => {
    try {
      return await (await session.fetch('/me')).text()
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  },
  logOut: async () => void (await session.logout()),
}

export type SessionPage = typeof page

Object.assign(globalThis, { page })
