// Commands that go on, as in the terminals of who follows a page.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { pause } from '../support/local-servers.ts'
import { cleanEnvironment } from './packed-package.ts'

export type Environment = Readonly<Record<string, string>>

export interface RunningCommand {
  readonly child: ChildProcess
  /** Its exit code. */
  readonly closed: Promise<number | null>
  stdout: string
  stderr: string
  onText: () => void
}

export interface Terminals {
  launch(command: string, env?: Environment): RunningCommand
  /** The same, once it has printed what is waited for. */
  launchUntil(command: string, awaited: RegExp, env?: Environment): Promise<RunningCommand>
  /** The same, once something answers at this address. */
  launchAt(url: string, command: string, env?: Environment): Promise<RunningCommand>
  /** Interrupts all that still runs, or all but one. */
  interrupt(except?: RunningCommand): Promise<void>
}

/** @param home where they are typed */
export function openTerminals(home: string): Terminals {
  const running = new Set<RunningCommand>()
  const launch = (line: string, env: Environment = {}): RunningCommand => {
    const [name = '', ...args] = line.split(' ')
    // A group of its own, as in a terminal: npx hands no signal on.
    const child = spawn(name, args, { cwd: home, env: { ...cleanEnvironment(), ...env }, detached: true })
    const closed = once(child, 'close').then(([code]) => code as number | null)
    const command: RunningCommand = { child, closed, stdout: '', stderr: '', onText: () => {} }
    running.add(command)
    void closed.then(() => running.delete(command))
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk) => {
        command[name] += String(chunk)
        command.onText()
      })
    }
    return command
  }
  return {
    launch,
    async launchUntil(line, awaited, env) {
      const command = launch(line, env)
      const isSeen = () => awaited.test(command.stdout) || awaited.test(command.stderr)
      const seen = new Promise<void>((resolve) => {
        command.onText = () => isSeen() && resolve()
      })
      await Promise.race([seen, command.closed])
      if (!isSeen()) throw new Error(`${line} ended with: ${command.stdout}${command.stderr}`)
      return command
    },
    async launchAt(url, line, env) {
      const command = launch(line, env)
      const answers = () => fetch(url).then(Boolean, () => false)
      while (running.has(command)) {
        if (await answers()) return command
        await pause(50)
      }
      throw new Error(`${line} ended with: ${command.stdout}${command.stderr}`)
    },
    async interrupt(except) {
      const others = [...running].filter((command) => command !== except)
      for (const { child } of others) process.kill(-child.pid!, 'SIGINT')
      await Promise.all(others.map(({ closed }) => closed))
    },
  }
}
