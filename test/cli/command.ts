import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { nodeBundle } from '../../scripts/support/bundle.ts'

const root = resolve(import.meta.dirname, '../..')

export interface RanCommand {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The `authentype` command as one file, so that each start costs little, and a home of its own. */
export interface CommandUnderTest {
  readonly home: string
  run(...args: readonly string[]): Promise<RanCommand>
  /** Starts it, and tells each line of standard error. */
  start(args: readonly string[], onLine: (line: string) => void): Promise<RanCommand>
  close(): void
}

export async function bundleCommand(): Promise<CommandUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'authentype-cli-'))
  const file = join(folder, 'authentype.mjs')
  await build({
    ...nodeBundle,
    entryPoints: [join(root, 'src/cli/main.ts')],
    outfile: file,
    external: ['openapi-typescript'],
  })
  const home = join(folder, 'home')
  const env = { PATH: process.env.PATH, AUTHENTYPE_HOME: home }
  return {
    home,
    run: (...args) =>
      new Promise((done) => {
        execFile(process.execPath, [file, ...args], { env }, (error, out, err) => {
          done({ code: error ? Number(error.code ?? 1) : 0, out, err })
        })
      }),
    start: (args, onLine) =>
      new Promise((done) => {
        const child = spawn(process.execPath, [file, ...args], { env })
        let out = ''
        let err = ''
        child.stdout.on('data', (chunk) => {
          out += String(chunk)
        })
        child.stderr.on('data', (chunk) => {
          err += String(chunk)
          String(chunk).split('\n').forEach(onLine)
        })
        child.on('close', (code) => done({ code: code ?? 1, out, err }))
      }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
