import { describe, expect, it } from 'vitest'
import {
  type DecisionInput,
  decideAuthorization,
  readConsent,
  saveConsent,
  withdrawConsent,
} from '../../src/server/index.ts'
import { accept, startAuthorization } from './authorization-rig.ts'
import { redirectUri } from './rig.ts'

const details = JSON.stringify([{ type: 'pay', amount: 1_000 }])

const asking = (...names: string[]) =>
  JSON.stringify({ userinfo: Object.fromEntries(names.map((name) => [name, null])) })

describe('decideAuthorization', () => {
  async function decide(params: Record<string, unknown>, input: (now: number) => DecisionInput, options = {}) {
    const rig = await startAuthorization({}, { claimsParameter: true, ...options })
    const request = await accept(rig, params)
    rig.clock.advance(10)
    const client = { clientId: 'web', metadata: {} }
    const decision = await decideAuthorization(rig.config, request, client, input(request.requestedAt))
    return 'error' in decision ? decision.error : 'reason' in decision ? `login: ${decision.reason}` : decision.kind
  }
  const session = (authTime: number, more: object = {}) => ({ subject: 'alice', sid: 's', authTime, ...more })
  const consent = (grantedAt: number) => ({ scope: ['openid', 'read'], resources: [], grantedAt })

  it.each<[string, Record<string, unknown>, (now: number) => DecisionInput]>([
    ['login: no_session', {}, () => ({})],
    ['login_required', { prompt: 'none' }, () => ({})],
    ['consent', {}, (now) => ({ session: session(now - 100) })],
    ['consent_required', { prompt: 'none' }, (now) => ({ session: session(now - 100) })],
    ['issue', {}, (now) => ({ session: session(now - 100), consent: consent(now - 100) })],
    ['issue', { prompt: 'none' }, (now) => ({ session: session(now - 100), consent: consent(now - 100) })],
    ['login: prompt', { prompt: 'login' }, (now) => ({ session: session(now - 1), consent: consent(now) })],
    ['issue', { prompt: 'login' }, (now) => ({ session: session(now + 1), consent: consent(now) })],
    ['consent', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now - 1) })],
    // What was granted meanwhile to another request of the client is no answer to this one.
    ['consent', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now + 5) })],
    ['consent', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now), consentedBy: 'bob' })],
    ['issue', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now), consentedBy: 'alice' })],
    ['consent', { authorization_details: details }, (now) => ({ session: session(now), consent: consent(now + 5) })],
    [
      'issue',
      { authorization_details: details },
      (now) => ({ session: session(now), consent: consent(now), consentedBy: 'alice' }),
    ],
    // OIDC Core 5.5: claims are released by consent, too.
    ['consent', { claims: asking('email') }, (now) => ({ session: session(now), consent: consent(now) })],
    [
      'issue',
      { claims: asking('email') },
      (now) => ({ session: session(now), consent: { ...consent(now), claims: ['email'] } }),
    ],
    [
      'issue',
      { claims: asking('sub', 'acr', 'auth_time') },
      (now) => ({ session: session(now), consent: consent(now) }),
    ],
    ['select_account', { prompt: 'select_account' }, (now) => ({ session: session(now - 1), consent: consent(now) })],
    ['login: max_age', { max_age: '60' }, (now) => ({ session: session(now - 61), consent: consent(now) })],
    ['issue', { max_age: '60' }, (now) => ({ session: session(now - 40), consent: consent(now) })],
    ['login: max_age', { max_age: '0' }, (now) => ({ session: session(now - 1), consent: consent(now) })],
    ['issue', { max_age: '0' }, (now) => ({ session: session(now), consent: consent(now) })],
    ['consent', { scope: 'openid write' }, (now) => ({ session: session(now), consent: consent(now) })],
  ])('comes to %s for %j', async (expected, params, input) => {
    expect(await decide(params, input)).toBe(expected)
  })

  it('asks again for a native app that anybody could pass for', async () => {
    const redirect_uri = 'http://127.0.0.1/cb'
    const metadata = {
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: [redirect_uri, redirectUri],
    }
    const rig = await startAuthorization(metadata)
    const client = { clientId: 'web', metadata }
    const decide = async (uri: string) => {
      const request = await accept(rig, { redirect_uri: uri })
      const now = request.requestedAt
      const input = { session: session(now), consent: consent(now - 1) }
      return (await decideAuthorization(rig.config, request, client, input)).kind
    }
    expect(await decide(redirect_uri)).toBe('consent')
    expect(await decide(redirectUri)).toBe('issue')
  })

  it('wants the user whom the client expects', async () => {
    const claims = JSON.stringify({ id_token: { sub: { value: 'bob' } } })
    const input = (now: number) => ({ session: session(now), consent: consent(now) })
    expect(await decide({ claims }, input)).toBe('login: other_user')
    expect(await decide({ claims, prompt: 'none' }, input)).toBe('login_required')
    const oneOf = (...values: string[]) => JSON.stringify({ userinfo: { sub: { values } } })
    expect(await decide({ claims: oneOf('bob') }, input)).toBe('login: other_user')
    expect(await decide({ claims: oneOf('bob', 'alice') }, input)).toBe('issue')
  })

  it('wants an essential acr, by a step up first', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['mfa'] } } })
    const input = (before: number, acr: string) => (now: number) => ({
      session: session(now - before, { acr }),
      consent: consent(now),
    })
    expect(await decide({ claims }, input(5, 'pwd'))).toBe('login: acr')
    expect(await decide({ claims }, input(0, 'pwd'))).toBe('unmet_authentication_requirements')
    expect(await decide({ claims }, input(5, 'mfa'))).toBe('issue')
    expect(await decide({ claims, prompt: 'none' }, input(5, 'pwd'))).toBe('interaction_required')
  })

  it('remembers consents, adds to them and forgets them', async () => {
    const rig = await startAuthorization()
    await saveConsent(rig.config, 'alice', 'web', { scope: ['a'], resources: [] })
    const claims = { userinfo: { email: null, 'name#fr': null }, id_token: { acr: null, 'phone_number#x': null } }
    await saveConsent(rig.config, 'alice', 'web', { scope: ['b', 'profile'], resources: [], claims })
    expect(await readConsent(rig.config, 'alice', 'web')).toMatchObject({
      scope: ['a', 'b', 'profile'],
      claims: ['phone_number#x', 'email'],
    })
    expect(await readConsent(rig.config, 'bob', 'web')).toBeUndefined()
    await withdrawConsent(rig.config, 'alice', 'web')
    expect(await readConsent(rig.config, 'alice', 'web')).toBeUndefined()
  })
})
