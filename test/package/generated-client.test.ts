// docs/generate.md as its reader would follow it: an empty project, the packed tarball, the page's command, the page's
// code, compiled by TypeScript 5, 6 and 7.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findCompilers } from '../../scripts/support/compilers.ts'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/generate.md'), 'utf8')
const examples = [...page.matchAll(/<!-- example: ([\w-]+) -->\n```ts\n([\s\S]*?)```/g)]

let home: string
const run = (command: string, args: readonly string[], cwd = home): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() })

/** npm passes its own settings on to what it starts; the nested npm must not take them for its own. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_|NODE_OPTIONS|VITEST)/.test(key)))
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'authentype-reader-'))
  run('npm', ['run', 'build'], root)
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', home], root)
  const { filename } = (JSON.parse(packed) as [{ filename: string }])[0]
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'reader', private: true, type: 'module' }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', `./${filename}`])
  cpSync(join(root, 'test/codegen/fixtures/foreign-provider.yaml'), join(home, 'provider.yaml'))
}, 180_000)

afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('docs/generate.md, with the packed package', () => {
  it('generates by its command, and finds nothing to do the second time', () => {
    const command = /npx (authentype generate provider\.yaml --out src\/provider)\n/.exec(page)?.[1]?.split(' ')
    expect(run('npx', ['--no-install', ...command!])).toContain('token_endpoint is POST /v2/oauth/exchange')
    const files = readdirSync(join(home, 'src/provider'))
    expect(files.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
    expect(run('npx', ['--no-install', ...command!, '--check'])).not.toContain('differs')
  })

  it('reads its configuration', () => {
    const config = /```js\n([\s\S]*?)```/.exec(page)![1]!
    const overlay = /```yaml\n([\s\S]*?)```/.exec(page)![1]!
    mkdirSync(join(home, 'configured'))
    cpSync(join(home, 'provider.yaml'), join(home, 'configured/provider.yaml'))
    writeFileSync(join(home, 'configured/authentype.config.js'), config)
    writeFileSync(join(home, 'configured/corrections.yaml'), overlay)
    run('npx', ['--no-install', 'authentype', 'generate', '--config', 'configured/authentype.config.js'])
    expect(existsSync(join(home, 'configured/src/provider/endpoints.ts'))).toBe(true)
  })

  it('has code that compiles beside TypeScript 5, 6 and 7', () => {
    expect(examples.length).toBeGreaterThan(1)
    const surroundings = `declare const session: import('authentype').Session
      declare const token: string
      declare const privateJwk: { kty: string }
      declare const console: { log(...values: unknown[]): void }`
    for (const [, name, code] of examples)
      writeFileSync(
        join(home, `src/${name}.ts`),
        `${code}\n${surroundings}\nexport const used = [session, token, privateJwk]`,
      )
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    }
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
    for (const path of [...findCompilers().map((each) => each.path), join(root, 'node_modules/.bin/tsc6')]) {
      const { stdout } = tryRun(process.execPath, [path, '-p', home])
      expect(stdout, path).toBe('')
    }
  }, 120_000)
})

function tryRun(command: string, args: readonly string[]): { readonly stdout: string } {
  try {
    return { stdout: run(command, args) }
  } catch (error) {
    return { stdout: (error as { stdout: string }).stdout || String(error) }
  }
}
