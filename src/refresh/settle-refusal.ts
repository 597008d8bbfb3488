import { maxWriteAttempts } from './contended.ts'
import type { Refreshable, RefreshOutcome } from './refreshable.ts'

/**
 * What an answer that gave no tokens does to the state. It used nothing up, so the journal entry of its request has
 * done its work; but what an earlier request for the same refresh token did stays as unknown as it was.
 *
 * @param outcomeUnknown such an earlier request was sent, and its answer never came
 */
export async function settleRefusal<State>(
  target: Refreshable<State>,
  from: State,
  error: unknown,
  outcomeUnknown: boolean,
): Promise<RefreshOutcome<State>> {
  for (let attempt = 0; attempt < maxWriteAttempts; attempt++) {
    const current = await target.read()
    if (!current) return { kind: 'gone' }
    // A refusal is only believed when nobody else has renewed: the loser of a race is refused, too.
    if (!target.isSameGeneration(current.state, from)) return { kind: 'current', state: current.state }
    const ended = target.afterFailure(error, current.state, outcomeUnknown)
    const open = target.attempt(current.state)
    const left = ended === undefined && outcomeUnknown && open ? ({ ...open, isLost: true } as const) : undefined
    const next = target.withAttempt(ended ?? current.state, left)
    if (!(await target.write(next, current.version))) continue
    if (ended === undefined) throw error
    return { kind: 'ended', state: next, error }
  }
  throw error
}
