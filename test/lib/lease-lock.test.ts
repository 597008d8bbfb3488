import { describe, expect, it } from 'vitest'
import { createLeaseLock, type LeaseBackend } from '../../src/lib/lease-lock.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'

/** One lease that does not end, in a backend whose answers can get lost. */
function aBackend() {
  let holder: string | undefined
  const answer = async (value: boolean): Promise<boolean> => {
    if (backend.losesAnswers) throw new Error('connection lost')
    return value
  }
  const backend: LeaseBackend & { losesAnswers: boolean } = {
    losesAnswers: false,
    acquire(_, owner) {
      holder ??= owner
      return answer(holder === owner)
    },
    renew: () => answer(true),
    release(_, owner) {
      if (!backend.losesAnswers && holder === owner) holder = undefined
      return answer(true)
    },
  }
  return backend
}

const createLock = (backend: LeaseBackend) =>
  createLeaseLock(backend, { lease: 60_000, maxWait: 50, runtime: systemRuntime })

describe('createLeaseLock', () => {
  it('takes up a lease that it could not give back, instead of waiting for its own end', async () => {
    const backend = aBackend()
    const lock = createLock(backend)
    await lock.withLock('key', async () => {
      backend.losesAnswers = true
    })
    backend.losesAnswers = false
    expect(await lock.withLock('key', async () => 'had')).toBe('had')
    expect(await createLock(backend).withLock('key', async () => 'free')).toBe('free')
  })

  it.each([Number.POSITIVE_INFINITY, 1e10, 333.5])('refuses a lease of %s ms, which a store cannot count', (lease) => {
    const options = { lease, maxWait: 50, runtime: systemRuntime }
    expect(() => createLeaseLock(aBackend(), options)).toThrow(/lock: "lease" must be whole milliseconds/)
  })

  it('takes up a lease whose granting it never heard of', async () => {
    const backend = aBackend()
    const lock = createLock(backend)
    backend.losesAnswers = true
    await expect(lock.withLock('key', async () => {})).rejects.toThrow('connection lost')
    backend.losesAnswers = false
    expect(await lock.withLock('key', async () => 'had')).toBe('had')
  })

  it('takes no lease of another', async () => {
    const backend = aBackend()
    await createLock(backend).withLock('key', async () => {
      await expect(createLock(backend).withLock('key', async () => {})).rejects.toMatchObject({
        code: 'store_unavailable',
      })
    })
  })
})
