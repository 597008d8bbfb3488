import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { createTokenEndpointConfig, handleTokenRequest, revokeSubject } from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import {
  baseOptions,
  claimsOf,
  codeParams,
  createClock,
  createRig,
  type RequestShape,
  type Rig,
  refreshParams,
  refusalOf,
  sealKey,
  storeMethods,
  tokensOf,
} from './rig.ts'

async function login(rig: Rig, how: RequestShape = {}): Promise<Record<string, string>> {
  const clientId = how.client ?? 'web'
  return tokensOf(await rig.token(codeParams(await rig.code({ clientId })), how))
}

const withGrace = { refreshTokens: { sealKey } }

describe('refresh_token', () => {
  it('rotates, keeps the id_token, auth_time and acr of the login, and gives one event', async () => {
    const rig = await createRig()
    const code = await rig.code({ authTime: 1_700_000_000, acr: 'urn:mfa', nonce: 'n' })
    const first = tokensOf(await rig.token(codeParams(code)))
    rig.clock.advance(100)
    const outcome = await rig.token(refreshParams(first.refresh_token))
    const second = tokensOf(outcome)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(claimsOf(second.access_token)).toMatchObject({ auth_time: 1_700_000_000, acr: 'urn:mfa' })
    const id = claimsOf(second.id_token)
    expect(id).toMatchObject({ auth_time: 1_700_000_000, acr: 'urn:mfa', sub: 'alice' })
    expect(id.nonce).toBeUndefined()
    expect(id.c_hash).toBeUndefined()
    expect(outcome.events.map((event) => event.name)).toEqual(['refresh_rotated'])
  })

  it('revokes the family for good when a used token comes again without grace, even at once', async () => {
    const rig = await createRig()
    const first = await login(rig)
    const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
    const again = await rig.token(refreshParams(first.refresh_token))
    expect(refusalOf(again)).toBe('invalid_grant: refresh token used before')
    expect(again.events.map((event) => event.name)).toEqual(['refresh_reuse_detected', 'token_denied'])
    expect(refusalOf(await rig.token(refreshParams(second.refresh_token)))).toBe('invalid_grant: family revoked')
  })

  it('gives a retry within the grace the same successor and a fresh access token', async () => {
    const rig = await createRig(withGrace)
    const first = await login(rig)
    const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
    rig.clock.advance(59)
    const retried = tokensOf(await rig.token(refreshParams(first.refresh_token)))
    expect(retried.refresh_token).toBe(second.refresh_token)
    expect(retried.access_token).not.toBe(second.access_token)
    expect(tokensOf(await rig.token(refreshParams(second.refresh_token)))).toBeDefined()
  })

  it('does not extend the grace by a retry', async () => {
    const rig = await createRig(withGrace)
    const first = await login(rig)
    tokensOf(await rig.token(refreshParams(first.refresh_token)))
    rig.clock.advance(59)
    tokensOf(await rig.token(refreshParams(first.refresh_token)))
    rig.clock.advance(1)
    expect(refusalOf(await rig.token(refreshParams(first.refresh_token)))).toBe(
      'invalid_grant: refresh token used before',
    )
  })

  it('does not extend the grace by a clock that is set back, beyond what clocks may differ', async () => {
    const rig = await createRig(withGrace)
    const first = await login(rig)
    tokensOf(await rig.token(refreshParams(first.refresh_token)))
    rig.clock.advance(-60)
    tokensOf(await rig.token(refreshParams(first.refresh_token)))
    rig.clock.advance(-1)
    expect(refusalOf(await rig.token(refreshParams(first.refresh_token)))).toBe(
      'invalid_grant: refresh token used before',
    )
  })

  it('takes a retry whose successor was used for a reuse', async () => {
    const rig = await createRig(withGrace)
    const first = await login(rig)
    const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
    const third = tokensOf(await rig.token(refreshParams(second.refresh_token)))
    expect(refusalOf(await rig.token(refreshParams(first.refresh_token)))).toBe(
      'invalid_grant: refresh token used before',
    )
    expect(refusalOf(await rig.token(refreshParams(third.refresh_token)))).toBe('invalid_grant: family revoked')
  })

  it('takes a retry with another scope for a reuse', async () => {
    const rig = await createRig(withGrace)
    const first = await login(rig)
    tokensOf(await rig.token(refreshParams(first.refresh_token)))
    const outcome = await rig.token({ ...refreshParams(first.refresh_token), scope: 'read' })
    expect(refusalOf(outcome)).toBe('invalid_grant: refresh token used before')
  })

  it('gives an unbound public client no grace, and a bound one does get it', async () => {
    const rig = await createRig(withGrace)
    const unbound = await login(rig, { client: 'spa' })
    tokensOf(await rig.token(refreshParams(unbound.refresh_token), { client: 'spa' }))
    const late = await rig.token(refreshParams(unbound.refresh_token), { client: 'spa' })
    expect(refusalOf(late)).toBe('invalid_grant: refresh token used before')
    const bound = await login(rig, { client: 'spa', dpop: await rig.proof() })
    const once = await rig.token(refreshParams(bound.refresh_token), { client: 'spa', dpop: await rig.proof() })
    const twice = await rig.token(refreshParams(bound.refresh_token), { client: 'spa', dpop: await rig.proof() })
    expect(tokensOf(twice).refresh_token).toBe(tokensOf(once).refresh_token)
  })

  it('takes a retry with another key for a reuse', async () => {
    const rig = await createRig(withGrace)
    const bound = await login(rig, { client: 'spa', dpop: await rig.proof() })
    tokensOf(await rig.token(refreshParams(bound.refresh_token), { client: 'spa', dpop: await rig.proof() }))
    const thief = await rig.proof(await generateSigningKey('ES256'))
    const outcome = await rig.token(refreshParams(bound.refresh_token), { client: 'spa', dpop: thief })
    expect(refusalOf(outcome)).toBe('invalid_grant: refresh token used before')
  })

  it('ends the grace no later than the parent expires', async () => {
    const rig = await createRig({ ...withGrace, lifetimes: { refreshToken: 30 } })
    const first = await login(rig)
    rig.clock.advance(20)
    tokensOf(await rig.token(refreshParams(first.refresh_token)))
    rig.clock.advance(10)
    expect(refusalOf(await rig.token(refreshParams(first.refresh_token)))).toBe(
      'invalid_grant: refresh token used before',
    )
  })

  it('consumes nothing for a wrong client, key or scope, however often it fails', async () => {
    const rig = await createRig()
    const tokens = await login(rig, { client: 'spa', dpop: await rig.proof() })
    const stranger = await generateSigningKey('ES256')
    for (let i = 0; i < 2; i++) {
      expect(refusalOf(await rig.token(refreshParams(tokens.refresh_token)))).toBe(
        'invalid_grant: refresh token of another client',
      )
      const wrongKey = await rig.token(refreshParams(tokens.refresh_token), {
        client: 'spa',
        dpop: await rig.proof(stranger),
      })
      expect(refusalOf(wrongKey)).toBe('invalid_grant: another key')
      expect(refusalOf(await rig.token(refreshParams(tokens.refresh_token), { client: 'spa' }))).toBe(
        'invalid_request: missing DPoP proof',
      )
      const wider = { ...refreshParams(tokens.refresh_token), scope: 'admin' }
      expect(refusalOf(await rig.token(wider, { client: 'spa', dpop: await rig.proof() }))).toBe(
        'invalid_scope: scope beyond the grant',
      )
    }
    const good = await rig.token(refreshParams(tokens.refresh_token), { client: 'spa', dpop: await rig.proof() })
    expect(tokensOf(good)).toBeDefined()
  })

  it('revokes nothing when another client shows a used token', async () => {
    const rig = await createRig()
    const first = await login(rig)
    const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
    expect(refusalOf(await rig.token(refreshParams(first.refresh_token), { client: 'other' }))).toBe(
      'invalid_grant: refresh token of another client',
    )
    expect(tokensOf(await rig.token(refreshParams(second.refresh_token)))).toBeDefined()
  })

  it('lets a confidential client refresh with a fresh key', async () => {
    const rig = await createRig()
    const tokens = await login(rig, { dpop: await rig.proof() })
    const fresh = await generateSigningKey('ES256')
    const next = tokensOf(await rig.token(refreshParams(tokens.refresh_token), { dpop: await rig.proof(fresh) }))
    expect(claimsOf(next.access_token).cnf).toEqual({ jkt: fresh.thumbprint })
  })

  it('keeps the original scope when an access token is narrowed, and gives no id_token below openid', async () => {
    const rig = await createRig()
    const first = await login(rig)
    const narrow = tokensOf(await rig.token({ ...refreshParams(first.refresh_token), scope: 'read' }))
    expect(narrow.scope).toBe('read')
    expect(narrow.id_token).toBeUndefined()
    const wide = tokensOf(await rig.token(refreshParams(narrow.refresh_token)))
    expect(wide.scope).toBe('openid offline_access read write')
    expect(wide.id_token).toBeDefined()
  })

  it('expires after 14 days without use, and the family after 90 however much it is used', async () => {
    const rig = await createRig()
    let { refresh_token: token } = await login(rig)
    for (let day = 0; day < 88; day += 11) {
      rig.clock.advance(11 * 86_400)
      token = tokensOf(await rig.token(refreshParams(token))).refresh_token
    }
    rig.clock.advance(2 * 86_400)
    expect(refusalOf(await rig.token(refreshParams(token)))).toMatch(/^invalid_grant/)
    const other = await createRig()
    const { refresh_token: idle } = await login(other)
    other.clock.advance(14 * 86_400)
    expect(refusalOf(await other.token(refreshParams(idle)))).toBe('invalid_grant: refresh token expired')
  })

  /** A rig before whose next commit something else happens to the same store, once. */
  async function interrupted() {
    const clock = createClock()
    const store = createMemoryStore({ runtime: clock })
    const options = { ...withGrace, runtime: clock }
    let before: (() => Promise<unknown>) | undefined
    const plain = await createRig(options, store)
    const rig = await createRig(options, {
      ...storeMethods(store),
      async commit(changes) {
        const run = before
        before = undefined
        await run?.()
        return store.commit(changes)
      },
    })
    const first = tokensOf(await rig.token(codeParams(await rig.code())))
    const interrupt = (run: () => Promise<unknown>) => {
      before = run
      return rig.token(refreshParams(first.refresh_token))
    }
    return { rig, plain, store, first, interrupt }
  }

  it('inserts nothing into a family that is revoked between the look and the commit', async () => {
    const { rig, plain, store, first, interrupt } = await interrupted()
    const outcome = await interrupt(() => revokeSubject(plain.config, 'alice'))
    expect(refusalOf(outcome)).toBe('invalid_grant: family revoked')
    expect(outcome.events.map(({ name }) => name)).toEqual(['token_denied'])
    expect(await store.find('subject', 'alice')).toHaveLength(1)
    expect(refusalOf(await rig.token(refreshParams(first.refresh_token)))).toBe('invalid_grant: family revoked')
  })

  it('hands out no successor that is used between the look and the commit of a retry', async () => {
    const { plain, first, interrupt } = await interrupted()
    const second = tokensOf(await plain.token(refreshParams(first.refresh_token)))
    let third: Record<string, string> = {}
    const retry = await interrupt(async () => {
      third = tokensOf(await plain.token(refreshParams(second.refresh_token)))
    })
    expect(refusalOf(retry)).toBe('invalid_grant: lost the race')
    tokensOf(await plain.token(refreshParams(third.refresh_token)))
  })

  it('tells the loser of a race from a reuse: it gets a plain invalid_grant, and the family lives', async () => {
    const { plain, first, interrupt } = await interrupted()
    let second: Record<string, string> = {}
    const lost = await interrupt(async () => {
      second = tokensOf(await plain.token(refreshParams(first.refresh_token)))
    })
    expect(refusalOf(lost)).toBe('invalid_grant: lost the race')
    expect(lost.events.map(({ name }) => name)).toEqual(['token_denied'])
    tokensOf(await plain.token(refreshParams(second.refresh_token)))
  })

  it('refuses a sealed successor under another key', async () => {
    const rig = await createRig(withGrace)
    const first = await login(rig)
    const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
    const other = createTokenEndpointConfig({
      ...(await baseOptions(rig.clock, rig.store)),
      refreshTokens: { sealKey: new Uint8Array(32).fill(8) },
    })
    const outcome = await handleTokenRequest(other, await rig.request(refreshParams(first.refresh_token)))
    expect(refusalOf(outcome)).toBe('invalid_grant: refresh token used before')
    expect(second.refresh_token).toBeDefined()
  })

  it('refuses a forged token of a known family, and revokes nothing', async () => {
    const rig = await createRig()
    const tokens = await login(rig)
    const forged = `${tokens.refresh_token!.split('.')[0]}.${'x'.repeat(43)}`
    expect(refusalOf(await rig.token(refreshParams(forged)))).toBe('invalid_grant: unknown refresh token')
    expect(tokensOf(await rig.token(refreshParams(tokens.refresh_token)))).toBeDefined()
  })
})
