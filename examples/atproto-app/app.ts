// The pages of a small app for the AT Protocol: log in by handle, write a post, read the last ones, log out.
import { type AtprotoClient, createAtprotoWebHandler } from 'authentype/atproto'
import { SessionError } from 'authentype/errors'
import type { WebError } from 'authentype/web'
import { Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { layout } from './layout.ts'

/** What this app calls, as the lexicons have it: params, input and data are then typed. */
interface Methods {
  'com.atproto.repo.createRecord': {
    input: { repo: string; collection: string; record: Post }
    output: { uri: string; cid: string }
  }
  'com.atproto.repo.listRecords': {
    params: { repo: string; collection: string; limit?: number }
    output: { records: { uri: string; value: Post }[] }
  }
  'com.atproto.server.getSession': { output: { handle: string } }
}

interface Post {
  $type: 'app.bsky.feed.post'
  text: string
  createdAt: string
}

const collection = 'app.bsky.feed.post'

/** To write posts and nothing else; to read public data needs no permission. */
export const scopes: readonly string[] = [`repo:${collection}?action=create`]

export function createApp(client: AtprotoClient, cookieKey: string): Hono {
  const web = createAtprotoWebHandler({
    client,
    cookieKeys: [cookieKey],
    onFailure: ({ error, request }) => {
      const handle = new URL(request.url).searchParams.get('handle') ?? ''
      return page(loginForm(wordsFor(error), handle), error.status)
    },
  })

  const app = new Hono()
  app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"] } }))
  // The session's cookie does not come with another site's form; this is for browsers that know no SameSite.
  app.use(csrf({ origin: new URL(client.redirectUri).origin }))
  // /login, /callback, /logout, /client-metadata.json, /jwks.json
  app.use(async (c, next) => {
    const answer = await web(c.req.raw)
    if (!answer) return await next()
    c.res = answer
  })

  app.get('/', async (c) => {
    const user = await web.fromRequest<Methods>(c.req.raw)
    if (!user.ok) return page(loginForm(user.reason === 'reauth' ? loginEnded : undefined))
    const { client: xrpc } = user
    const [{ data: account }, { data: posts }] = await Promise.all([
      xrpc.get('com.atproto.server.getSession'),
      xrpc.get('com.atproto.repo.listRecords', { params: { repo: xrpc.did, collection, limit: 10 } }),
    ])
    return page(html`
      <header>
        <p>Logged in as <strong>${account.handle}</strong></p>
        <form method="post" action="/logout"><button class="quiet">Log out</button></form>
      </header>
      <form method="post" action="/post">
        <label for="text">New post</label>
        <textarea id="text" name="text" rows="3" maxlength="300" required></textarea>
        <button>Post</button>
      </form>
      <h2>Your last posts</h2>
      ${posts.records.length === 0 ? html`<p class="quiet">None yet.</p>` : ''}
      <ol>
        ${posts.records.map(
          ({ value }) =>
            html`<li><p>${value.text}</p><time datetime="${value.createdAt}">${value.createdAt.slice(0, 16).replace('T', ' ')}</time></li>`,
        )}
      </ol>`)
  })

  app.post('/post', async (c) => {
    const user = await web.fromRequest<Methods>(c.req.raw)
    if (!user.ok) return c.redirect('/', 303)
    const { text } = await c.req.parseBody()
    if (typeof text !== 'string' || text.trim() === '') return c.text('a post needs a text', 400)
    const record: Post = { $type: collection, text, createdAt: new Date().toISOString() }
    await user.client.post('com.atproto.repo.createRecord', { input: { repo: user.client.did, collection, record } })
    return c.redirect('/', 303)
  })
  app.onError((error) => {
    // The user may have ended the login at the server, which a call is the first to hear of.
    if (error instanceof SessionError && error.code === 'session_expired') return page(loginForm(loginEnded))
    if (error instanceof HTTPException) return error.getResponse()
    throw error
  })
  return app
}

const loginEnded = 'Your login has ended. Please log in again.'

function wordsFor(error: WebError): string {
  if (error.code === 'missing_handle') return 'Please write your handle.'
  if (error.code === 'invalid_handle') return 'There is no account with this handle.'
  if (error.code === 'access_denied') return 'You did not allow the login.'
  return 'The login did not work. Please try again.'
}

function loginForm(message = '', handle = '') {
  return html`
    <p>An example of Authentype. Log in with your account, wherever it is hosted.</p>
    ${message && html`<p class="error" role="alert">${message}</p>`}
    <form action="/login">
      <label for="handle">Handle</label>
      <input id="handle" name="handle" value="${handle}" placeholder="alice.example" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus />
      <button>Log in</button>
    </form>`
}

function page(content: ReturnType<typeof html>, status = 200): Response {
  return new Response(String(layout(content)), {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  })
}
