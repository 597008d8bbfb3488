// An authorization server and an API of its own for the fault proof: short-lived access tokens, rotation with a grace
// window or without, and a hand on each refresh, so that a fault hits exactly the moment that it is meant for.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createFamilies, type Families, type FamiliesOptions, type IssuedToken } from './families.ts'

/** The header by which a worker names itself, so that the very process that sent a refresh can be killed. */
export const workerHeader = 'x-worker'

/** A refresh whose answer the proof holds in its hand. */
export interface HeldRefresh {
  readonly worker: string
  /** Lets the answer go. */
  answer(): void
  /** Cuts the connection instead. */
  cut(): void
}

export interface FaultIssuer {
  readonly url: string
  readonly families: Families
  /** Calls of the API that came. */
  readonly apiCalls: () => number
  /** The next refresh of a family rotates, and its answer is lost. */
  loseNextAnswer(family: string): Promise<void>
  /** The next refresh of a family is held, before the server has rotated or after. */
  holdNext(family: string, when: 'before rotation' | 'after rotation'): Promise<HeldRefresh>
  /** Faults that have not come by now never come. */
  disarm(): void
  /** Families that `worker` was the last to send a refresh for, and whose outcome nobody has used so far. */
  openOf(worker: string): readonly string[]
  close(): Promise<void>
}

interface Fault {
  readonly when: 'before rotation' | 'after rotation'
  readonly caught: (held: HeldRefresh) => void
}

export async function startIssuer(options: FamiliesOptions): Promise<FaultIssuer> {
  const families = createFamilies(options)
  const faults = new Map<string, Fault>()
  const last = new Map<string, { readonly worker: string; token?: IssuedToken | undefined }>()
  let apiCalls = 0

  async function refresh(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request))
    const refreshToken = form.get('refresh_token') ?? ''
    const family = families.ofRefreshToken(refreshToken)
    if (!family) {
      send(response, 400, { error: 'invalid_grant' })
      return
    }
    const worker = String(request.headers[workerHeader])
    family.attempts++
    const sent: { worker: string; token?: IssuedToken | undefined } = { worker }
    last.set(family.name, sent)
    const fault = faults.get(family.name)
    faults.delete(family.name)
    const rotate = () => {
      const answer = families.refresh(refreshToken)
      if (answer) sent.token = family.generations.at(-1)?.tokens.at(-1)
      return answer ?? { error: 'invalid_grant' }
    }
    const body = fault?.when === 'before rotation' ? undefined : rotate()
    const answer = (given: object) => send(response, 'error' in given ? 400 : 200, given)
    if (!fault) answer(body!)
    else fault.caught({ worker, answer: () => answer(body ?? rotate()), cut: () => request.socket.destroy() })
  }

  function callApi(request: IncomingMessage, response: ServerResponse): void {
    apiCalls++
    const family = families.use((request.headers.authorization ?? '').replace(/^Bearer /, ''))
    if (!family) response.setHeader('www-authenticate', 'Bearer error="invalid_token"')
    send(response, family ? 200 : 401, { session: family?.name })
  }

  const hold: FaultIssuer['holdNext'] = (family, when) =>
    new Promise((caught) => {
      faults.set(family, { when, caught })
    })

  const server = createServer((request, response) => {
    if (request.url === '/token') refresh(request, response).catch(() => request.socket.destroy())
    else callApi(request, response)
  })
  server.keepAliveTimeout = 30_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2_000, resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    families,
    apiCalls: () => apiCalls,
    holdNext: hold,
    loseNextAnswer: async (family) => (await hold(family, 'after rotation')).cut(),
    disarm: () => faults.clear(),
    // A token is given to calls once it is stored: one in use is no outcome that its process could take with it.
    openOf: (worker) =>
      [...last].flatMap(([family, sent]) =>
        sent.worker === worker && sent.token?.lastUsedAt === undefined ? [family] : [],
      ),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
