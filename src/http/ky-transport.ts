import ky, { HTTPError, type Options } from 'ky'
import { NetworkError } from '../errors/network.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions, assertNumbers } from '../lib/options.ts'
import { parseRetryAfter } from '../lib/retry-after.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { remainingTime } from './deadlines.ts'
import { discard } from './redirects.ts'

/** How the default transport retries and times out. */
export interface KyTransportOptions {
  /** How often a GET or HEAD is sent again. @default 2 */
  readonly retries?: number
  /** Milliseconds. A server that asks for a longer wait is not asked again. @default 60000 */
  readonly maxRetryAfter?: number
  /** Milliseconds before the first retry, doubled for each that follows. @default 300 */
  readonly backoff?: number
  /** What sends. @default the global fetch */
  readonly fetch?: Fetch
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

const knownOptions: readonly (keyof KyTransportOptions)[] = ['retries', 'maxRetryAfter', 'backoff', 'fetch', 'runtime']
const worthARetry = [408, 429, 500, 502, 503, 504]

/**
 * The default transport. A GET or HEAD that carries no DPoP proof is sent again after a lost connection or a
 * passing failure of the server; everything else is sent once, since nobody knows what its first sending did, and
 * since a proof may be used only once (RFC 9449 11.1). Deadlines are `withLimits`'s; a wait that would outlast one is
 * not begun, and the answer that asked for it goes to the caller.
 */
export function createKyTransport(options: KyTransportOptions = {}): Fetch {
  assertKnownOptions('createKyTransport', options, knownOptions)
  assertNumbers('createKyTransport', options, ['retries', 'maxRetryAfter', 'backoff'], '0 or more')
  const send: Fetch = options.fetch ?? ((request) => globalThis.fetch(request))
  return async (request) => {
    if (!mayRepeat(request)) return await send(request)
    const retries = retryOptions(request, options)
    try {
      return await ky(request, {
        fetch: (input) => send(input as Request),
        retry: retries,
        timeout: false,
        // As a function: `false` would switch the retries off together with the errors.
        throwHttpErrors: (status) => worthARetry.includes(status),
        hooks: { beforeRetry: [({ error }) => letGo(error)] },
      })
    } catch (error) {
      const answer = answerIn(error)
      if (answer) return answer
      throw error
    }
  }
}

function mayRepeat(request: Request): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && !request.headers.has('dpop')
}

/**
 * The wait is settled here and not by ky, which takes an unreadable `Retry-After` for its maximum, cuts a long
 * one short, and reads four unregistered fields in its place.
 */
function retryOptions(request: Request, options: KyTransportOptions): Exclude<Options['retry'], number | undefined> {
  const { retries = 2, maxRetryAfter = 60_000, backoff = 300, runtime = systemRuntime } = options
  const waitBefore = (attempt: number) => backoff * 2 ** (attempt - 1)
  let tries = 0
  let asked: number | undefined
  return {
    limit: retries,
    methods: ['get', 'head'],
    afterStatusCodes: [],
    shouldRetry({ error }) {
      const answer = answerIn(error)
      asked = answer && parseRetryAfter(answer.headers, runtime.now())
      tries++
      const wait = asked ?? waitBefore(tries)
      // A fetch that could not reach the server throws a TypeError; any other error is somebody's decision.
      const isPassing = answer !== undefined || error instanceof TypeError || error instanceof NetworkError
      // An answer in hand is worth more than a wait that nobody will sit out.
      const isInTime = wait < remainingTime(request)
      return isPassing && isInTime && !request.signal.aborted && (asked ?? 0) <= maxRetryAfter
    },
    delay: (attempt) => asked ?? waitBefore(attempt),
    // A wait that the server asked for is not made shorter.
    jitter: (delay) => asked ?? delay * (0.5 + randomFraction(runtime)),
  }
}

function randomFraction(runtime: Runtime): number {
  return runtime.randomBytes(1)[0]! / 255
}

/** Not by the mere presence of a `response`: errors of ours have one too. */
function answerIn(error: unknown): Response | undefined {
  return error instanceof HTTPError ? error.response : undefined
}

function letGo(error: unknown): void {
  const answer = answerIn(error)
  if (answer) discard(answer)
}
