// What can be done once with a request that waits for its user, and how long a login lasts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { operationsOf } from '../support/store-operations.ts'
import { type JudgedServer, startJudgedServer } from './conformance.ts'
import { type Form, formsOf, HeadlessBrowser } from './headless-browser.ts'

const redirectUri = 'http://127.0.0.1:3999/callback'
let server: JudgedServer
/** How many requests must have read the waiting one before any of them may end it. */
let readers = 1
/** Milliseconds by which the server's clock is moved on: a login in the second of a request counts as made for it. */
let later = 0
beforeAll(async () => {
  const runtime = { ...systemRuntime, now: () => systemRuntime.now() + later }
  server = await startJudgedServer({ store: storeThatGathers(), runtime })
  server.addClient({ client_id: 'web', token_endpoint_auth_method: 'none', redirect_uris: [redirectUri] })
})
afterAll(async () => {
  await server.close()
  expect(server.faults500).toEqual([])
  expect(server.breaches).toEqual([])
})

/** A store in which nobody deletes a waiting request before so many want to: the race, each time. */
function storeThatGathers(): RecordStore {
  const store = createMemoryStore()
  let waiting: (() => void)[] = []
  return {
    ...operationsOf(store),
    async commit(changes) {
      if (changes.some(({ kind, key }) => kind === 'delete' && key.includes('dev_interaction'))) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve)
          if (waiting.length < readers) return
          for (const goOn of waiting) goOn()
          waiting = []
        })
      }
      return store.commit(changes)
    },
  }
}

function authorizationUrl(more: Record<string, string> = {}): URL {
  later += 2_000
  const asked = { client_id: 'web', response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: 's' }
  const pkce = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }
  return new URL(`${server.issuer}/authorize?${new URLSearchParams({ ...asked, ...pkce, ...more })}`)
}

async function formOf(page: URL | Response) {
  if (page instanceof URL) throw new Error(`left for ${page}`)
  const [form] = formsOf(await page.text(), server.issuer)
  return form!
}

/** The form of a page with these fields in it. */
function filled(form: Form, fields: Readonly<Record<string, string>>): URLSearchParams {
  const body = new URLSearchParams(form.fields)
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  return body
}

const asUser = (username: string, password = username) => ({ act: 'login', username, password })

/** A browser before the page that asks for alice's consent. */
async function arriveAtConsent(browser = new HeadlessBrowser()) {
  const login = await formOf(await browser.open(authorizationUrl({ prompt: 'consent' })))
  const body = filled(login, asUser('alice'))
  return { browser, form: await formOf(await browser.open(login.action, { method: 'POST', body })) }
}

describe('a request that waits for its user', () => {
  it.each(['deny', 'allow'] as const)('is answered to the client once, where "%s" comes twice', async (act) => {
    const { browser, form } = await arriveAtConsent()
    const body = filled(form, { act })
    const first = await browser.open(form.action, { method: 'POST', body })
    expect(first).toBeInstanceOf(URL)
    expect((first as URL).searchParams.get(act === 'allow' ? 'code' : 'error')).toBeTruthy()
    const again = (await browser.open(form.action, { method: 'POST', body })) as Response
    expect([again.status, await again.text()]).toEqual([400, expect.stringContaining('was finished already')])
    const looked = (await browser.open(form.action)) as Response
    expect(looked.status).toBe(400)
  })

  it('is denied once, where four say no at the same time', async () => {
    const { browser, form } = await arriveAtConsent()
    const body = filled(form, { act: 'deny' })
    readers = 4
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => browser.open(form.action, { method: 'POST', body })),
    )
    readers = 1
    expect(answers.filter((answer) => answer instanceof URL)).toHaveLength(1)
    const rest = answers.filter((answer) => answer instanceof Response)
    expect(rest.map(({ status }) => status)).toEqual([400, 400, 400])
  })

  it('gives one code, where four visits find it allowed at the same time', async () => {
    const { browser, form } = await arriveAtConsent()
    const allowed = await browser.send(form.action, {
      method: 'POST',
      body: filled(form, { act: 'allow' }),
    })
    expect(new URL(allowed.headers.get('location')!, server.issuer).pathname).toBe(form.action.pathname)
    readers = 4
    const answers = await Promise.all(Array.from({ length: 4 }, () => browser.open(form.action)))
    readers = 1
    const codes = answers.flatMap((answer) => (answer instanceof URL ? [answer.searchParams.get('code')] : []))
    expect(codes).toEqual([expect.stringMatching(/./)])
  })
})

describe('a login of a browser', () => {
  const loginCookie = 'authentype_login'

  async function logInAs(username: string, browser: HeadlessBrowser) {
    const form = await formOf(await browser.open(authorizationUrl({ prompt: 'login' })))
    const body = filled(form, asUser(username))
    await browser.send(form.action, { method: 'POST', body })
    return browser.cookies.get(loginCookie)!
  }

  /** The heading of the page that a browser with this cookie is shown. */
  async function inboxWith(cookie: string): Promise<string | undefined> {
    const browser = new HeadlessBrowser()
    browser.cookies.set(loginCookie, cookie)
    const page = await (await browser.send(`${server.issuer}/inbox`)).text()
    return /<h1[^>]*>([^<]*)</.exec(page)?.[1]
  }

  it.each(['bob', 'alice'])(
    'ends where %s logs in in its place: its cookie is worth nothing any more',
    async (next) => {
      const browser = new HeadlessBrowser()
      const first = await logInAs('alice', browser)
      expect(await inboxWith(first)).toBe('Requests')
      const second = await logInAs(next, browser)
      expect(second).not.toBe(first)
      expect(await inboxWith(second)).toBe('Requests')
      expect(await inboxWith(first)).toBe('Log in')
    },
  )

  it('is left alone by a login in another browser, and by a wrong password', async () => {
    const browser = new HeadlessBrowser()
    const first = await logInAs('alice', browser)
    await logInAs('alice', new HeadlessBrowser())
    const form = await formOf(await browser.open(authorizationUrl({ prompt: 'login' })))
    const body = filled(form, asUser('bob', 'wrong'))
    await browser.send(form.action, { method: 'POST', body })
    expect(await inboxWith(first)).toBe('Requests')
  })
})
