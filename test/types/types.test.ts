// The type tests (*.test-d.ts) are proven by the compiler, which looks at everything else here as well. Not by
// Vitest's own type checking: that writes a file into the checkout, and two runs at once wait for each other forever.
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

it('everything compiles, the type tests included', () => {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root, encoding: 'utf8' })
  expect(stdout).toBe('')
  expect(status).toBe(0)
}, 120_000)
