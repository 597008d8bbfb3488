// The pages: a login by password, its cookie, and the question of consent. Yours look better; these are complete.
import { createHash } from 'node:crypto'
import type { LoginSession, TokenEndpointConfig } from 'authentype/server'
import type { Pages } from './authorize.ts'

const cookieName = 'login'
/** Milliseconds that a login lasts. */
const lifetime = 8 * 3_600_000

/** @param checkPassword gives the subject of a user who knows the password */
export function createPages(
  { issuer, store }: TokenEndpointConfig,
  checkPassword: (username: string, password: string) => Promise<string | undefined>,
) {
  /** Only the hash of a cookie is kept, so that who reads the database can log in as nobody. */
  const recordOf = (id: string) => `login:{${createHash('sha256').update(id).digest('base64url')}}`
  const isSecure = issuer.startsWith('https:')

  /** A form of another site is posted with that site's origin. */
  const isOwnForm = (request: Request) => request.headers.get('origin') === new URL(issuer).origin

  async function session(request: Request): Promise<LoginSession | undefined> {
    const id = new RegExp(`(?:^|; )${cookieName}=([\\w-]+)`).exec(request.headers.get('cookie') ?? '')?.[1]
    return id === undefined ? undefined : ((await store!.get(recordOf(id)))?.value as LoginSession | undefined)
  }

  /** GET and POST /login */
  async function logIn(request: Request): Promise<Response> {
    const returnTo = new URL(request.url).searchParams.get('return_to') ?? ''
    // Nowhere but to a request that waits: else this page would lead wherever a link says.
    if (!returnTo.startsWith(`${issuer}/authorize/`)) return new Response('Start at your application.', { status: 400 })
    if (request.method !== 'POST') return page('Log in', loginForm(''))
    if (!isOwnForm(request)) return new Response('This form is not ours.', { status: 403 })
    const form = await request.formData()
    const subject = await checkPassword(String(form.get('username')), String(form.get('password')))
    if (subject === undefined) return page('Log in', loginForm('<p role="alert">User name or password is wrong.</p>'))
    const id = crypto.randomUUID()
    const value = { subject, sid: crypto.randomUUID(), authTime: Math.floor(Date.now() / 1000) }
    const expiresAt = Date.now() + lifetime
    await store!.commit([{ kind: 'put', key: recordOf(id), value, expect: null, expiresAt }])
    const cookie = `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
    return new Response(null, { status: 303, headers: { location: returnTo, 'set-cookie': cookie } })
  }

  const pages: Pages = {
    session,
    login: (returnTo) => Response.redirect(`${issuer}/login?return_to=${encodeURIComponent(returnTo)}`, 303),
    consent({ clientId, metadata }, scope, action) {
      const items = scope.map((one) => `<li>${escapeHtml(one)}</li>`).join('')
      return page(
        'Allow access?',
        `<p>${escapeHtml(metadata.client_name ?? clientId)} asks for:</p><ul>${items}</ul>
<form method="post" action="${escapeHtml(action)}">
<button name="answer" value="yes">Allow</button> <button name="answer" value="no">Deny</button></form>`,
      )
    },
    async answer(request) {
      if (!isOwnForm(request)) return undefined
      return (await request.formData()).get('answer') === 'yes' ? 'yes' : 'no'
    },
  }
  return { pages, logIn }
}

function loginForm(problem: string): string {
  return `${problem}<form method="post">
<p><label>User name<br><input name="username" autocomplete="username" required></label></p>
<p><label>Password<br><input name="password" type="password" autocomplete="current-password" required></label></p>
<button>Log in</button></form>`
}

function page(title: string, body: string): Response {
  const html = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>${title}</title><h1>${title}</h1>${body}</html>`
  // Nothing runs on these pages, and nobody frames them to have their buttons pressed (RFC 9700 4.16).
  const policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
  const headers = { 'content-security-policy': policy, 'cache-control': 'no-store' }
  return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8', ...headers } })
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
