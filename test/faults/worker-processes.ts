import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { nodeBundle } from '../../scripts/support/bundle.ts'
import type { FromWorker, ToWorker, WorkerConfig } from './messages.ts'

/** The worker as one file, so that a process that was killed is replaced in no time. */
export interface WorkerProgram {
  start(config: WorkerConfig): Promise<WorkerProcess>
  close(): void
}

export interface WorkerProcess {
  readonly name: string
  readonly isRunning: () => boolean
  tell(message: ToWorker): void
  /** The next message of a kind; rejects when the process ends or says nothing for too long. */
  hear<K extends FromWorker['kind']>(kind: K, within?: number): Promise<Extract<FromWorker, { kind: K }>>
  onCalls(listener: (message: Extract<FromWorker, { kind: 'calls' }>) => void): void
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** Ends it, stopped or not. */
  end(): Promise<void>
}

const running = new Set<ChildProcess>()
// A proof that is interrupted must leave no process behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function bundleWorker(): Promise<WorkerProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'authentype-faults-'))
  const file = join(folder, 'worker.mjs')
  const close = () => rmSync(folder, { recursive: true, force: true })
  try {
    await build({
      ...nodeBundle,
      entryPoints: [join(import.meta.dirname, 'worker.ts')],
      outfile: file,
      external: ['pg-native'],
    })
  } catch (error) {
    close()
    throw error
  }
  return { start: (config) => startWorker(file, config), close }
}

async function startWorker(file: string, config: WorkerConfig): Promise<WorkerProcess> {
  const child = fork(file, [JSON.stringify(config)], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  running.add(child)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child)
      resolve()
    })
  })
  const worker: WorkerProcess = {
    name: config.name,
    isRunning: () => child.connected && child.exitCode === null && child.signalCode === null,
    tell(message) {
      // To a process that dies in this moment nothing can be told; its replacement is told again.
      if (child.connected) child.send(message, () => {})
    },
    hear: (kind, within = 20_000) => hear(child, config.name, kind, within),
    onCalls(listener) {
      child.on('message', (message: FromWorker) => {
        if (message.kind === 'calls') listener(message)
      })
    },
    signal: (name) => child.kill(name),
    async end() {
      child.kill('SIGKILL')
      await ended
    },
  }
  await worker.hear('ready')
  return worker
}

function hear<K extends FromWorker['kind']>(child: ChildProcess, name: string, kind: K, within: number) {
  return new Promise<Extract<FromWorker, { kind: K }>>((resolve, reject) => {
    const fail = (what: string) => {
      stop()
      reject(new Error(`worker ${name} ${what} before it said "${kind}"`))
    }
    const onMessage = (message: FromWorker) => {
      if (message.kind === 'crashed') return fail(`failed (${message.message})`)
      if (message.kind !== kind) return
      stop()
      resolve(message as Extract<FromWorker, { kind: K }>)
    }
    const onExit = () => fail('ended')
    const timer = setTimeout(() => fail(`was silent for ${within} ms`), within)
    const stop = () => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
    }
    child.on('message', onMessage).on('exit', onExit)
  })
}
