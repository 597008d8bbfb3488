import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createDpopProofSeries } from '../../src/http/dpop-proof-series.ts'
import { createTokenSender } from '../../src/http/with-access-token.ts'
import type { DpopProofInput } from '../../src/protocol/dpop-proof.ts'
import { verifyDpopProof } from '../../src/protocol/dpop-proof-verification.ts'
import { parseJwt } from '../../src/protocol/jwt.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { aSigningKey } from './signing-key.ts'

const url = 'https://api.example/notes'
const input: DpopProofInput = { method: 'GET', url, accessToken: 'token', nonce: 'n1' }

/** A series whose draws of chance are counted: each signature has one, and a proof that was signed ahead had it before. */
async function aSeries() {
  const key = await aSigningKey()
  const clock = createFakeRuntime()
  const counts = { drawn: 0, isBroken: false }
  const runtime = {
    ...clock,
    randomBytes(length: number) {
      if (counts.isBroken) throw new Error('no chance')
      counts.drawn++
      return crypto.getRandomValues(new Uint8Array(length))
    },
  }
  const series = createDpopProofSeries()
  const call = async (changes: Partial<DpopProofInput> = {}, by = key) => {
    const before = counts.drawn
    const made = series.next(by, { ...input, ...changes }, runtime)
    const wasReady = counts.drawn === before
    series.signAhead()
    const proof = await made
    return { proof, wasReady, ...parseJwt(proof) }
  }
  const callOften = async (times: number) => {
    const made = []
    for (let i = 0; i < times; i++) made.push(await call())
    return made
  }
  /** Calls until a proof was signed ahead. */
  const callUntilReady = async () => {
    await callOften(8)
    for (let i = 0; i < 500; i++) {
      if ((await call()).wasReady) return
      await delay(5)
    }
    throw new Error('no proof was signed ahead')
  }
  return { key, clock, runtime, series, counts, call, callOften, callUntilReady }
}

describe('proofs of calls that follow each other fast', () => {
  it('are good ones for this call and this second, and none is given twice', async () => {
    const { call, callUntilReady, clock } = await aSeries()
    await callUntilReady()
    const made = []
    for (let i = 0; i < 200; i++) {
      made.push(await call({ url: `${url}?page=${i}` }))
      await delay(0)
    }
    expect(made.filter(({ wasReady }) => wasReady).length).toBeGreaterThan(0)
    const now = Math.floor(clock.now() / 1000)
    const target = { method: 'GET', url, accessToken: 'token', nonce: 'n1', now }
    for (const { proof, claims } of made) {
      expect(await verifyDpopProof(proof, target)).not.toHaveProperty('fault')
      expect(claims).toMatchObject({ htm: 'GET', htu: url, iat: now, nonce: 'n1' })
    }
    expect(new Set(made.map(({ claims }) => claims.jti)).size).toBe(200)
    expect(new Set(made.map(({ proof }) => proof)).size).toBe(200)
  })

  it('are signed one by one for who calls seldom, and at most one in eight for nothing', async () => {
    const { callOften, counts, clock } = await aSeries()
    for (let second = 0; second < 5; second++) {
      await callOften(7)
      await delay(5)
      clock.advance(1000)
    }
    expect(counts.drawn).toBe(35)
    for (let second = 0; second < 5; second++) {
      await callOften(20)
      await delay(5)
      clock.advance(1000)
    }
    expect(counts.drawn - 35).toBeGreaterThan(100)
    expect(counts.drawn - 35).toBeLessThanOrEqual(100 + 5 * 2)
  })

  it.each<[string, Partial<DpopProofInput>, Record<string, unknown>]>([
    ['method', { method: 'POST' }, { htm: 'POST' }],
    ['target', { url: 'https://api.example/other' }, { htu: 'https://api.example/other' }],
    ['nonce', { nonce: 'n2' }, { nonce: 'n2' }],
    ['further claims', { claims: { extra: 1 } }, { extra: 1 }],
  ])('are made anew for another %s', async (_, changes, expected) => {
    const { call, callUntilReady } = await aSeries()
    await callUntilReady()
    const other = await call(changes)
    expect(other.wasReady).toBe(false)
    expect(other.claims).toMatchObject(expected)
    expect((await call()).claims).toMatchObject({ htm: 'GET', htu: url, nonce: 'n1' })
  })

  it('are made anew for another token, for none, and for another key', async () => {
    const { call, callUntilReady } = await aSeries()
    await callUntilReady()
    const [mine] = [await call()]
    const other = await call({ accessToken: 'another' })
    expect(other.wasReady).toBe(false)
    expect(other.claims.ath).not.toBe(mine.claims.ath)
    await callUntilReady()
    const { accessToken: _, ...tokenless } = input
    const none = await call({ ...tokenless, accessToken: undefined as never })
    expect(none.wasReady).toBe(false)
    expect(none.claims).not.toHaveProperty('ath')
    await callUntilReady()
    const key = await aSigningKey()
    const another = await call({}, key)
    expect(another.wasReady).toBe(false)
    expect(another.header.jwk).toEqual(key.publicJwk)
  })

  it('have the time of the call, whichever way the clock goes', async () => {
    const { call, callUntilReady, clock } = await aSeries()
    for (const step of [1000, -5000, 60_000]) {
      await callUntilReady()
      clock.advance(step)
      const { wasReady, claims } = await call()
      expect(wasReady).toBe(false)
      expect(claims.iat).toBe(Math.floor(clock.now() / 1000))
    }
  })

  it('are signed in time when signing ahead fails', async () => {
    const { series, callOften, call, counts, callUntilReady } = await aSeries()
    await callOften(7)
    const made = call()
    counts.isBroken = true
    series.signAhead()
    await delay(5)
    counts.isBroken = false
    await made
    expect((await call()).claims.htu).toBe(url)
    await callUntilReady()
  })
})

it('a sender that calls often proves each call by itself, and goes with a nonce that changes', async () => {
  const key = await aSigningKey()
  let nonce = 'n0'
  const proofs: string[] = []
  const token = { kind: 'dpop', key, value: 'token', scope: '' } as const
  const source = { getAccessToken: async () => token }
  let refused = 0
  const send = createTokenSender(
    async (request) => {
      const proof = request.headers.get('dpop')!
      const isGood = parseJwt(proof).claims.nonce === nonce
      if (isGood) proofs.push(proof)
      else refused++
      const headers = { 'dpop-nonce': nonce, ...(!isGood && { 'www-authenticate': 'DPoP error="use_dpop_nonce"' }) }
      await delay(0)
      return new Response(null, { status: isGood ? 200 : 401, headers })
    },
    { origins: [url] },
  )
  for (let i = 0; i < 300; i++) {
    if (i % 100 === 0) nonce = `n${i + 1}`
    const response = await send(new Request(`${url}?page=${i}`), source)
    expect(response.status).toBe(200)
  }
  expect(refused).toBe(3)
  expect(new Set(proofs.map((proof) => parseJwt(proof).claims.jti)).size).toBe(300)
})
