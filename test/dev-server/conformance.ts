// The server with a judge before it: every answer is held against openapi/oauth.yaml, and a breach fails the test file
// that closes the server.

import { startDevServer } from '../../src/dev-server/create-dev-server.ts'
import type { Answerer, DevAnswer } from '../../src/dev-server/exchange.ts'
import type { DevServer, DevServerOptions } from '../../src/dev-server/index.ts'
import { judgeAnswer } from '../support/document-judge.ts'

export interface JudgedServer extends DevServer {
  /** What an answer had that the document does not: none, in a good run. */
  readonly breaches: readonly string[]
  /** What was answered: operation and status. */
  readonly answers: ReadonlySet<string>
  /** How often a nonce was demanded. */
  readonly nonceDemands: number
  /** What was behind an answer of 500. */
  readonly faults500: readonly unknown[]
  /** Rejects where an answer was not as documented, or the server failed. */
  close(): Promise<void>
}

export async function startJudgedServer(options: DevServerOptions = {}): Promise<JudgedServer> {
  const [breaches, faults500]: [string[], unknown[]] = [[], []]
  const answers = new Set<string>()
  let nonceDemands = 0
  const judged =
    (answerer: Answerer): Answerer =>
    async (request, info) => {
      const answer = await answerer(request, info)
      if (!answer) return answer
      const { pathname } = new URL(request.url)
      if (demandsNonce(answer)) nonceDemands++
      const { status, headers, body = '' } = answer
      const { operation, breach } = judgeAnswer({ method: request.method, pathname, status, headers, body })
      if (operation !== undefined) answers.add(`${operation} ${status}`)
      if (breach !== undefined) breaches.push(`${request.method} ${pathname} ${status}: ${breach}`)
      return answer
    }
  const server = await startDevServer({ onError: (error) => faults500.push(error), ...options }, judged)
  return {
    ...server,
    breaches,
    answers,
    faults500,
    get nonceDemands() {
      return nonceDemands
    },
    async close() {
      await server.close()
      if (faults500.length > 0) throw new AggregateError(faults500, 'the server answered 500')
      if (breaches.length > 0) throw new Error(`not as openapi/oauth.yaml has it:\n${breaches.join('\n')}`)
    },
  }
}

function demandsNonce({ body = '', headers }: DevAnswer): boolean {
  return body.includes('"use_dpop_nonce"') || headers['www-authenticate']?.includes('use_dpop_nonce') === true
}
