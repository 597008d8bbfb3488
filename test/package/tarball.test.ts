// The packed package in an empty directory: each subpath imported, types compiled, the command run.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmptyProject, type EmptyProject, manifest, root, strictCompilerOptions } from './packed-package.ts'

const subpaths = Object.keys(manifest.exports).filter((subpath) => typeof manifest.exports[subpath] === 'object')
const specifiers = subpaths.map((subpath) => join(manifest.name, subpath))
let project: EmptyProject

beforeAll(() => {
  project = createEmptyProject()
  const own = { name: 'consumer', private: true, type: 'module' }
  writeFileSync(join(project.home, 'package.json'), JSON.stringify(own))
  project.install(manifest.name)
}, 180_000)

afterAll(() => project?.remove())

describe('the packed tarball', () => {
  it.each(specifiers)('imports %s', (specifier) => {
    const names = project.run('node', ['-e', `import('${specifier}').then((m) => console.log(Object.keys(m).length))`])
    // The schema is types alone.
    expect(Number(names)).toBeGreaterThan(specifier.endsWith('/schema') ? -1 : 0)
  })

  it('contains no source, test or machine path', () => {
    const files = readdirSync(join(project.home, 'node_modules/authentype'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((file) => /^(src|test|scripts|bench)(\/|$)/.test(file))).toEqual([])
    const texts = files.filter((file) => /\.(js|ts|json|ya?ml|md)$/.test(file))
    expect(texts.length).toBeGreaterThan(100)
    const leaking = texts.filter((file) =>
      readFileSync(join(project.home, 'node_modules/authentype', file), 'utf8').includes(root),
    )
    expect(leaking).toEqual([])
  })

  it('has types that compile without skipLibCheck, in nodenext and for bundlers', () => {
    const names = specifiers.map(
      (specifier, i) => `import * as m${i} from '${specifier}'\nexport const n${i} = Object.keys(m${i})`,
    )
    writeFileSync(join(project.home, 'consumer.ts'), names.join('\n'))
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const compilerOptions = { ...strictCompilerOptions, module, moduleResolution }
      writeFileSync(join(project.home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
      for (const compiler of ['tsc', 'tsc6']) {
        expect(project.compile(join(root, 'node_modules/.bin', compiler)), `${compiler} ${module}`).toBe('')
      }
    }
  })

  it('has the command, which names its version', () => {
    expect(project.run('npx', ['--no-install', 'authentype', '--version'])).toContain(manifest.version)
  })
})
