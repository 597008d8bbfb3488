import { describe, expect, it, vi } from 'vitest'
import { NetworkError } from '../../src/errors/network.ts'
import { createRefreshEngine as createEngine, type RefreshEngineOptions } from '../../src/refresh/refresh-engine.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { aRecord, holdAnswers, type State } from './a-record.ts'

const runtime = createFakeRuntime()
const createRefreshEngine = (options: Partial<RefreshEngineOptions> = {}) => createEngine({ runtime, ...options })

describe('createRefreshEngine', () => {
  it('sends one request for all who ask at the same time', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    const target = record.target()
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => engine.refresh(target)))
    expect(record.requests).toBe(1)
    expect(record.told).toEqual(['refreshed'])
    expect(new Set(outcomes.map((outcome) => outcome.kind === 'refreshed' && outcome.state.token))).toEqual(
      new Set(['t1']),
    )
  })

  it('sends nothing when the stored token is already another than the one that was refused', async () => {
    const record = aRecord()
    const target = record.target()
    record.set({ token: 'newer', generation: 1 })
    expect(await createRefreshEngine().refresh(target)).toEqual({
      kind: 'current',
      state: { token: 'newer', generation: 1 },
    })
    expect(record.requests).toBe(0)
  })

  it('goes on with the flight when a caller aborts, and gives that caller its reason', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    const target = record.target()
    const controller = new AbortController()
    const aborted = engine.refresh(target, controller.signal)
    const other = engine.refresh(target)
    controller.abort(new Error('gave up'))
    await expect(aborted).rejects.toThrow('gave up')
    expect(await other).toMatchObject({ kind: 'refreshed', state: { token: 't1' } })
  })

  it('does not start for a caller who has aborted already', async () => {
    const record = aRecord()
    await expect(createRefreshEngine().refresh(record.target(), AbortSignal.abort(new Error('no')))).rejects.toThrow(
      'no',
    )
    expect(record.requests).toBe(0)
  })

  it('never overwrites a newer set: the loser of a race takes what the winner stored', async () => {
    const record = aRecord()
    record.request = async () => {
      record.set({ token: 'winner', generation: 1 })
      return { token: 'loser', generation: 1 }
    }
    expect(await createRefreshEngine().refresh(record.target())).toEqual({
      kind: 'current',
      state: { token: 'winner', generation: 1 },
    })
    expect(record.get()?.token).toBe('winner')
  })

  it('takes the winner’s token when it lost the race at the server and was refused', async () => {
    const record = aRecord()
    record.request = async () => {
      record.set({ token: 'winner', generation: 1 })
      throw new Error('invalid_grant')
    }
    expect(await createRefreshEngine().refresh(record.target())).toMatchObject({
      kind: 'current',
      state: { token: 'winner' },
    })
    expect(record.get()?.ended).toBeUndefined()
  })

  it('does not bring back what was logged out while the request was under way', async () => {
    const record = aRecord()
    record.request = async (state) => {
      record.set(undefined)
      return { ...state, token: 't1', generation: 1 }
    }
    expect(await createRefreshEngine().refresh(record.target())).toEqual({ kind: 'gone' })
    expect(record.get()).toBeUndefined()
    expect(record.abandoned).toEqual(['t1'])
  })

  it('keeps what others changed in the record while the request was under way', async () => {
    const record = aRecord()
    record.request = async (state) => {
      record.set({ ...state, label: 'renamed' })
      return { ...state, token: 't1', generation: 1 }
    }
    await createRefreshEngine().refresh(record.target())
    expect(record.get()).toEqual({ token: 't1', generation: 1, label: 'renamed' })
  })

  it('stores the end when the server refuses for good, and gives the reason', async () => {
    const record = aRecord()
    record.request = async () => {
      throw new Error('invalid_grant')
    }
    const outcome = await createRefreshEngine().refresh(record.target())
    expect(outcome).toMatchObject({ kind: 'ended', error: { message: 'invalid_grant' } })
    expect(record.get()).toMatchObject({ ended: true })
  })

  it('changes nothing and passes the error on when the server could not be asked', async () => {
    const record = aRecord()
    record.request = async () => {
      throw new Error('connection reset')
    }
    await expect(createRefreshEngine().refresh(record.target())).rejects.toThrow('connection reset')
    expect(record.get()).toEqual({ token: 't0', generation: 0 })
  })

  /** The store takes the journal entry and breaks before it takes the outcome. */
  function breakingStore(record: ReturnType<typeof aRecord>): void {
    const { request } = record
    record.request = (state) => {
      record.writesFail = true
      return request(state)
    }
  }

  it('does not lose rotated tokens when the store breaks: they are used, and written when it is back', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    const target = record.target()
    breakingStore(record)
    expect(await engine.refresh(target)).toMatchObject({ kind: 'refreshed', stored: false, state: { token: 't1' } })
    expect(record.get()?.token).toBe('t0')
    expect(engine.pending<State>('session:1')).toMatchObject({ token: 't1' })
    record.writesFail = false
    expect(await engine.refresh(target)).toMatchObject({ kind: 'refreshed', stored: true, state: { token: 't1' } })
    expect(record.requests).toBe(1)
    expect(record.get()).toEqual({ token: 't1', generation: 1 })
    expect(engine.pending('session:1')).toBeUndefined()
  })

  it('goes on from the tokens in memory when the store stays down past their expiry', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    breakingStore(record)
    await engine.refresh(record.target())
    const second = record.target({ needsRefresh: (state) => state.generation < 2 })
    expect(await engine.refresh(second)).toMatchObject({ kind: 'refreshed', stored: false, state: { token: 't2' } })
    record.writesFail = false
    await engine.flush(second)
    expect(record.get()).toMatchObject({ token: 't2', generation: 2 })
    expect(record.requests).toBe(2)
  })

  it('sends nothing when the journal cannot be written', async () => {
    const record = aRecord()
    record.writesFail = true
    await expect(createRefreshEngine().refresh(record.target())).rejects.toThrow('store down')
    expect(record.requests).toBe(0)
  })

  describe('with a lost answer', () => {
    const lost = () => new NetworkError('connection reset', { url: 'https://as.example/token' })
    const losingOnce = (record: ReturnType<typeof aRecord>) => {
      const { request } = record
      let losses = 1
      record.request = async (state) => {
        const next = await request(state)
        if (losses-- > 0) throw lost()
        return next
      }
    }

    it('has told the journal before the request left, by a hash of the refresh token', async () => {
      const record = aRecord()
      record.request = async () => {
        expect(record.get()?.attempt).toMatchObject({ tokenHash: expect.stringMatching(/^[\w-]{43}$/) })
        throw lost()
      }
      await expect(createRefreshEngine().refresh(record.target())).rejects.toThrow('connection reset')
      expect(JSON.stringify(record.get())).not.toContain('refresh token of')
      expect(record.get()).toMatchObject({ token: 't0', attempt: { startedAt: runtime.now() } })
    })

    it('sends the same token once more where the issuer has a grace window', async () => {
      const record = aRecord()
      losingOnce(record)
      const outcome = await createRefreshEngine().refresh(record.target({ grace: 60_000 }))
      expect(outcome).toMatchObject({ kind: 'refreshed', state: { token: 't1' } })
      expect(record.requests).toBe(2)
      expect(record.get()).toEqual({ token: 't1', generation: 1 })
    })

    it('puts off another try while there is a token to go on with, where a second use could end everything', async () => {
      const record = aRecord()
      losingOnce(record)
      const engine = createRefreshEngine()
      await expect(engine.refresh(record.target())).rejects.toThrow('connection reset')
      runtime.advance(60_000)
      const outcome = await engine.refresh(record.target({ canWait: () => true }))
      expect(outcome).toMatchObject({ kind: 'postponed', state: { token: 't0' } })
      expect(record.requests).toBe(1)
    })

    it('tells a refusal that follows apart from a plain one', async () => {
      const record = aRecord()
      losingOnce(record)
      const engine = createRefreshEngine()
      await expect(engine.refresh(record.target())).rejects.toThrow('connection reset')
      runtime.advance(60_000)
      record.request = async () => {
        throw new Error('invalid_grant')
      }
      const outcome = await engine.refresh(record.target())
      expect(outcome).toMatchObject({ kind: 'ended', state: { ended: true, outcomeUnknown: true } })
    })

    it('forgets the journal entry once an answer has come that used nothing up', async () => {
      const record = aRecord()
      record.request = async () => {
        throw new Error('invalid_client')
      }
      await expect(createRefreshEngine().refresh(record.target())).rejects.toThrow('invalid_client')
      expect(record.get()).toEqual({ token: 't0', generation: 0 })
    })
  })

  it('waits for another process that has begun, instead of sending the same token', async () => {
    const record = aRecord()
    const target = record.target()
    const first = createRefreshEngine().refresh(target)
    const second = createRefreshEngine().refresh(target)
    expect(await first).toMatchObject({ state: { token: 't1' } })
    expect(await second).toMatchObject({ state: { token: 't1' } })
    expect(record.requests).toBe(1)
  })

  it('goes on with what it has while another process is at it', async () => {
    const record = aRecord()
    const answer = holdAnswers(record)
    const first = createRefreshEngine().refresh(record.target())
    await vi.waitFor(() => expect(record.requests).toBe(1))
    const other = await createRefreshEngine().refresh(record.target({ canWait: () => true }))
    expect(other).toMatchObject({ kind: 'postponed', state: { token: 't0' } })
    answer()
    expect(await first).toMatchObject({ kind: 'refreshed' })
  })

  it('wakes all who wait when a flight passes its deadline, and keeps what comes of it', async () => {
    const record = aRecord()
    const answer = holdAnswers(record)
    const engine = createRefreshEngine({ deadline: 20 })
    const waiting = [engine.refresh(record.target()), engine.refresh(record.target())]
    const settled = await Promise.allSettled(waiting)
    expect(settled.map((each) => each.status === 'rejected' && (each.reason as { code: string }).code)).toEqual([
      'timeout',
      'timeout',
    ])
    answer()
    await vi.waitFor(() => expect(record.get()).toEqual({ token: 't1', generation: 1 }))
    expect(record.requests).toBe(1)
  })

  it('lets two renewals of one refresh token go one after the other', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    let inside = 0
    const { request } = record
    record.request = async (state) => {
      expect(++inside).toBe(1)
      await Promise.resolve()
      inside--
      return request(state)
    }
    const target = (key: string, generation: number) =>
      record.target({ key, needsRefresh: (state) => state.generation < generation })
    await Promise.all([engine.refresh(target('a', 1)), engine.refresh(target('b', 2))])
    expect(record.get()).toMatchObject({ generation: 2 })
  })

  it('asks again after a flight has ended', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    await engine.refresh(record.target())
    await engine.refresh(record.target())
    expect(record.requests).toBe(2)
    expect(record.get()?.token).toBe('t2')
  })

  it('runs inside the lock, where there is one, and reads again there', async () => {
    const record = aRecord()
    const order: string[] = []
    const lock = {
      async withLock<T>(key: string, task: () => Promise<T>): Promise<T> {
        order.push(`lock ${key}`)
        record.set({ token: 'renewed by another process', generation: 1 })
        const result = await task()
        order.push('unlock')
        return result
      },
    }
    const read = vi.fn(record.target().read)
    const outcome = await createRefreshEngine({ lock }).refresh(record.target({ read }))
    expect(outcome).toMatchObject({ kind: 'current', state: { token: 'renewed by another process' } })
    expect(record.requests).toBe(0)
    expect(order).toEqual(['lock session:1', 'unlock'])
  })
})
