// A server whose clock is not ours: when its tokens are good, by our own.
import { describe, expect, it } from 'vitest'
import { aLogin, alice, aRig, place, type Rig } from './rig.ts'

const second = 1000
const minute = 60 * second
const wish = { ...place, subject: alice, scopes: ['read'] } as const

/** The server's answers to introspection, by a clock that is `ahead` milliseconds ahead of ours. */
function introspects(rig: Rig, ahead: number, claims: Record<string, unknown> = {}): void {
  rig.issuer.answer('introspect', () => {
    const now = rig.clock.now() + ahead
    const body = { active: true, sub: 'alice', scope: 'read', exp: Math.floor(now / second) + 60, ...claims }
    return Response.json(body, { headers: { date: new Date(now).toUTCString() } })
  })
}

const give = (rig: Rig) => rig.manager.accessTokens.get(wish)

describe('the expiry that a server names by its own clock', () => {
  it.each([2 * minute, -2 * minute])('is told by ours where the server is %i ms ahead', async (ahead) => {
    const rig = aRig({ autoIntrospect: true, minRemainingLife: 0 })
    introspects(rig, ahead)
    const metadata = await rig.manager.accessTokens.register('t', place)
    // What the server said stays what it said.
    expect(metadata.exp).toBe(Math.floor((rig.clock.now() + ahead) / second) + 60)
    const { value, expiresAt } = await give(rig)
    expect(value).toBe('t')
    expect(Math.abs(expiresAt! - rig.clock.now() - minute)).toBeLessThanOrEqual(second)
    rig.clock.advance(58 * second)
    expect((await give(rig)).value).toBe('t')
    rig.clock.advance(4 * second)
    await expect(give(rig)).rejects.toMatchObject({ code: 'no_suitable_access_token' })
  })

  it('is left as it is where the clock is too wrong to be followed', async () => {
    const rig = aRig({ autoIntrospect: true, minRemainingLife: 0 })
    introspects(rig, -10 * minute)
    await rig.manager.accessTokens.register('t', place)
    await expect(give(rig)).rejects.toMatchObject({ code: 'no_suitable_access_token' })
  })

  it('does not outlive the word of who registers the token anew, which is of our clock', async () => {
    const rig = aRig({ autoIntrospect: true, minRemainingLife: 0 })
    introspects(rig, 2 * minute)
    await rig.manager.accessTokens.register('t', place)
    const exp = rig.clock.now() / second + 300
    const metadata = { sub: 'alice', scope: 'read', exp }
    await rig.manager.accessTokens.register('t', { ...place, metadata }, { autoIntrospect: false })
    expect((await give(rig)).expiresAt).toBe(exp * second)
  })

  it.each([2 * minute, -2 * minute])('has a refresh token used to its end, %i ms ahead', async (ahead) => {
    const rig = aRig({ autoIntrospect: true, minRemainingLife: 0 })
    introspects(rig, ahead)
    const refreshToken = rig.issuer.login('alice', 'read')
    await rig.manager.refreshTokens.register(refreshToken, place)
    rig.clock.advance(58 * second)
    expect((await give(rig)).scope).toBe('read')
  })

  it('has no refresh token sent after it', async () => {
    const rig = aRig({ autoIntrospect: true, minRemainingLife: 0 })
    introspects(rig, 2 * minute)
    await rig.manager.refreshTokens.register(rig.issuer.login('alice', 'read'), place)
    rig.clock.advance(62 * second)
    await expect(give(rig)).rejects.toMatchObject({ code: /no_suitable/ })
    expect(rig.issuer.of('token')).toHaveLength(0)
  })
})

describe('the lifetime that a server names', () => {
  it.each([2 * minute, -2 * minute])('is counted by our clock, wherever the server is: %i ms ahead', async (ahead) => {
    const rig = aRig({ minRemainingLife: 0 })
    await aLogin(rig)
    rig.issuer.answer('token', () => {
      const date = new Date(rig.clock.now() + ahead).toUTCString()
      const body = { access_token: 't', token_type: 'Bearer', expires_in: 300, scope: 'read' }
      return Response.json(body, { headers: { date } })
    })
    expect((await give(rig)).expiresAt).toBe(rig.clock.now() + 300 * second)
    rig.clock.advance(299 * second)
    await give(rig)
    expect(rig.issuer.of('token')).toHaveLength(1)
    rig.clock.advance(2 * second)
    await give(rig)
    expect(rig.issuer.of('token')).toHaveLength(2)
  })
})
