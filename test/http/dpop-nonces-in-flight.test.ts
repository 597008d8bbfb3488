import { describe, expect, it } from 'vitest'
import { createCallNonces, createDpopNonces } from '../../src/http/dpop-nonces.ts'
import { withAccessToken } from '../../src/http/with-access-token.ts'
import { withDpop } from '../../src/http/with-dpop.ts'
import { withNonceRetry } from '../../src/http/with-nonce-retry.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import { aSigningKey, proofOf } from './signing-key.ts'

const url = 'https://api.example/me'

/**
 * A server that gives each key a nonce of its own, and whose first answers to `count` calls all arrive at once: each
 * call hears of the others' nonces before it sends again.
 */
function aServer(count: number): Fetch {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  let waiting = 0
  return async (request) => {
    const dpop = request.headers.get('dpop')!
    const nonce = `n-${dpop.split('.')[0]!.slice(-40)}`
    const isGood = proofOf({ headers: { dpop } }).nonce === nonce
    if (++waiting === count) open()
    await gate
    const challenge = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': nonce }
    return isGood ? new Response('ok') : new Response(null, { status: 401, headers: challenge })
  }
}

const keys = await Promise.all(Array.from({ length: 5 }, aSigningKey))

describe('DPoP nonces of calls in flight at once', () => {
  const statuses = async (sends: readonly Fetch[], method: string) =>
    (await Promise.all(sends.map((send) => send(new Request(url, { method }))))).map(({ status }) => status)

  it('are each call’s own at a resource', async () => {
    const server = aServer(keys.length)
    const nonces = createDpopNonces()
    const sends = keys.map((key) => {
      const source = { getAccessToken: async () => ({ kind: 'dpop', value: 'token', scope: '', key }) as const }
      return withAccessToken(server, source, { origins: [url], nonces })
    })
    expect(await statuses(sends, 'GET')).toEqual(Array(5).fill(200))
  })

  it('are each call’s own at an authorization server', async () => {
    const server = aServer(keys.length)
    const shared = createDpopNonces()
    const role = 'authorization_server'
    const sendWith = (key: SigningKey): Fetch => {
      const nonces = createCallNonces(shared)
      return withNonceRetry(withDpop(server, { key, nonces, role }), { nonces, role })
    }
    expect(await statuses(keys.map(sendWith), 'POST')).toEqual(Array(5).fill(200))
  })

  it('are shared once they are heard: the next call begins with the newest', async () => {
    const shared = createDpopNonces()
    const learn = (nonce: string) =>
      createCallNonces(shared).learn('resource_server', url, new Response(null, { headers: { 'dpop-nonce': nonce } }))
    learn('n1')
    learn('n2')
    expect(createCallNonces(shared).get('resource_server', url)).toBe('n2')
  })
})
