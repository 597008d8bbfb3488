import type { FaultIssuer } from './issuer.ts'
import type { CallCounts, SessionIds, ToWorker, WorkerConfig } from './messages.ts'
import type { WorkerProcess, WorkerProgram } from './worker-processes.ts'

/** Four processes that call at the same time, one for each that is lost. */
export interface Crew {
  readonly totals: CallTotals
  /** Logs in, each family a little after the other, so that their refreshes do not fall together. */
  logIn(families: readonly string[], apart: number): Promise<void>
  begin(load: Omit<ToWorker & { kind: 'load' }, 'kind' | 'sessions'>): void
  /** Kills a process at once, and puts another in its place. `onDead` is told in between. */
  replace(name: string, onDead: () => void): Promise<void>
  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void
  /** No more calls. Gives how many never ended. */
  finish(): Promise<number>
  /** What each session is in the end, as one of the processes sees it. */
  inspect(): Promise<Readonly<Record<string, string>>>
  end(): Promise<void>
}

export interface CallTotals {
  successes: number
  strangers: number
  readonly errors: Record<string, number>
  readonly expiredAt: Record<string, number>
  readonly latencies: number[]
}

const size = 4

export async function hireCrew(
  program: WorkerProgram,
  issuer: FaultIssuer,
  configure: (position: number) => Omit<WorkerConfig, 'name' | 'issuer'>,
): Promise<Crew> {
  const totals: CallTotals = { successes: 0, strangers: 0, errors: {}, expiredAt: {}, latencies: [] }
  const sessions: Record<string, string> = {}
  const workers: WorkerProcess[] = []
  let load: (ToWorker & { kind: 'load' }) | undefined
  let hired = 0
  let isOver = false

  async function hire(position: number): Promise<WorkerProcess> {
    const name = `worker-${++hired}`
    const worker = await program.start({ ...configure(position), name, issuer: issuer.url })
    worker.onCalls(({ calls }) => add(totals, calls))
    workers[position] = worker
    // The run has failed while this one was on its way.
    if (isOver) await worker.end()
    return worker
  }

  await Promise.all(Array.from({ length: size }, (_, position) => hire(position)))
  return {
    totals,
    async logIn(families, apart) {
      for (const family of families) {
        const [first] = workers
        const created = first!.hear('created')
        first!.tell({ kind: 'create', family, answer: issuer.families.login(family) })
        sessions[family] = (await created).id
        await new Promise((resolve) => setTimeout(resolve, apart))
      }
    },
    begin(wanted) {
      load = { kind: 'load', sessions: sessions as SessionIds, ...wanted }
      for (const worker of workers) worker.tell(load)
    },
    async replace(name, onDead) {
      const position = workers.findIndex((worker) => worker.name === name)
      await workers[position]!.end()
      onDead()
      const worker = await hire(position)
      if (load) worker.tell(load)
    },
    signal: (name, signal) => workers.find((worker) => worker.name === name)?.signal(signal),
    async finish() {
      const unfinished = workers.map(async (worker) => {
        const stopped = worker.hear('stopped', 50_000)
        worker.tell({ kind: 'stop' })
        return (await stopped).unfinished
      })
      return (await Promise.all(unfinished)).reduce((sum, each) => sum + each, 0)
    },
    async inspect() {
      const [first] = workers
      const inspected = first!.hear('inspected')
      first!.tell({ kind: 'inspect', sessions })
      return (await inspected).states
    },
    async end() {
      isOver = true
      await Promise.all(workers.map((worker) => worker.end()))
    },
  }
}

function add(totals: CallTotals, calls: CallCounts): void {
  totals.successes += calls.successes
  totals.strangers += calls.strangers
  for (const [code, count] of Object.entries(calls.errors)) totals.errors[code] = (totals.errors[code] ?? 0) + count
  for (const [family, at] of Object.entries(calls.expiredAt)) {
    totals.expiredAt[family] = Math.min(totals.expiredAt[family] ?? at, at)
  }
  totals.latencies.push(...calls.latencies)
}
