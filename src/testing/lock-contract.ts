import type { Lock } from '../lib/lock.ts'
import { assertEqual, assertTrue, type ContractCheck } from './check.ts'

/** A lock to try. */
export interface LockUnderTest {
  readonly lock: Lock
  /** The same lock over another connection, as another process has it. @default `lock` itself */
  readonly connect?: () => Lock | Promise<Lock>
  /** Milliseconds after which the lock would be lost if it were not renewed. @default it is never lost */
  readonly lease?: number
  readonly close?: () => void | Promise<void>
}

/** Opens the lock under test, anew for each check. */
export type OpenLock = () => LockUnderTest | Promise<LockUnderTest>

type LockChecks = Readonly<Record<string, (context: LockUnderTest, other: Lock) => Promise<void>>>

const checks: LockChecks = {
  'gives what the task gives, and lets go': async ({ lock }) => {
    assertEqual(await lock.withLock('k', async () => 'first'), 'first', 'result')
    assertEqual(await lock.withLock('k', async () => 'second'), 'second', 'result')
  },
  'throws what the task throws, and lets go': async ({ lock }, other) => {
    const failure = new Error('the task failed')
    const caught = await lock
      .withLock('k', () => Promise.reject(failure))
      .then(
        () => undefined,
        (error: unknown) => error,
      )
    assertTrue(caught === failure, `expected the task's own error, got ${String(caught)}`)
    assertEqual(await other.withLock('k', async () => 'free'), 'free', 'result')
  },
  'lets one in at a time, and each in the end': async ({ lock }, other) => {
    let inside = 0
    let entered = 0
    const task = async () => {
      inside++
      assertEqual(inside, 1, 'tasks inside')
      await pause(3)
      inside--
      entered++
    }
    await Promise.all(Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? lock : other).withLock('k', task)))
    assertEqual(entered, 24, 'tasks that had the lock')
  },
  'holds nobody back who wants another key': async ({ lock }, other) => {
    const odd = 'k:é漢😀{}/../*"\n'
    const result = await lock.withLock('k', () => other.withLock(odd, async () => 'both held'))
    assertEqual(result, 'both held', 'result')
  },
  'is held for as long as the task takes': async ({ lock, lease = 100 }, other) => {
    const order: string[] = []
    let second: Promise<unknown> | undefined
    await lock.withLock('k', async () => {
      second = other.withLock('k', async () => order.push('second'))
      await pause(lease * 3)
      order.push('first')
    })
    await second
    assertEqual(order, ['first', 'second'], 'order')
  },
}

/**
 * What every Lock must do.
 *
 * @example
 * import { test } from 'node:test'
 * for (const { name, run } of lockContract(openMyLock)) test(name, run)
 */
export function lockContract(open: OpenLock): readonly ContractCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    run: async () => {
      const context = await open()
      try {
        await check(context, (await context.connect?.()) ?? context.lock)
      } finally {
        await context.close?.()
      }
    },
  }))
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
