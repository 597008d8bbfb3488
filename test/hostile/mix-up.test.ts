import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOAuthClient } from '../../src/client/index.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { none } from '../../src/protocol/client-auth.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { registeredClient } from '../support/hostile/client-setup.ts'
import { absent } from '../support/hostile/patch.ts'
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts'

// RFC 9700 4.4: one application, two issuers, one of them an attacker's. Neither may see a code of the other.

let honest: HostileProvider
let attacker: HostileProvider
let transactions: RecordStore
beforeEach(async () => {
  const client = { auth: 'none' } as const
  honest = await startHostileProvider({ client })
  attacker = await startHostileProvider({ client, faults: { callback: { set: { iss: absent } } } })
  transactions = createMemoryStore()
})
afterEach(() => Promise.all([honest.close(), attacker.close()]))

const clientAt = (provider: HostileProvider) =>
  createOAuthClient({
    issuer: provider.issuer,
    clientId: registeredClient.clientId,
    clientAuth: none(),
    redirectUri: registeredClient.redirectUri,
    transactions,
    allowLoopbackHttp: true,
  })

const noCodeSent = () => expect([honest.count('token'), attacker.count('token')]).toEqual([0, 0])

describe('an application with two issuers', () => {
  it('refuses a callback at the client of another issuer, and spends it', async () => {
    const callback = honest.login(await clientAt(honest).createAuthorizationUrl())
    await expect(clientAt(attacker).handleCallback(callback)).rejects.toMatchObject({ code: 'issuer_mismatch' })
    await expect(clientAt(honest).handleCallback(callback)).rejects.toMatchObject({ code: 'unknown_transaction' })
    noCodeSent()
  })

  it('refuses the code of one issuer under the state of a login at another', async () => {
    const atHonest = honest.login(await clientAt(honest).createAuthorizationUrl())
    const atAttacker = attacker.login(await clientAt(attacker).createAuthorizationUrl())
    // The attacker sends the browser on to the honest server with its own state: the code comes back under it.
    atHonest.searchParams.set('state', atAttacker.searchParams.get('state') ?? '')
    await expect(clientAt(attacker).handleCallback(atHonest)).rejects.toMatchObject({ code: 'issuer_mismatch' })
    noCodeSent()
  })

  it('refuses a code that comes to the address of another issuer, where neither names itself', async () => {
    const at = (provider: HostileProvider, path: string) =>
      createOAuthClient({
        ...{ issuer: provider.issuer, clientId: registeredClient.clientId, clientAuth: none(), transactions },
        ...{ redirectUri: `https://app.example/callback/${path}`, allowLoopbackHttp: true },
        metadata: { authorization_response_iss_parameter_supported: false },
      })
    const begun = at(attacker, 'attacker')
    const state = new URL(attacker.login(await begun.createAuthorizationUrl())).searchParams.get('state') ?? ''
    // The honest server knows no other address of the application than its own.
    const callback = new URL(`https://app.example/callback/honest?code=honest-code&state=${state}`)
    const outcome = begun.handleCallback(callback)
    await expect(outcome).rejects.toMatchObject({ code: 'issuer_mismatch', clause: 'RFC 9700 4.4.2.2' })
    noCodeSent()
  })

  it('keeps two logins at one issuer apart, whichever ends first', async () => {
    const client = clientAt(honest)
    const [first, second] = [await client.createAuthorizationUrl(), await client.createAuthorizationUrl()]
    const [firstBack, secondBack] = [honest.login(first), honest.login(second)]
    expect((await client.handleCallback(secondBack)).claims?.sub).toBe('alice')
    expect((await client.handleCallback(firstBack)).claims?.sub).toBe('alice')
    expect(honest.misdeeds).toEqual([])
  })

  it('lets one of two callbacks win that come at the same moment', async () => {
    const client = clientAt(honest)
    const callback = honest.login(await client.createAuthorizationUrl())
    const outcomes = await Promise.allSettled([client.handleCallback(callback), client.handleCallback(callback)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(honest.count('token')).toBe(1)
    expect(honest.misdeeds).toEqual([])
  })
})
