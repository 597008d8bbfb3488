import { describe, expect, it } from 'vitest'
import { type ClientEvent, createOAuthClient } from '../../src/client/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { byPrivateKey, optionsFor } from '../support/hostile/client-options.ts'
import { aProvider } from './rig.ts'

const minute = 60_000

/** A client whose clock is `behind` milliseconds behind that of the provider, which the machine keeps. */
async function setUp(behind: number) {
  const provider = await aProvider({ client: { auth: 'private_key_jwt', dpop: true } })
  const events: ClientEvent[] = []
  const client = createOAuthClient(
    optionsFor(provider, {
      clientAuth: byPrivateKey,
      scope: 'openid profile',
      dpop: true,
      runtime: { ...systemRuntime, now: () => Date.now() - behind },
      onEvent: (event) => events.push(event),
    }),
  )
  const skews = events.filter((event) => event.kind === 'clock_skew')
  return { provider, client, events, skews }
}

const iatOf = (jwt: string): number => JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()).iat

describe('a clock that is wrong', () => {
  it.each([2 * minute, -2 * minute])(
    'by %i ms serves proofs and assertions set right, and is reported once',
    async (behind) => {
      const { provider, client, events } = await setUp(behind)
      await client.createAuthorizationUrl()
      const { headers, form } = provider.requests.findLast(({ answer }) => answer === 'par')!
      for (const jwt of [String(headers.dpop), form.get('client_assertion')!]) {
        expect(Math.abs(iatOf(jwt) - Date.now() / 1000)).toBeLessThanOrEqual(3)
      }
      expect(events.filter(({ kind }) => kind === 'clock_skew')).toMatchObject([
        { origin: new URL(provider.issuer).origin, applied: true },
      ])
    },
  )

  it('has no say in the acceptance of a token', async () => {
    const { provider, client } = await setUp(2 * minute)
    const url = await client.createAuthorizationUrl()
    await expect(client.handleCallback(provider.login(url))).rejects.toMatchObject({
      code: 'invalid_id_token',
      check: 'iat',
    })
  })

  it('by more than five minutes is reported and not followed', async () => {
    const { provider, client, events } = await setUp(10 * minute)
    await client.createAuthorizationUrl()
    const proof = String(provider.requests.findLast(({ answer }) => answer === 'par')!.headers.dpop)
    expect(iatOf(proof)).toBeLessThan(Date.now() / 1000 - 590)
    expect(events.filter(({ kind }) => kind === 'clock_skew')).toMatchObject([{ applied: false }])
  })
})
