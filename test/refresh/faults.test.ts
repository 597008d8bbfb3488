// What the fault proof (npm run test:faults) has shown to go wrong between processes, each in the small.
import { describe, expect, it, vi } from 'vitest'
import { NetworkError } from '../../src/errors/network.ts'
import type { Lock } from '../../src/lib/lock.ts'
import { createRefreshEngine as createEngine, type RefreshEngineOptions } from '../../src/refresh/refresh-engine.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { aRecord, holdAnswers, type State } from './a-record.ts'

const runtime = createFakeRuntime()
const createRefreshEngine = (options: Partial<RefreshEngineOptions> = {}) => createEngine({ runtime, ...options })

const lost = () => new NetworkError('connection reset', { url: 'https://as.example/token' })
const freeLock: Lock = { withLock: (_, task) => task() }
/** Of an owner that is dead, and whose lease does not end. */
const heldLock: Lock = { withLock: () => new Promise(() => {}) }

/** Leaves what a process leaves that dies after its request has left: the journal entry, and a used refresh token. */
async function dyingProcess(record: ReturnType<typeof aRecord>): Promise<void> {
  const { request } = record
  record.request = () => new Promise(() => {})
  void createRefreshEngine().refresh(record.target())
  await vi.waitFor(() => expect(record.requests).toBe(1))
  record.request = request
}

/** Gives others time to come in between. */
function answerSlowly(record: ReturnType<typeof aRecord>): void {
  const { request } = record
  record.request = async (state) => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    return request(state)
  }
}

describe('a process that died in the middle of a refresh', () => {
  it('keeps nobody waiting for its lock who has a token to go on with', async () => {
    const record = aRecord()
    await dyingProcess(record)
    const outcome = await createRefreshEngine({ lock: heldLock }).refresh(record.target({ canWait: () => true }))
    expect(outcome).toMatchObject({ kind: 'postponed', state: { token: 't0' } })
    expect(record.requests).toBe(1)
  })

  it('loses no login because its lease is longer than the grace window', async () => {
    const record = aRecord()
    await dyingProcess(record)
    const outcome = await createRefreshEngine({ lock: heldLock }).refresh(record.target({ grace: 100 }))
    expect(outcome).toMatchObject({ kind: 'refreshed', state: { token: 't1' } })
    expect(record.requests).toBe(2)
  })

  it('is taken over by one process, not by each that has waited for the lock', async () => {
    const record = aRecord()
    await dyingProcess(record)
    answerSlowly(record)
    runtime.advance(600)
    const others = [1, 2, 3].map(() => createRefreshEngine({ lock: heldLock }).refresh(record.target({ grace: 1_000 })))
    for (const outcome of await Promise.all(others)) expect(outcome).toMatchObject({ state: { token: 't1' } })
    expect(record.requests).toBe(2)
  })

  it('is not taken over again by who gets the lock while another goes on without it', async () => {
    const record = aRecord()
    await dyingProcess(record)
    answerSlowly(record)
    runtime.advance(600)
    const target = () => record.target({ grace: 1_000 })
    const impatient = createRefreshEngine({ lock: heldLock }).refresh(target())
    await vi.waitFor(() => expect(record.requests).toBe(2))
    const holder = createRefreshEngine({ lock: freeLock }).refresh(target())
    for (const outcome of await Promise.all([impatient, holder])) {
      expect(outcome).toMatchObject({ state: { token: 't1' } })
    }
    expect(record.requests).toBe(2)
  })

  it('is taken over within the grace window where there is no lock, too', async () => {
    const record = aRecord()
    await dyingProcess(record)
    const target = (canWait: boolean) => record.target({ grace: 10_000, canWait: () => canWait })
    runtime.advance(4_000)
    expect(await createRefreshEngine().refresh(target(true))).toMatchObject({ kind: 'postponed' })
    runtime.advance(1_500)
    expect(await createRefreshEngine().refresh(target(true))).toMatchObject({ kind: 'refreshed' })
    expect(record.requests).toBe(2)
  })
})

describe('a lease that ended while its owner was alive', () => {
  it('lets the owner write what it got, where a second use would end everything', async () => {
    const record = aRecord()
    const answer = holdAnswers(record)
    const owner = createRefreshEngine({ lock: freeLock }).refresh(record.target())
    await vi.waitFor(() => expect(record.requests).toBe(1))
    const other = createRefreshEngine({ lock: freeLock }).refresh(record.target())
    setTimeout(() => answer(), 50)
    expect(await other).toMatchObject({ kind: 'current', state: { token: 't1' } })
    expect(await owner).toMatchObject({ kind: 'refreshed' })
    expect(record.requests).toBe(1)
  })

  it('is not taken for over because two processes’ clocks are half a second apart', async () => {
    const record = aRecord()
    const ahead = { ...runtime, now: () => runtime.now() + 500 }
    answerSlowly(record)
    const first = createEngine({ runtime: ahead }).refresh(record.target({ grace: 10_000 }))
    await vi.waitFor(() => expect(record.requests).toBe(1))
    const second = createRefreshEngine().refresh(record.target({ grace: 10_000 }))
    expect(await first).toMatchObject({ state: { token: 't1' } })
    expect(await second).toMatchObject({ state: { token: 't1' } })
    expect(record.requests).toBe(1)
  })
})

describe('a store that broke between journal and outcome', () => {
  it('is written to as soon as it is back, without another call, and without the lock', async () => {
    const record = aRecord()
    const { request } = record
    record.request = (state) => {
      record.writesFail = true
      return request(state)
    }
    const engine = createRefreshEngine({ lock: freeLock })
    expect(await engine.refresh(record.target())).toMatchObject({ kind: 'refreshed', stored: false })
    record.writesFail = false
    await vi.waitFor(() => expect(record.get()).toEqual({ token: 't1', generation: 1 }))
    expect(engine.pending('session:1')).toBeUndefined()
    expect(record.told).toEqual(['refreshed', 'refreshed'])
  })

  it('takes what is pending while another process holds the lock', async () => {
    const record = aRecord()
    const { request } = record
    record.request = (state) => {
      record.writesFail = true
      return request(state)
    }
    let isTaken = false
    const lock: Lock = { withLock: (_, task) => (isTaken ? new Promise(() => {}) : task()) }
    const engine = createRefreshEngine({ lock })
    await engine.refresh(record.target())
    isTaken = true
    record.writesFail = false
    await engine.flush(record.target())
    expect(record.get()).toMatchObject({ token: 't1' })
  })

  it('lets a journal entry that was written unconfirmed not pass for a request that has left', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    record.writesFail = record.failsAfterWrite = true
    await expect(engine.refresh(record.target())).rejects.toThrow('connection lost')
    expect(record.get()?.attempt).toBeDefined()
    record.writesFail = false
    expect(await engine.refresh(record.target({ canWait: () => true }))).toMatchObject({ kind: 'refreshed' })
    expect(record.requests).toBe(1)
  })
})

describe('an answer that was lost', () => {
  it('is marked as such, so that another process waits for nothing', async () => {
    const record = aRecord()
    record.request = async () => {
      throw lost()
    }
    await expect(createRefreshEngine().refresh(record.target())).rejects.toThrow('connection reset')
    expect(record.get()?.attempt).toMatchObject({ isLost: true })
    record.request = async () => {
      throw new Error('invalid_grant')
    }
    const began = performance.now()
    const outcome = await createRefreshEngine().refresh(record.target())
    expect(outcome).toMatchObject({ kind: 'ended', state: { outcomeUnknown: true } })
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it('stays as unknown as it was when the server is down at the next try', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    const failures = [lost(), new Error('503'), new Error('invalid_grant')]
    record.request = async (): Promise<State> => {
      throw failures.shift()!
    }
    await expect(engine.refresh(record.target())).rejects.toThrow('connection reset')
    await expect(engine.refresh(record.target())).rejects.toThrow('503')
    expect(await engine.refresh(record.target())).toMatchObject({ kind: 'ended', state: { outcomeUnknown: true } })
  })
})
