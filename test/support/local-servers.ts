// Debian's servers for the tests that need real ones: on free ports, in directories of their own, ended by their
// process id. In CI they must be there; elsewhere a test is skipped with one plain line.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'

export interface LocalServer {
  readonly url: string
  /** Ends it at once, as a crash does, and starts it again over the same data. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Whether a test that needs `what` can run; says so where it cannot, and fails in CI. */
export function canRun(what: string, isThere: boolean, packages: string): boolean {
  if (isThere) return true
  const line = `${what} is not installed: apt-get install -y ${packages}`
  if (process.env.CI === 'true') throw new Error(line)
  process.stdout.write(`skipped: ${line}\n`)
  return false
}

/** The path of a program, looked for in `folders`, then on the PATH. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const places = [...folders, ...(process.env.PATH ?? '').split(':')]
  return places.map((folder) => `${folder}/${name}`).find((path) => existsSync(path))
}

export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

export interface Daemon {
  readonly pid: number
  /** Resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Starts a program and waits until `isReady` says so. */
export async function startDaemon(
  command: readonly string[],
  options: { readonly cwd: string; readonly uid?: number; readonly gid?: number },
  isReady: () => Promise<boolean>,
): Promise<Daemon> {
  const [program, ...args] = command as [string, ...string[]]
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
    })
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // A test run that is interrupted must not leave a server behind.
  process.once('exit', () => child.kill('SIGKILL'))
  for (let tries = 0; !(await isReady()); tries++) {
    if (child.exitCode !== null || tries > 300) {
      child.kill('SIGKILL')
      throw new Error(`${program} did not start:\n${output}`)
    }
    await pause(50)
  }
  return {
    pid: child.pid!,
    kill: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await ended
    },
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Runs a program to its end and gives what it printed. */
export function runProgram(command: readonly string[], options: { uid?: number; gid?: number; cwd?: string } = {}) {
  const [program, ...args] = command as [string, ...string[]]
  const result = spawnSync(program, args, { ...options, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`${program} failed: ${result.stderr || result.stdout || result.error}`)
  return result.stdout
}
