import type { Family } from './families.ts'
import { accessTokenLife, type Run } from './run-scenario.ts'

export interface Check {
  readonly name: string
  /** What is wrong; absent: nothing. */
  readonly fault?: string
}

/** What the tokens of a family say about its refreshes. */
export interface Refreshes {
  /** Access tokens that were due while calls were made. */
  readonly expiries: number
  readonly rotations: number
  readonly attempts: number
  /** Rotations before the token was due. */
  readonly early: number
}

/** A quarter before its end a token is due. */
const dueAfter = accessTokenLife * 0.75
/** Milliseconds that a rotation may take on a busy machine. */
const patience = 900

/** Milliseconds between two calls, at the worst. */
const resolution = 300

export function countRefreshes(family: Family, run: Run): Refreshes {
  const { generations, attempts } = family
  const apart = Math.max(0, ...(run.scenario.clockOffsets ?? []).map(Math.abs)) * 2
  const rotated = generations.filter((generation) => generation.rotatedAt !== undefined)
  const early = rotated.filter(
    ({ tokens, rotatedAt }) => rotatedAt! < tokens[0]!.issuedAt + dueAfter - apart - 50,
  ).length
  const last = generations.at(-1)!.tokens.at(-1)!
  const isMissing = !family.ended && last.issuedAt + dueAfter + patience < run.endedAt
  return { rotations: rotated.length, attempts, early, expiries: rotated.length - early + (isMissing ? 1 : 0) }
}

/** Holds a run against what the sessions promise. Each check has one line to say. */
export function judge(run: Run): readonly Check[] {
  const each = run.families.map((family) => ({ family, ...countRefreshes(family, run) }))
  return [
    check('all faults came to pass', run.isWreaked ? [] : ['a fault was planned that never came']),
    check('every session is as it should be', wrongStates(run)),
    check('every call ended', run.unfinished > 0 ? [`${run.unfinished} calls never did`] : []),
    check('no call got the token of another session', run.calls.strangers > 0 ? [`${run.calls.strangers} did`] : []),
    check('no call failed that need not', wrongErrors(run)),
    check(
      'one rotation an expiry',
      each
        .filter(({ expiries, rotations }) => expiries !== rotations)
        .map(({ family, expiries, rotations }) => `${family.name}: ${rotations} for ${expiries} expiries`),
    ),
    check(
      'at most one attempt more a fault',
      each
        .filter(({ attempts, rotations, family }) => attempts - rotations > (run.hits[family.name] ?? 0))
        .map(({ attempts, rotations, family }) => `${family.name}: ${attempts} attempts for ${rotations} rotations`),
    ),
    check(
      'several expiries',
      Math.max(...each.map(({ rotations }) => rotations)) < 2 ? ['no access token was renewed twice'] : [],
    ),
    check('access tokens were used to their end', unusedTokens(run)),
  ]
}

function check(name: string, faults: readonly string[]): Check {
  return faults.length > 0 ? { name, fault: faults.join('; ') } : { name }
}

const endsIn = (run: Run, family: Family): string | undefined => run.scenario.ends?.[family.name]

function wrongStates(run: Run): string[] {
  return run.families.flatMap((family) => {
    const expected = endsIn(run, family) ?? 'active'
    const actual = run.states[family.name] ?? 'unknown'
    if (actual === expected) return []
    // A process that is killed for one refresh may have sent another in the same moment, which nobody planned.
    if (run.inDoubt.has(family.name) && actual === 'session_expired refresh_outcome_unknown') return []
    return [
      `${family.name}: expected "${expected}", is "${actual}"${family.ended ? `, ended at the server (${family.ended})` : ''}`,
    ]
  })
}

function wrongErrors({ calls, scenario }: Run): string[] {
  return Object.entries(calls.errors)
    .filter(([code]) => code.startsWith('untyped') || !(scenario.mayFail?.test(code) || code === 'late 401'))
    .map(([code, count]) => `${count} × ${code}`)
}

/** A session that ended because an answer was lost was of use until its access token ended. */
function unusedTokens(run: Run): string[] {
  return run.families
    .filter((family) => endsIn(run, family)?.endsWith('refresh_outcome_unknown'))
    .flatMap(({ name, generations }) => {
      // Of the successors nobody has ever heard.
      const known = generations.findLast(({ tokens }) => tokens.some((token) => token.lastUsedAt !== undefined))
      if (!known) return [`${name}: its token was never used`]
      const { expiresAt, lastUsedAt = 0 } = known.tokens.at(-1)!
      const early = expiresAt - (run.calls.expiredAt[name] ?? expiresAt)
      if (early > 0) return [`${name}: a call was refused ${early} ms before it`]
      // On a busy machine the answer may be lost when the token is at its end already.
      const { rotatedAt = 0 } = known
      const isUsed = lastUsedAt > rotatedAt || rotatedAt > expiresAt - resolution
      return isUsed ? [] : [`${name}: no call used it after the answer was lost`]
    })
}
