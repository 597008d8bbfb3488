import { describe, expect, it, vi } from 'vitest'
import { createServerClocks } from '../../src/http/server-clocks.ts'
import { delay } from '../../src/lib/delay.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'

const url = 'https://api.example/me?x=1'
const second = 1000
const minute = 60 * second

/** A server whose clock is `ahead` milliseconds ahead of ours, and takes `latency` to answer. */
function setUp(more: Record<string, string> = {}) {
  const runtime = createFakeRuntime()
  const onLearned = vi.fn()
  const clocks = createServerClocks({ runtime, onLearned })
  const ask = async (ahead: number, { latency = 0, target = url, headers = more } = {}) => {
    await clocks.learnFrom(async () => {
      runtime.advance(latency / 2)
      const date = new Date(runtime.now() + ahead).toUTCString()
      runtime.advance(latency / 2)
      return new Response(null, { headers: { date, ...headers } })
    })(new Request(target))
    return clocks.runtimeFor(target).now() - runtime.now()
  }
  return { runtime, clocks, ask, onLearned }
}

describe('the clocks of servers', () => {
  it('are ours until a server says otherwise', () => {
    const { runtime, clocks } = setUp()
    expect(clocks.runtimeFor(url)).toBe(runtime)
  })

  it.each([2 * minute, -2 * minute, 30 * second, 5 * minute - second, -5 * minute + second])(
    'are learned from Date: %i ms ahead, to the second that it is given in',
    async (ahead) => {
      const { ask, onLearned } = setUp()
      expect(Math.abs((await ask(ahead)) - ahead)).toBeLessThanOrEqual(second)
      expect(onLearned).toHaveBeenCalledExactlyOnceWith('https://api.example', expect.any(Number), true)
    },
  )

  it('have all that the runtime has, though that is an instance of a class', async () => {
    class OwnRuntime {
      readonly #clock = createFakeRuntime()
      now() {
        return this.#clock.now()
      }
      randomBytes(length: number) {
        return this.#clock.randomBytes(length)
      }
      async delay() {
        this.#clock.advance(second)
      }
    }
    const runtime = new OwnRuntime()
    const clocks = createServerClocks({ runtime })
    const date = new Date(runtime.now() + minute).toUTCString()
    await clocks.learnFrom(async () => new Response(null, { headers: { date } }))(new Request(url))
    const theirs = clocks.runtimeFor(url)
    const before = theirs.now()
    expect(before - runtime.now()).toBeGreaterThan(minute - second)
    expect(theirs.randomBytes(16)).toHaveLength(16)
    await delay(theirs, second)
    expect(theirs.now() - before).toBe(second)
  })

  it('are taken for ours where the difference is within what Date and latency leave open', async () => {
    const { runtime, clocks, ask, onLearned } = setUp()
    expect(await ask(0)).toBe(0)
    runtime.advance(2 * second)
    expect(await ask(3 * second, { latency: 8 * second })).toBe(0)
    expect(onLearned).not.toHaveBeenCalled()
    expect(clocks.runtimeFor(url)).toBe(runtime)
  })

  it.each([5 * minute + 2 * second, -5 * minute - 2 * second, 60 * minute])(
    'are not followed beyond five minutes: %i ms is reported and not applied',
    async (ahead) => {
      const { ask, onLearned } = setUp()
      expect(await ask(ahead)).toBe(0)
      expect(onLearned).toHaveBeenCalledExactlyOnceWith('https://api.example', expect.any(Number), false)
    },
  )

  it('are not learned from an answer with an Age, which comes from a cache', async () => {
    const { ask, onLearned } = setUp()
    expect(await ask(2 * minute, { headers: { age: '0' } })).toBe(0)
    expect(onLearned).not.toHaveBeenCalled()
  })

  it.each(['', 'yesterday', '-'])('are not learned from a Date of "%s"', async (date) => {
    const { ask } = setUp()
    expect(await ask(0, { headers: { date } })).toBe(0)
  })

  it('are not learned while our own clock is set back', async () => {
    const { ask } = setUp()
    expect(await ask(0, { latency: -10 * minute })).toBe(0)
  })

  it('are each of one origin', async () => {
    const { runtime, clocks, ask } = setUp()
    await ask(2 * minute)
    expect(clocks.runtimeFor('https://api.example:8443/me')).toBe(runtime)
    expect(clocks.runtimeFor('https://api.example/other').now()).toBeGreaterThan(runtime.now())
  })

  it('are learned anew when either clock is set right', async () => {
    const { runtime, ask, onLearned } = setUp()
    await ask(2 * minute)
    runtime.advance(10 * second)
    expect(Math.abs(await ask(0))).toBeLessThanOrEqual(second)
    expect(onLearned).toHaveBeenCalledTimes(2)
  })

  it('stay as they are while each Date allows it, and are not reported again', async () => {
    const { runtime, ask, onLearned } = setUp()
    await ask(2 * minute)
    let learned = 0
    for (let i = 0; i < 20; i++) {
      runtime.advance(730)
      learned = await ask(2 * minute)
    }
    // Many seconds' beginnings tell more than one.
    expect(Math.abs(learned - 2 * minute)).toBeLessThanOrEqual(250)
    expect(onLearned).toHaveBeenCalledTimes(1)
  })

  it('are forgotten beyond fifty servers, the one of longest ago first', async () => {
    const { runtime, clocks, ask } = setUp()
    for (let i = 0; i <= 50; i++) await ask(2 * minute, { target: `https://s${i}.example/` })
    expect(clocks.runtimeFor('https://s0.example/')).toBe(runtime)
    expect(clocks.runtimeFor('https://s1.example/')).not.toBe(runtime)
  })
})
