// The package as a user gets it: packed, installed in an empty directory, each subpath imported, types compiled.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string
  exports: Record<string, unknown>
  bin: Record<string, string>
}
const subpaths = Object.keys(manifest.exports).filter((subpath) => typeof manifest.exports[subpath] === 'object')
const specifiers = subpaths.map((subpath) => join(manifest.name, subpath))

let home: string
const run = (command: string, args: readonly string[], cwd = home) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() })

/** npm passes its own settings on to what it starts; the nested npm must not take them for its own. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_|NODE_OPTIONS|VITEST)/.test(key)))
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'authentype-tarball-'))
  run('npm', ['run', 'build'], root)
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', home], root)
  const { filename } = (JSON.parse(packed) as [{ filename: string }])[0]
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', `./${filename}`])
}, 180_000)

afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('the packed tarball', () => {
  it.each(specifiers)('imports %s', (specifier) => {
    const names = run('node', ['-e', `import('${specifier}').then((m) => console.log(Object.keys(m).length))`])
    // The schema is types alone.
    expect(Number(names)).toBeGreaterThan(specifier.endsWith('/schema') ? -1 : 0)
  })

  it('contains no source, test or machine path', () => {
    const files = readdirSync(join(home, 'node_modules/authentype'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((file) => /^(src|test|scripts|bench)(\/|$)/.test(file))).toEqual([])
    const texts = files.filter((file) => /\.(js|ts|json|ya?ml|md)$/.test(file))
    expect(texts.length).toBeGreaterThan(100)
    const leaking = texts.filter((file) =>
      readFileSync(join(home, 'node_modules/authentype', file), 'utf8').includes(root),
    )
    expect(leaking).toEqual([])
  })

  it('has types that compile without skipLibCheck, in nodenext and for bundlers', () => {
    const names = specifiers.map(
      (specifier, i) => `import * as m${i} from '${specifier}'\nexport const n${i} = Object.keys(m${i})`,
    )
    writeFileSync(join(home, 'consumer.ts'), names.join('\n'))
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2022', 'dom', 'dom.iterable'],
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
      }
      writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
      for (const compiler of ['tsc', 'tsc6']) {
        expect(
          () => run(process.execPath, [join(root, 'node_modules/.bin', compiler), '-p', home]),
          `${compiler} ${module}`,
        ).not.toThrow()
      }
    }
  })

  it('has the command, which names its version', () => {
    const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(run('npx', ['--no-install', 'authentype', '--version'])).toContain(version.version)
  })
})
