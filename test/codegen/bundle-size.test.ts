// What an application pays for one operation over a plain fetch: at most 2 kB, gzipped. The figures beside the peers,
// of the built package, are `npm run bench:generate`'s.
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { bundleForBrowsers, plainFetch } from '../../scripts/support/bundle.ts'
import { aDocument, generated } from './support/generated.ts'

const source = resolve(import.meta.dirname, '../../src')

const alias = {
  'authentype/api': resolve(source, 'http/index.ts'),
  '#signatures': resolve(source, 'lib/signatures/web.ts'),
}
const bundled = (entry: string) => bundleForBrowsers(entry, { folder: source, alias })

const content = { 'application/json': { schema: { type: 'object' } } }
const getVersion = { operationId: 'getVersion', responses: { 200: { description: 'ok', content } } }

async function ours(validators: 'lenient' | 'off') {
  const document = aDocument({ paths: { '/version': { get: getVersion } } })
  const { out } = await generated({ document, validators, importExtension: '.ts' })
  return bundled(`import { createApi } from 'authentype/api'
    import { getVersion } from '${out}/endpoints.ts'
    const api = createApi({ baseUrl: 'https://x.example' })
    export const get = () => getVersion(api)`)
}

it('one operation weighs at most 2000 bytes over a plain fetch', async () => {
  const plain = await bundled(plainFetch('/things/'))
  expect((await ours('off')).size - plain.size).toBeLessThanOrEqual(2000)
})

it('nothing is in the bundle that only others need', async () => {
  const { text } = await ours('off')
  const foreign = ['retry-after', 'OAuth', 'getRandomValues', 'FormData', 'missing_metadata', 'actualType']
  expect(foreign.filter((word) => text.includes(word))).toEqual([])
  expect((await ours('lenient')).text).toContain('actualType')
})
