// docs/dev-server.md says what there is: every fault, every option, and a program that runs.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createDevServer, devFaults } from '../../src/dev-server/index.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const guide = read('docs/dev-server.md')

it('tells of every fault and of no other', () => {
  const [, section = ''] = guide.split('## Faults')
  const rows = [...section.split('##')[0]!.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name)
  expect(rows).toEqual([...devFaults])
})

it('tells of every option', () => {
  const snapshot = read('test/public-api/dev-server.api.txt')
  for (const type of ['DevHandlerOptions', 'DevServerOptions']) {
    const body = snapshot.split(`export interface ${type}`)[1]!.split('\n}')[0]!
    const names = [...body.matchAll(/^ {4}readonly (\w+)/gm)].map(([, name]) => name!)
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) expect([name, guide.includes(`\`${name}`)]).toEqual([name, true])
  }
})

it('runs as it is written there', async () => {
  const [, program = ''] = /```ts\n([\s\S]*?)```/.exec(guide) ?? []
  const [imported, ...rest] = program.trim().split('\n')
  expect(imported).toBe("import { createDevServer } from 'authentype/dev-server'")
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => (create: typeof createDevServer) => Promise<void>
  await new AsyncFunction('createDevServer', rest.join('\n'))(createDevServer)
})
