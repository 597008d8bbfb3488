// The package as a user gets it: compiled, packed, and installed with npm in an empty folder.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root: string = resolve(import.meta.dirname, '../..')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly files: readonly string[]
  readonly devDependencies: Readonly<Record<string, string>>
}

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

/** What a consumer's compiler is told: nothing is skipped. */
export const strictCompilerOptions = {
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable'],
  types: [] as string[],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
}

export interface EmptyProject {
  readonly home: string
  /** Runs a command there. */
  run(command: string, args: readonly string[]): string
  /** `npm install` of these; the package itself is the packed one, others have the version that is tested here. */
  install(...names: readonly string[]): void
  /** What the compiler at this path says of the project: nothing, where all is well. */
  compile(compiler: string): string
  remove(): void
}

/** npm passes its own settings on to what it starts; the nested npm must not take them for its own. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_|NODE_OPTIONS|VITEST)/.test(key)))
}

/** An empty folder, and the packed package within reach: what `npm pack` makes of a copy, so that nobody's dist/ changes. */
export function createEmptyProject(): EmptyProject {
  const base = mkdtempSync(join(tmpdir(), 'authentype-reader-'))
  const [home, copy] = [join(base, 'project'), join(base, 'copy')]
  const run = (command: string, args: readonly string[], cwd = home): string =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() })
  for (const folder of [home, copy]) mkdirSync(folder)
  run(process.execPath, ['--import', 'tsx', 'scripts/build.ts', join(copy, 'dist')], root)
  for (const file of ['package.json', 'README.md', 'LICENSE', ...manifest.files.filter((name) => name !== 'dist')]) {
    cpSync(join(root, file), join(copy, file), { recursive: true })
  }
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', base], copy)
  const tarball = join(base, (JSON.parse(packed) as [{ filename: string }])[0].filename)
  const specifierOf = (name: string) => (name === manifest.name ? tarball : `${name}@${manifest.devDependencies[name]}`)
  return {
    home,
    run,
    install(...names) {
      const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
      run('npm', ['install', ...quiet, ...names.map(specifierOf)])
    },
    compile(compiler) {
      try {
        return run(process.execPath, [compiler, '-p', home])
      } catch (error) {
        return (error as { stdout?: string }).stdout || String(error)
      }
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  }
}
