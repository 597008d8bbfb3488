// What is counted by address, where many requests come at once and the store or the body is slow.
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
