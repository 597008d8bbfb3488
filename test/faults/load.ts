import { AuthentypeError } from '../../src/errors/base.ts'
import type { Session, Sessions } from '../../src/sessions/index.ts'
import type { CallCounts, SessionIds } from './messages.ts'

export interface Load {
  /** Starts no more calls, and waits for those under way. Gives how many never ended. */
  stop(): Promise<number>
}

/** Milliseconds after which a call under way is taken for one that never ends. */
const patience = 40_000
/** Milliseconds between the single calls, which show how long a token was used. */
const trickle = 60
/** Milliseconds after which a call may have been overtaken by the end of its token. */
const late = 500
/** More calls than this of one session under way mean that it waits, or that the machine is too slow for more. */
const mostUnderWay = 250

interface LoadOptions {
  readonly sessions: SessionIds
  /** Calls that begin at once. */
  readonly burst: number
  /** Milliseconds from burst to burst. */
  readonly every: number
}

/** Calls the API by every session: many at once now and then, and one after the other in between. */
export async function startLoad(
  sessions: Sessions,
  { sessions: ids, burst, every }: LoadOptions,
  report: (calls: CallCounts) => void,
): Promise<Load> {
  const called: [string, Session][] = await Promise.all(
    Object.entries(ids).map(async ([family, id]): Promise<[string, Session]> => [family, await sessions.get(id)]),
  )
  const underWay = new Map(called.map(([family]) => [family, new Set<Promise<void>>()]))
  let counts = emptyCounts()

  async function call(family: string, session: Session): Promise<void> {
    const began = performance.now()
    try {
      const response = await session.fetch('/notes')
      const body = (await response.json()) as { session?: string }
      // On a machine that is too busy a token may end on its way, and the one after it, too.
      const isLate = performance.now() - began > late
      if (response.status !== 200) count(isLate ? `late ${response.status}` : `http ${response.status}`)
      else if (body.session === family) counts.successes++
      else counts.strangers++
    } catch (error) {
      const name = nameOf(error)
      count(name)
      if (name.startsWith('session_expired')) counts.expiredAt[family] ??= Date.now()
    }
    counts.latencies.push(Math.round(performance.now() - began))
  }

  function count(error: string): void {
    counts.errors[error] = (counts.errors[error] ?? 0) + 1
  }

  function begin(calls: number): void {
    for (let i = 0; i < calls; i++) {
      const [family, session] = called[i % called.length]!
      const own = underWay.get(family)!
      if (own.size >= mostUnderWay) continue
      const promise = call(family, session)
      own.add(promise)
      void promise.then(() => own.delete(promise))
    }
  }

  function tell(): void {
    report(counts)
    counts = emptyCounts()
  }

  const timers = [
    setInterval(() => begin(burst), every),
    setInterval(() => begin(called.length), trickle),
    setInterval(tell, 200),
  ]
  begin(burst)
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      const tooLong = new Promise<void>((resolve) => setTimeout(resolve, patience).unref())
      const open = () => [...underWay.values()].flatMap((own) => [...own])
      await Promise.race([Promise.all(open()), tooLong])
      tell()
      return open().length
    },
  }
}

function emptyCounts() {
  return {
    successes: 0,
    strangers: 0,
    errors: {} as Record<string, number>,
    expiredAt: {} as Record<string, number>,
    latencies: [] as number[],
  }
}

/** An error's code, with the reason or the code of its cause; another error of any kind is one too many. */
function nameOf(error: unknown): string {
  if (!(error instanceof AuthentypeError)) return `untyped ${String(error).slice(0, 100)}`
  const { code, cause } = error
  const { reason } = error as { reason?: string }
  const why = reason ?? (cause as { code?: string } | undefined)?.code
  return why === undefined ? code : `${code} (${why})`
}
