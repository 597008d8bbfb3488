import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { AuthentypeError, type IdTokenError, type OAuthResponseError } from '../../src/errors/index.ts'
import type { AnswerName } from '../support/hostile/faults.ts'
import { type Outcome, runScenario } from '../support/hostile/run-scenario.ts'
import type { Expectation, Scenario } from '../support/hostile/scenario.ts'
import { scenarios } from '../support/hostile/scenarios/index.ts'
import type { HostileProvider } from '../support/hostile-provider.ts'
import { authentypeSubject } from './subjects/authentype.ts'

const areas = [...new Set(scenarios.map(({ area }) => area))]
/** Only GETs go another way over ky; over the plain fetch these are tried once more. */
const areasOfGets = scenarios.filter(({ area }) => ['discovery', 'jwks', 'userinfo'].includes(area))

describe.concurrent.each(areas)('a hostile provider, %s', (area) => {
  it.each(named(scenarios.filter((scenario) => scenario.area === area)))('%s', (_name, scenario) =>
    runScenario(scenario, authentypeSubject('ky'), judge(scenario)),
  )
})

describe.concurrent('a hostile provider, over the global fetch', () => {
  it.each(named(areasOfGets))('%s', (_name, scenario) =>
    runScenario(scenario, authentypeSubject('fetch'), judge(scenario)),
  )
})

function named(rows: readonly Scenario[]): [string, Scenario][] {
  return rows.map((scenario) => [`${scenario.name} (${scenario.clause})`, scenario])
}

function judge({ expect: expected }: Scenario) {
  return (outcome: Outcome, provider: HostileProvider) => {
    if (expected.outcome === 'accepted') expectAccepted(outcome)
    else expectRefused(outcome, expected)
    if (outcome.error) expectNoSecrets(outcome.error, provider.secrets())
    expectNoSecretsTold(outcome.told, provider.secrets())
    for (const [answer, limit] of Object.entries(expected.atMost ?? {})) {
      expect(provider.count(answer as AnswerName), `requests for ${answer}`).toBeLessThanOrEqual(limit)
    }
    expect(provider.misdeeds).toEqual([])
    expect(Object.prototype).not.toHaveProperty('polluted')
  }
}

function expectAccepted({ error }: Outcome): void {
  if (error) throw new Error(`Refused, but must be accepted: ${inspect(error)}`, { cause: error })
}

function expectRefused(outcome: Outcome, expected: Extract<Expectation, { outcome: 'refused' }>): void {
  const { error, failedAt, wasLastStep } = outcome
  if (error === undefined) expect.fail('Accepted, but must be refused')
  if (!wasLastStep) throw new Error(`Refused too early, at ${inspect(failedAt)}`, { cause: error })
  expect(error).toBeInstanceOf(AuthentypeError)
  expect(expected.codes, inspect(error)).toContain((error as AuthentypeError).code)
  if (expected.checks) expect(expected.checks).toContain((error as IdTokenError).check)
  if (expected.error) expect((error as OAuthResponseError).error).toBe(expected.error)
  expectRuleNamed(error as AuthentypeError)
}

/**
 * Errors that are no judgement of what the server sent, and so break no clause: its own refusals, which say why in
 * `error` or `status`; that nothing came, or not in time; and what became of a session, with its reason or its cause.
 */
const noJudgements = [
  'OAuthResponseError',
  'ApiError',
  'AuthorizationResponseError',
  'NetworkError',
  'TimeoutError',
  'SessionError',
]

/** Whoever reads the log knows which rule was broken, and how. */
function expectRuleNamed(error: AuthentypeError): void {
  const { name, clause, expected, actual } = error as AuthentypeError &
    Record<'clause' | 'expected' | 'actual', unknown>
  if (noJudgements.includes(name)) {
    expect(clause, `${name} is a judgement after all`).toBeUndefined()
    return
  }
  expect(clause, inspect(error)).toMatch(/^(?:RFC \d|(?:OIDC|OpenID|OAuth|CIBA|JARM|FAPI|Back-Channel|draft-)\S* )/)
  expect(error.message).toContain(clause)
  expect(expected ?? null, inspect(error)).not.toBeNull()
  expect(actual ?? null, inspect(error)).not.toBeNull()
}

/** Every scenario begins with a request, so a client that told nothing was not listened to. */
function expectNoSecretsTold(told: Outcome['told'] = [], secrets: readonly string[]): void {
  expect(told.length).toBeGreaterThan(0)
  const printed = JSON.stringify(told)
  expect(
    secrets.filter((secret) => secret.length >= 8 && printed.includes(secret)),
    'secrets in the events',
  ).toEqual([])
}

/** As a logger would print it, causes included. */
function expectNoSecrets(error: unknown, secrets: readonly string[]): void {
  const printed = inspect(error, { depth: 8 }) + JSON.stringify(error) + String((error as Error).message)
  const shown = secrets.filter((secret) => secret.length >= 8 && printed.includes(secret))
  expect(shown, 'secrets in the error').toEqual([])
  expect((error as Error).message, 'control characters').not.toMatch(/[\p{Cc}\p{Cf}]/u)
}
