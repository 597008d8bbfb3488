import { describe, expect, it } from 'vitest'
import { runScenario } from '../support/hostile/run-scenario.ts'
import type { Scenario } from '../support/hostile/scenario.ts'
import { scenarios } from '../support/hostile/scenarios/index.ts'
import { startHostileProvider } from '../support/hostile-provider.ts'
import { openidClientSubject } from './subjects/openid-client.ts'

const honest = (more: Partial<Scenario>): Scenario => ({
  name: 'an honest login',
  clause: 'OpenID Connect Core 3.1',
  area: 'token',
  level: 'mandatory',
  fault: {},
  run: ['login', 'userinfo', 'introspection', 'refresh', 'userinfo', 'revocation'],
  expect: { outcome: 'accepted' },
  ...more,
})

describe('the hostile provider without a fault', () => {
  it.each([
    { auth: 'none' },
    { auth: 'client_secret_basic' },
    { auth: 'client_secret_post' },
    { auth: 'private_key_jwt' },
    { auth: 'none', dpop: true },
    { auth: 'client_secret_basic', dpop: true },
    { auth: 'private_key_jwt', dpop: true },
  ] as const)('serves a certified client with %o and finds nothing to blame', async (client) => {
    await runScenario(honest({ client }), openidClientSubject, ({ error, failedAt }, { misdeeds }) => {
      expect({ error, failedAt, misdeeds }).toEqual({ misdeeds: [] })
    })
  })
})

describe('the judge', () => {
  it('blames a client that sends its secret in a URL', async () => {
    const provider = await startHostileProvider()
    await fetch(`${provider.issuer}/token?client_secret=s`, { method: 'POST', body: new URLSearchParams() })
    expect(provider.misdeeds.join()).toContain('client_secret in the URL of /token')
    await provider.close()
  })
})

describe('the table of scenarios', () => {
  it('holds at least 150 sentences, no two alike', () => {
    const names = scenarios.map(({ area, name }) => `${area}: ${name}`)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(150)
  })
})
