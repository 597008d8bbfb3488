import { generateSealingKey } from '../../src/stores/sealed/index.ts'
import { type LocalServer, pause } from '../support/local-servers.ts'
import { type CallTotals, hireCrew } from './crew.ts'
import type { Family } from './families.ts'
import { startIssuer } from './issuer.ts'
import type { StoreKind, WorkerConfig } from './messages.ts'
import { families, type Hands, type Scenario } from './scenario.ts'
import type { WorkerProgram } from './worker-processes.ts'

/** What happened, for the judge and the table. */
export interface Run {
  readonly scenario: Scenario
  readonly store: StoreKind
  readonly calls: CallTotals
  /** Calls that never ended. */
  readonly unfinished: number
  readonly families: readonly Family[]
  /** Faults by family. */
  readonly hits: Readonly<Record<string, number>>
  /** Families of a strict server whose login a fault may have ended besides. */
  readonly inDoubt: ReadonlySet<string>
  /** Faults in all. */
  readonly faults: number
  /** Whether all faults came to pass. */
  readonly isWreaked: boolean
  /** By family. */
  readonly states: Readonly<Record<string, string>>
  /** When the last calls were begun, milliseconds since the epoch. */
  readonly endedAt: number
  readonly seconds: number
}

/** Milliseconds. */
export const accessTokenLife = 2_000
const rotationGrace = 4_000
const loginsApart = 250
const mostLate = 6_000
const callsAtOnce = 1_000
const burstEvery = 1_000

export async function runScenario(
  program: WorkerProgram,
  kind: StoreKind,
  server: LocalServer,
  scenario: Scenario,
): Promise<Run> {
  const began = performance.now()
  const grace = scenario.server === 'grace' ? rotationGrace : 0
  const issuer = await startIssuer({ accessTokenLife, grace })
  const crew = await hireCrew(program, issuer, configure(kind, server, scenario, grace))
  const hits: Record<string, number> = {}
  const inDoubt = new Set<string>()
  let faults = 0
  const hands: Hands = {
    issuer,
    crew,
    pause,
    restartStore: () => server.restart(),
    doubt: (hit) => {
      for (const family of hit) inDoubt.add(family)
    },
    hit(hit) {
      faults++
      for (const family of hit) hits[family] = (hits[family] ?? 0) + 1
    },
  }
  try {
    await crew.logIn(families, loginsApart)
    let isWreaked = false
    const wreaking = (scenario.wreak?.(hands) ?? Promise.resolve()).then(() => {
      isWreaked = true
    })
    crew.begin({ burst: callsAtOnce / 4, every: burstEvery })
    // What goes wrong in making the faults ends the run; faults that never came are the judge's.
    await Promise.race([pause(scenario.duration ?? 4_000), wreaking.then(() => new Promise(() => {}))])
    // On a busy machine faults and expiries may be late; the calls go on until they have come.
    const isSeen = () => isWreaked && issuer.families.all.some(({ generations }) => generations.length > 2)
    for (let waited = 0; !isSeen() && waited < mostLate; waited += 50) await pause(50)
    issuer.disarm()
    const endedAt = Date.now()
    const unfinished = await crew.finish()
    const states = await crew.inspect()
    const seconds = (performance.now() - began) / 1000
    const run = { scenario, store: kind, calls: crew.totals, families: issuer.families.all, states }
    return { ...run, unfinished, hits, inDoubt, faults, isWreaked, endedAt, seconds }
  } finally {
    await crew.end()
    await issuer.close()
  }
}

function configure(kind: StoreKind, server: LocalServer, scenario: Scenario, grace: number) {
  const sealingKey = generateSealingKey()
  return (position: number): Omit<WorkerConfig, 'name' | 'issuer'> => ({
    store: kind,
    storeUrl: server.url,
    sealingKey,
    hasLock: scenario.hasLock ?? true,
    lease: scenario.lease ?? 2_000,
    rotationGrace: grace,
    clockOffset: scenario.clockOffsets?.[position] ?? 0,
  })
}
