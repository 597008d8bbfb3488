// An example started as its reader would start it: a process of its own, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'

export const root: string = resolve(import.meta.dirname, '../..')

export interface StartedExample {
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly out: { stdout: string; stderr: string }
  /** Its exit code. */
  readonly ended: Promise<number | null>
  stop(): Promise<void>
}

export interface ExampleSetting {
  /** @default the repository */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly onError?: (text: string) => void
}

/** @param file below examples/ */
export function startExample(file: string, setting: ExampleSetting = {}): StartedExample {
  const { cwd = root, env = {}, args = [], onError } = setting
  const node = ['--conditions=authentype-source', '--import', import.meta.resolve('tsx')]
  const child = spawn(process.execPath, [...node, join(root, 'examples', file), ...args], {
    cwd,
    env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    out.stdout += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    out.stderr += String(chunk)
    onError?.(String(chunk))
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    child,
    out,
    ended,
    async stop() {
      child.kill()
      await ended
    },
  }
}
