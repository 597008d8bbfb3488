import type { Fetch } from '../../src/lib/fetch.ts'

export type Answer = (request: Request) => Response | Promise<Response>

/** A server without a socket: answers by URL, remembers what was asked, and can be changed while it runs. */
export interface FakeServer {
  readonly fetch: Fetch
  /** The URLs in the order of asking. */
  readonly asked: string[]
  /** Answers 404 where nothing was set. */
  set(url: string, answer: Answer | object): void
  down(): void
  up(): void
}

export function createFakeServer(): FakeServer {
  const answers = new Map<string, Answer>()
  const asked: string[] = []
  let isDown = false
  return {
    asked,
    async fetch(request) {
      asked.push(request.url)
      // As a real one, the answer comes later.
      await Promise.resolve()
      if (isDown) throw new TypeError('fetch failed')
      return answers.get(request.url)?.(request) ?? new Response('nothing here', { status: 404 })
    },
    set(url, answer) {
      answers.set(url, typeof answer === 'function' ? (answer as Answer) : () => Response.json(answer))
    },
    down() {
      isDown = true
    },
    up() {
      isDown = false
    },
  }
}

export const withHeaders =
  (body: unknown, headers: Record<string, string>): Answer =>
  () =>
    Response.json(body, { headers })
