import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const module = join(root, 'src/lib/signatures/node.ts')

/** Thousands of keys with a small young generation: collections fall into the export of some of them. */
const program = `
  const { generateSigningKey } = await import(${JSON.stringify(module)})
  let made = 0
  while (made < 6000) {
    await generateSigningKey('ES256')
    made++
  }
  process.stdout.write(String(made))
`

// Without the copy in node.ts, Node 20 stands still after some 3,000 keys, at zero load and for ever.
it('goes on generating keys while earlier ones are collected', { timeout: 60_000 }, async () => {
  const flags = ['--max-semi-space-size=1', '--import', 'tsx', '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: root, timeout: 50_000 })
  expect(stdout).toBe('6000')
})
