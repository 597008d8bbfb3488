import { describe, expect, it, vi } from 'vitest'
import { createRefreshEngine, type Refreshable, type Versioned } from '../../src/refresh/refresh-engine.ts'

interface State {
  readonly token: string
  readonly generation: number
  readonly label?: string
  readonly ended?: boolean
}

/** A record in a store that yields between read and write, and a server that rotates. */
function aRecord(initial: State | undefined = { token: 't0', generation: 0 }) {
  let current: Versioned<State> | undefined = initial && { state: initial, version: '0' }
  let version = 0
  const record = {
    requests: 0,
    abandoned: [] as string[],
    told: [] as string[],
    writesFail: false,
    get: () => current?.state,
    set(state: State | undefined) {
      current = state && { state, version: String(++version) }
    },
    request: async (state: State): Promise<State> => ({
      ...state,
      token: `t${state.generation + 1}`,
      generation: state.generation + 1,
    }),
    target(overrides: Partial<Refreshable<State>> = {}): Refreshable<State> {
      const seen = current?.state.token
      return {
        key: 'session:1',
        read: async () => current,
        needsRefresh: (state) => state.token === seen && !state.ended,
        request: async (state) => {
          record.requests++
          await Promise.resolve()
          return record.request(state)
        },
        write: async (next, expected) => {
          if (record.writesFail) throw new Error('store down')
          if (current?.version !== expected) return false
          current = { state: next, version: String(++version) }
          return true
        },
        isSameGeneration: (a, b) => a.generation === b.generation,
        rebase: (next, now) => ({ ...next, ...(now.label !== undefined && { label: now.label }) }),
        settled: (outcome) => {
          record.told.push(outcome.kind)
        },
        failed: () => {
          record.told.push('failed')
        },
        abandon: async (next) => {
          record.abandoned.push(next.token)
        },
        afterFailure: (error, state) =>
          (error as Error).message === 'invalid_grant' ? { ...state, ended: true } : undefined,
        ...overrides,
      }
    },
  }
  return record
}

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

  it('does not lose rotated tokens when the store is down: they are used, and written when it is back', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    const target = record.target()
    record.writesFail = true
    expect(await engine.refresh(target)).toMatchObject({ kind: 'refreshed', stored: false, state: { token: 't1' } })
    expect(record.get()?.token).toBe('t0')
    record.writesFail = false
    expect(await engine.refresh(target)).toMatchObject({ kind: 'refreshed', stored: true, state: { token: 't1' } })
    expect(record.requests).toBe(1)
    expect(record.get()?.token).toBe('t1')
  })

  it('goes on from the tokens in memory when the store stays down past their expiry', async () => {
    const record = aRecord()
    const engine = createRefreshEngine()
    record.writesFail = true
    await engine.refresh(record.target())
    const second = record.target({ needsRefresh: (state) => state.generation < 2 })
    expect(await engine.refresh(second)).toMatchObject({ kind: 'refreshed', stored: false, state: { token: 't2' } })
    record.writesFail = false
    await engine.refresh(second)
    expect(record.get()).toMatchObject({ token: 't2', generation: 2 })
    expect(record.requests).toBe(2)
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
