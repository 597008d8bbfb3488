// What is counted, where many requests come at once and the store or the body is slow.
import { describe, expect, it } from 'vitest'
import { createDevHandler } from '../../src/dev-server/index.ts'
import type { ServerEvent } from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { storeMethods } from '../server/rig.ts'
import { formsOf } from './headless-browser.ts'

const issuer = 'http://127.0.0.1:4000'
const most = 10
const info = { clientIp: '192.0.2.1' }
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 20))

describe('of attempts at once', () => {
  it('no guess of a user code slips by while the store is asked', async () => {
    const store = createMemoryStore()
    const slow = {
      ...storeMethods(store),
      find: async (index: string, value: string) => {
        await pause()
        return store.find(index, value)
      },
    }
    const events: ServerEvent[] = []
    const { handle } = await createDevHandler({ issuer, store: slow, onEvent: (event) => events.push(event) })
    const page = await handle(new Request(`${issuer}/device`), info)
    const cookie = page.headers.getSetCookie()[0]!.split(';')[0]!
    const [form] = formsOf(await page.text(), issuer)
    const guess = () => {
      const body = new URLSearchParams([...form!.fields, ['act', 'code'], ['user_code', 'BCDFGHJK']])
      return handle(new Request(`${issuer}/device`, { method: 'POST', headers: { cookie }, body }), info)
    }
    const answers = await Promise.all(Array.from({ length: 3 * most }, guess))
    expect(answers.filter(({ status }) => status !== 429)).toHaveLength(most)
    const told = { name: 'auth_denied', metadata: { reason: 'too many user codes', httpStatus: 429 } }
    expect(events).toMatchObject(Array.from({ length: 2 * most }, () => told))
  })

  it('no guess of a password slips by, at whichever page, and the right one is no guess', async () => {
    const events: ServerEvent[] = []
    const { handle } = await createDevHandler({ issuer, onEvent: (event) => events.push(event) })
    const logInAt = async (path: string, password: string, clientIp = info.clientIp) => {
      const page = await handle(new Request(issuer + path), { clientIp })
      const cookie = page.headers.getSetCookie()[0]!.split(';')[0]!
      const [form] = formsOf(await page.text(), issuer)
      const body = new URLSearchParams(form!.fields)
      for (const [name, value] of [
        ['act', 'login'],
        ['username', 'alice'],
        ['password', password],
      ] as const) {
        body.set(name, value)
      }
      const headers = { cookie, accept: 'text/html' }
      return handle(new Request(issuer + path, { method: 'POST', headers, body }), { clientIp })
    }
    for (let i = 0; i < 2 * most; i++) expect((await logInAt('/inbox', 'alice')).status).toBe(303)
    const pages = ['/inbox', '/offer']
    const guesses = Array.from({ length: 3 * most }, (_, i) => logInAt(pages[i % 2]!, `guess ${i}`))
    const answers = await Promise.all(guesses)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(most)
    const late = await logInAt('/inbox', 'alice')
    expect(late.status).toBe(429)
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await late.text()).toContain('Too many attempts')
    expect((await logInAt('/inbox', 'alice', '192.0.2.2')).status).toBe(303)
    const told = events.filter(({ metadata }) => metadata.reason === 'too many passwords')
    expect(told).toHaveLength(2 * most + 1)
  })

  it('no client guesses the code that a user wants to be asked with (CIBA Core 7.1)', async () => {
    let now = Date.UTC(2026, 10, 20, 12)
    const runtime = { now: () => now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }
    const users = ['carol', 'dave'].map((username) => ({ username, password: username, userCode: '1234' }))
    const { handle } = await createDevHandler({ issuer, users, runtime })
    const authorization = `Basic ${btoa('dev-service:dev-service-secret')}`
    const ask = async (code: string, login_hint = 'carol') => {
      const body = new URLSearchParams({ scope: 'openid', login_hint, user_code: code })
      const init = { method: 'POST', headers: { authorization }, body }
      const answer = await handle(new Request(`${issuer}/backchannel_authentication`, init), info)
      return answer.ok ? 'asked' : ((await answer.json()) as { error: string }).error
    }
    for (let i = 0; i < 2 * most; i++) expect(await ask('1234')).toBe('asked')
    const guesses = await Promise.all(Array.from({ length: 3 * most }, (_, i) => ask(String(2000 + i))))
    expect(guesses.filter((one) => one === 'invalid_user_code')).toHaveLength(most)
    expect(guesses.filter((one) => one === 'access_denied')).toHaveLength(2 * most)
    expect([await ask('1234'), await ask('1234', 'dave')]).toEqual(['access_denied', 'asked'])
    now += 300_000
    expect(await ask('1234')).toBe('asked')
  })

  it('no registration slips by while its body is read', async () => {
    const events: ServerEvent[] = []
    const { handle } = await createDevHandler({ issuer, onEvent: (event) => events.push(event) })
    const register = () => {
      const body = new ReadableStream({
        async start(controller) {
          await pause()
          controller.enqueue(new TextEncoder().encode('{"redirect_uris":["https://app.example/callback"]}'))
          controller.close()
        },
      })
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
      return handle(new Request(`${issuer}/register`, init), info)
    }
    const answers = await Promise.all(Array.from({ length: 3 * most }, register))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(most)
    const refusals = events.filter(({ metadata }) => metadata.reason === 'too many registrations')
    expect(refusals).toHaveLength(2 * most)
  })
})
