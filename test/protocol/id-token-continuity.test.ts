import { describe, expect, it } from 'vitest'
import type { IdTokenError } from '../../src/errors/protocol.ts'
import type { IdTokenClaims } from '../../src/protocol/id-token.ts'
import { anIdToken, clientId, issuer, now } from '../support/id-token.ts'
import { judge } from './id-token-rig.ts'

describe('on refresh (Core 12.2)', () => {
  const previous = { iss: issuer, sub: 'user-1', aud: clientId, exp: now, iat: now - 600 } as IdTokenClaims
  const refreshed = (claims: Record<string, unknown>, before: Partial<IdTokenClaims> = {}) =>
    judge(anIdToken({ nonce: undefined, ...claims }), { nonce: undefined, previous: { ...previous, ...before } })
  const failed = async (claims: Record<string, unknown>, before: Partial<IdTokenClaims> = {}) =>
    refreshed(claims, before).then(
      () => 'nothing',
      (error: IdTokenError) => error.check,
    )

  it('goes on with the same login', async () => {
    await expect(refreshed({})).resolves.toBeDefined()
    await expect(refreshed({ aud: [clientId] })).resolves.toBeDefined()
    await expect(refreshed({ auth_time: now - 600 }, { auth_time: now - 600 })).resolves.toBeDefined()
    await expect(refreshed({}, { auth_time: now - 600, nonce: 'n-1' })).resolves.toBeDefined()
    await expect(refreshed({ nonce: 'n-1' }, { nonce: 'n-1' })).resolves.toBeDefined()
    await expect(refreshed({ azp: clientId }, { azp: clientId })).resolves.toBeDefined()
  })

  it.each([
    ['refresh_iss', {}, { iss: 'https://other.example' }],
    ['refresh_sub', { sub: 'user-2' }, {}],
    ['refresh_aud', {}, { aud: [clientId, 'api'] }],
    ['refresh_auth_time', { auth_time: now }, { auth_time: now - 600 }],
    ['refresh_azp', { azp: clientId }, {}],
    ['refresh_azp', {}, { azp: clientId }],
    ['refresh_nonce', { nonce: 'n-2' }, { nonce: 'n-1' }],
    ['refresh_nonce', { nonce: 'n-2' }, {}],
  ])('fails the check %s with %j after %j', async (name, claims, before) => {
    expect(await failed(claims, before)).toBe(name)
  })

  it('does not name the users', async () => {
    const error = (await refreshed({ sub: 'mallory' }).catch((caught: unknown) => caught)) as IdTokenError
    expect(`${error.message} ${JSON.stringify(error.checks)}`).not.toMatch(/mallory|user-1/)
  })
})
