// docs/generate.md as its reader would follow it: an empty project, the packed tarball, the page's command, the page's
// code, compiled by TypeScript 5, 6 and 7.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findCompilers } from '../../scripts/support/compilers.ts'
import { createEmptyProject, type EmptyProject, root, strictCompilerOptions } from './packed-package.ts'

const page = readFileSync(join(root, 'docs/generate.md'), 'utf8')
const examples = [...page.matchAll(/<!-- example: ([\w-]+) -->\n```ts\n([\s\S]*?)```/g)]
let project: EmptyProject
let home: string

beforeAll(() => {
  project = createEmptyProject()
  ;({ home } = project)
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'reader', private: true, type: 'module' }))
  project.install('authentype')
  cpSync(join(root, 'test/codegen/fixtures/foreign-provider.yaml'), join(home, 'provider.yaml'))
}, 180_000)

afterAll(() => project?.remove())

describe('docs/generate.md, with the packed package', () => {
  it('generates by its command, and finds nothing to do the second time', () => {
    const command = /npx (authentype generate provider\.yaml --out src\/provider)\n/.exec(page)?.[1]?.split(' ')
    expect(project.run('npx', ['--no-install', ...command!])).toContain('token_endpoint is POST /v2/oauth/exchange')
    const files = readdirSync(join(home, 'src/provider'))
    expect(files.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
    expect(project.run('npx', ['--no-install', ...command!, '--check'])).not.toContain('differs')
  })

  it('reads its configuration', () => {
    const config = /```js\n([\s\S]*?)```/.exec(page)![1]!
    const overlay = /```yaml\n([\s\S]*?)```/.exec(page)![1]!
    mkdirSync(join(home, 'configured'))
    cpSync(join(home, 'provider.yaml'), join(home, 'configured/provider.yaml'))
    writeFileSync(join(home, 'configured/authentype.config.js'), config)
    writeFileSync(join(home, 'configured/corrections.yaml'), overlay)
    project.run('npx', ['--no-install', 'authentype', 'generate', '--config', 'configured/authentype.config.js'])
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
    const configuration = { compilerOptions: strictCompilerOptions, include: ['src'] }
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(configuration))
    for (const path of [...findCompilers().map((each) => each.path), join(root, 'node_modules/.bin/tsc6')]) {
      expect(project.compile(path), path).toBe('')
    }
  }, 120_000)
})
