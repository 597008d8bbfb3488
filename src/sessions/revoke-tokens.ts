import { errorCode } from '../lib/emitter.ts'
import { abortable } from '../lib/single-flight.ts'
import { importOnce } from '../lib/stored-key.ts'
import { type RevocableToken, revocationOrder } from '../protocol/revocation.ts'
import type { SessionContext } from './session-context.ts'
import type { ActiveSessionState } from './session-state.ts'

/** Milliseconds in all to wait for the server: a user who logs out waits for them, too. */
const patience = 3_000

/**
 * Every token of a session, each failure an event: a server that is down must not keep anybody logged in here, nor
 * waiting.
 */
export async function revokeTokens(context: SessionContext, state: ActiveSessionState): Promise<void> {
  const { tokens, additional = {} } = state
  const order = [
    ...revocationOrder(tokens),
    ...Object.values(additional).map(({ value }) => ['access_token', value] as const),
  ] as const
  const signal = AbortSignal.timeout(patience)
  const revoke = async (token: RevocableToken, value: string): Promise<void> => {
    signal.throwIfAborted()
    const client = await context.clientOf(state)
    const dpopKey = state.dpopKey && (await importOnce(state.dpopKey, 'session'))
    await client.revoke(value, { tokenTypeHint: token, signal, ...(dpopKey && { dpopKey }) })
  }
  for (const [token, value] of order) {
    try {
      // What comes before the request, the metadata above all, knows of no signal.
      await abortable(revoke(token, value), signal)
    } catch (error) {
      // Revocation is best effort (RFC 7009 2.2 has no answer to act on); the event tells who wants to know.
      const { ref: session, issuer } = state
      context.emit({ kind: 'revocation_failed', session, issuer, token, error: errorCode(error) })
    }
  }
}
