import type { RefreshAttempt, Refreshable, Versioned } from '../../src/refresh/refreshable.ts'

export interface State {
  readonly token: string
  readonly generation: number
  readonly label?: string
  readonly ended?: boolean
  readonly outcomeUnknown?: boolean
  readonly attempt?: RefreshAttempt
}

/** A record in a store that yields between read and write, and a server that rotates. */
export function aRecord(initial: State | undefined = { token: 't0', generation: 0 }) {
  let current: Versioned<State> | undefined = initial && { state: initial, version: '0' }
  let version = 0
  const record = {
    requests: 0,
    abandoned: [] as string[],
    told: [] as string[],
    writesFail: false,
    /** A failing write is carried out all the same: only its confirmation is lost. */
    failsAfterWrite: false,
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
        serial: 'session:1',
        canWait: () => false,
        refreshToken: (state) => `refresh token of ${state.token}`,
        attempt: (state) => state.attempt,
        withAttempt: ({ attempt: _, ...state }, attempt) => (attempt ? { ...state, attempt } : state),
        grace: 0,
        read: async () => current,
        needsRefresh: (state) => state.token === seen && !state.ended,
        request: async (state) => {
          record.requests++
          await Promise.resolve()
          return record.request(state)
        },
        write: async (next, expected) => {
          if (record.writesFail && !record.failsAfterWrite) throw new Error('store down')
          if (current?.version !== expected) return false
          current = { state: next, version: String(++version) }
          if (record.writesFail) throw new Error('connection lost')
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
        afterFailure: (error, state, outcomeUnknown) =>
          (error as Error).message === 'invalid_grant' ? { ...state, ended: true, outcomeUnknown } : undefined,
        ...overrides,
      }
    },
  }
  return record
}

/** The server answers nobody until what this gives is called. */
export function holdAnswers(record: Pick<ReturnType<typeof aRecord>, 'request'>): () => void {
  const { request } = record
  let answer = (): void => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  record.request = async (state) => {
    await answered
    return request(state)
  }
  return answer
}
