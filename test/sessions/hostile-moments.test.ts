// What happens at the worst moment: connections that break within the token answer, clocks that jump.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createOAuthClient, none } from '../../src/client/index.ts'
import { createSessions, type Session, type SessionEvent } from '../../src/sessions/index.ts'
import { aSession, closeRigs } from './rig.ts'

let server: Server | undefined

afterEach(async () => {
  server?.close()
  server = undefined
  await closeRigs()
})

const hour = 3_600_000

/** How the end of a body is told: by a length, or by the end of the connection. */
type Framing = 'length' | 'close'

function tokenAnswer(framing: Framing): string {
  const tokens = { access_token: 'at-2', token_type: 'Bearer', refresh_token: 'rt-2', expires_in: 3600 }
  const body = JSON.stringify(tokens)
  const length = framing === 'length' ? `content-length: ${body.length}\r\n` : ''
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${length}connection: close\r\n\r\n${body}`
}

interface CutServer {
  readonly url: string
  /** Each request of one test, as its body. */
  readonly received: string[]
  /** The answers, in order; the last one is repeated. A reset, or the end of the connection, follows. */
  answers: { readonly text: string; readonly isReset: boolean }[]
}

async function startCutServer(): Promise<CutServer> {
  const cut: CutServer = { url: '', received: [], answers: [] }
  server = createServer((socket: Socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      const [head = '', body] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (body === undefined || body.length < length) return
      text = ''
      cut.received.push(body)
      const answer = cut.answers.length > 1 ? cut.answers.shift()! : cut.answers[0]!
      if (!answer.isReset) socket.end(answer.text)
      else if (answer.text === '') socket.resetAndDestroy()
      // What was written is read by the other side before the reset comes.
      else socket.write(answer.text, () => setTimeout(() => socket.resetAndDestroy(), 1))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(cut, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

interface Cut {
  readonly session: Session
  readonly events: SessionEvent[]
}

/** A session whose access token is good for an hour, and is about to be renewed. */
async function cutSession(issuer: string, rotationGrace: number): Promise<Cut> {
  const events: SessionEvent[] = []
  const client = createOAuthClient({
    ...{ issuer, clientId: 'app', clientAuth: none(), allowLoopbackHttp: true, discover: false },
    metadata: { token_endpoint: `${issuer}/token`, response_types_supported: ['code'], jwks_uri: `${issuer}/jwks` },
  })
  const sessions = createSessions({ client, rotationGrace, onEvent: (event) => void events.push(event) })
  const receivedAt = Date.now() - hour
  const tokens = {
    ...({ issuer, accessToken: 'at-1', refreshToken: 'rt-1', tokenType: 'Bearer', scope: 'me' } as const),
    ...{ receivedAt, expiresAt: Date.now() + 30_000 },
  }
  return { session: await sessions.create({ issuer, clientId: 'app', tokens, checks: [], notices: [] }), events }
}

describe.each<Framing>(['length', 'close'])('a connection that breaks within the token answer (%s)', (framing) => {
  const whole = tokenAnswer(framing)
  const all = Array.from({ length: whole.length }, (_, position) => position)

  it('at any byte loses no login where the issuer has a grace window', { timeout: 60_000 }, async () => {
    const cut = await startCutServer()
    for (const position of all) {
      cut.received.length = 0
      const broken = { text: whole.slice(0, position), isReset: position % 2 === 0 }
      cut.answers = [broken, { text: whole, isReset: false }]
      const { session, events } = await cutSession(cut.url, 60_000)
      expect((await session.getAccessToken()).value, `cut at ${position}`).toBe('at-2')
      expect(cut.received.length, `requests when cut at ${position}`).toBe(2)
      expect(cut.received[1]).toBe(cut.received[0])
      expect(await session.status()).toBe('active')
      expect(events.map(({ kind }) => kind)).toEqual(['session_created', 'session_refreshing', 'session_refreshed'])
    }
  })

  it('at any byte is an unknown outcome elsewhere, and the access token is used on', { timeout: 60_000 }, async () => {
    const cut = await startCutServer()
    for (const position of all) {
      cut.received.length = 0
      cut.answers = [{ text: whole.slice(0, position), isReset: position % 2 === 0 }]
      const { session } = await cutSession(cut.url, 0)
      for (let call = 0; call < 3; call++) {
        expect((await session.getAccessToken()).value, `cut at ${position}`).toBe('at-1')
      }
      expect(cut.received.length, `requests when cut at ${position}`).toBe(1)
      expect(await session.status()).toBe('degraded')
    }
  })
})

describe('a clock that is set', () => {
  it.each([
    ['an hour ahead', hour],
    ['an hour back', -hour],
    ['a day ahead', 24 * hour],
    ['a day back', -24 * hour],
  ])('%s costs a session at most one refresh', async (_, step) => {
    const { session, provider, api, clock } = await aSession()
    await session.fetch(api)
    clock.advance(step)
    const answers = await Promise.all(Array.from({ length: 20 }, () => session.fetch(api)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(await session.status()).toBe('active')
    expect(provider.count('refresh')).toBeLessThanOrEqual(1)
    clock.advance(-step)
    expect((await session.fetch(api)).status).toBe(200)
    expect(provider.count('refresh')).toBeLessThanOrEqual(2)
    expect(await session.status()).toBe('active')
  })

  it.each([
    ['ahead', hour],
    ['back', -hour],
  ])('an hour %s in the middle of a refresh loses nothing', async (_, step) => {
    const slow = { answers: { refresh: { drip: { bytes: 200, everyMs: 20 } } } }
    const { session, provider, api, clock } = await aSession({ faults: slow })
    const refreshing = session.refresh()
    while (provider.count('refresh') === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    clock.advance(step)
    await refreshing
    expect((await session.fetch(api)).status).toBe(200)
    expect(await session.status()).toBe('active')
  })
})
