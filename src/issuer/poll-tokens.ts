import { NetworkError, TimeoutError } from '../errors/network.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { ApiError, OAuthResponseError, ResponseError } from '../errors/response.ts'
import { delay } from '../lib/delay.ts'
import { parseRetryAfter } from '../lib/retry-after.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Waker } from '../lib/waker.ts'
import { nextPoll, type PollAnswer, type PollingPace } from '../protocol/polling.ts'
import type { JudgedTokens } from '../protocol/token-response.ts'
import type { Issuer } from './issuer.ts'
import { requestTokens, type TokenRequest } from './request-tokens.ts'

export interface PollingPlan {
  readonly pace: PollingPace
  /** Told of each new interval, in milliseconds: RFC 8628 3.5 has it hold for all requests that follow. */
  readonly onInterval: (interval: number) => void
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Where the rule of the expiry stands. */
  readonly clause: string
  /** Ends a wait where the server itself says that its answer is there. @default nobody does */
  readonly waker?: Waker
}

/**
 * Asks for the tokens until the user has answered, no faster than the server wants it.
 *
 * @throws OAuthResponseError `access_denied`, `expired_token` and whatever else is an answer
 * @throws ProtocolError `expired_grant` when the grant's time is over, or would be at the next poll
 * @throws the reason of the request's signal, and whatever a token request throws
 * @see RFC 8628 3.5, CIBA Core 11
 */
export async function pollTokens(issuer: Issuer, request: TokenRequest, plan: PollingPlan): Promise<JudgedTokens> {
  const { runtime } = issuer
  const { signal } = request
  let { interval, wait } = plan.pace
  for (;;) {
    await waitForTurn(runtime, wait, plan, signal)
    try {
      return await requestTokens(issuer, request)
    } catch (error) {
      signal?.throwIfAborted()
      const pace = nextPoll(interval, toPollAnswer(error, runtime.now()))
      if (pace.interval !== interval) plan.onInterval(pace.interval)
      interval = pace.interval
      wait = pace.wait
    }
  }
}

/** Who may be woken waits to the end; for anyone else a turn that would come too late is not worth waiting for. */
async function waitForTurn(
  runtime: Runtime,
  wait: number,
  plan: PollingPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { waker } = plan
  const left = plan.expiresAt - runtime.now()
  const isInTime = wait < left
  if (left <= 0 || !(waker || isInTime)) throw expired(plan)
  const wasWoken = await (waker?.wait(Math.min(wait, left), signal) ?? delay(runtime, wait, signal))
  if (!isInTime && wasWoken !== true) throw expired(plan)
}

/** What keeps the poll going; anything else is thrown on. */
function toPollAnswer(error: unknown, now: number): PollAnswer {
  if (error instanceof OAuthResponseError) {
    const { retryAfter } = error
    if (error.error === 'authorization_pending') return { kind: 'pending', retryAfter }
    if (error.error === 'slow_down') return { kind: 'slow_down', retryAfter }
  }
  // RFC 8628 3.5: "On encountering a connection timeout" the client goes on, at a lower frequency.
  if (error instanceof TimeoutError || error instanceof NetworkError) return { kind: 'unreachable' }
  const answer = answerOf(error)
  if (!answer || !isPassing(answer.status)) throw error
  return { kind: 'unreachable', retryAfter: answer.headers && parseRetryAfter(answer.headers, now) }
}

function answerOf(error: unknown): { readonly status: number; readonly headers?: Headers | undefined } | undefined {
  if (error instanceof ApiError) return error
  return error instanceof ResponseError ? { status: error.status, headers: error.response?.headers } : undefined
}

/** Of a server that is busy or down for a moment. */
function isPassing(status: number): boolean {
  return status === 429 || status >= 500
}

function expired({ expiresAt, clause }: PollingPlan): ProtocolError {
  return new ProtocolError('expired_grant', 'the user did not answer in time; begin anew', {
    clause,
    expected: `an answer before ${new Date(expiresAt).toISOString()}`,
    actual: 'none',
  })
}
