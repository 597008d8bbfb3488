import { errorCode } from '../lib/emitter.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { TokenEventListener } from './token-events.ts'

/** What nobody waits for, until somebody asks to. */
export interface BackgroundWork {
  /** Starts `task`, which reports its own failures. */
  start(task: () => Promise<void>): void
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>
}

/** At the same time: who deletes ten thousand tokens does not open as many connections. */
const maxRunning = 20

export function createBackgroundWork(): BackgroundWork {
  const running = new Set<Promise<void>>()
  const waiting: (() => Promise<void>)[] = []

  function startNext(): void {
    const task = running.size < maxRunning ? waiting.shift() : undefined
    if (!task) return
    const work = (async () => task())().catch(() => {
      // The task has told of its failure; nobody else is there to hear of it.
    })
    running.add(work)
    void work.then(() => {
      running.delete(work)
      startNext()
    })
  }

  return {
    start(task) {
      waiting.push(task)
      startNext()
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

/** Sets a sweep off when it is due. No timer: who calls nothing stores nothing, and keeps no process alive. */
export function createSweeper(
  store: RecordStore,
  { interval, runtime, background, emit }: SweeperParts,
): { touch(): void } {
  let sweptAt = runtime.now()
  return {
    touch() {
      const since = runtime.now() - sweptAt
      // A negative one is that of a clock that was set back.
      if (since >= 0 && since < interval) return
      sweptAt = runtime.now()
      background.start(async () => {
        try {
          await store.sweep()
        } catch (error) {
          emit({ kind: 'sweep_failed', error: errorCode(error) })
        }
      })
    },
  }
}

interface SweeperParts {
  /** Milliseconds. */
  readonly interval: number
  readonly runtime: Runtime
  readonly background: BackgroundWork
  readonly emit: TokenEventListener
}
