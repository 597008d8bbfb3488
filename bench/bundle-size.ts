/**
 * What one operation costs in a bundle of the built package (`npm run build`), beside the peers and a plain
 * fetch.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundleForBrowsers, plainFetch } from '../scripts/support/bundle.ts'
import { generate } from '../src/codegen/index.ts'

const root = resolve(import.meta.dirname, '..')

const alias = { 'authentype/api': join(root, 'dist/src/http/index.js') }
const sizeOf = async (entry: string): Promise<number> => (await bundleForBrowsers(entry, { folder: root, alias })).size

/** Operations of Ory Hydra's document; the peers' is a GET with a path parameter and a JSON answer. */
export async function measureBundles(document: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'authentype-bench-'))
  try {
    const plain = await sizeOf(plainFetch('/admin/clients/'))
    const rows: [string, number][] = [['plain fetch', plain]]
    for (const validators of ['lenient', 'off'] as const) {
      const out = join(folder, validators)
      const { counts } = await generate({ document, out, validators, importExtension: '.ts', oauth: false })
      // The simplest of GETs, one whose errors are OAuth's, and a POST of such.
      for (const name of ['getVersion', 'getOAuth2Client', 'createOAuth2Client'])
        rows.push([`authentype, ${name}, validators ${validators}`, await sizeOf(ours(out, name))])
      const one = await sizeOf(ours(out, 'getOAuth2Client'))
      if (validators === 'lenient') continue
      const all = await sizeOf(
        `import { createApi } from 'authentype/api'\nimport * as all from '${out}/endpoints.ts'\nexport const api = createApi()\nexport default all`,
      )
      // Both styles of every operation are in it, throwing and by status.
      rows.push([
        `  each further operation, of ${counts.operations}`,
        Math.round((all - one) / (counts.operations - 1)),
      ])
    }
    const openapiFetch = `import createClient from 'openapi-fetch'
      const client = createClient({ baseUrl: 'https://x.example' })
      export const get = (id) => client.GET('/admin/clients/{id}', { params: { path: { id } } })`
    rows.push(['openapi-fetch', await sizeOf(openapiFetch)], ['hey-api', await sizeOf(heyApi(document, folder))])
    const lines = rows.map(([name, size]) => {
      const over = name.startsWith('  ') || size === plain ? '' : `${size - plain} over a plain fetch`
      return `${name.padEnd(52)} ${String(size).padStart(5)} bytes  ${over}`
    })
    return `\none operation, bundled and gzipped\n${lines.join('\n')}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ours = (out: string, name: string): string => `import { createApi } from 'authentype/api'
  import { ${name} } from '${out}/endpoints.ts'
  const api = createApi({ baseUrl: 'https://x.example' })
  export const get = (input) => ${name}(api, input)`

function heyApi(document: string, folder: string): string {
  const out = join(folder, 'hey-api')
  const command = join(root, 'node_modules/@hey-api/openapi-ts/bin/run.js')
  const args = ['-i', document, '-o', out, '-c', '@hey-api/client-fetch', '--silent', '--no-log-file']
  const { status, stderr } = spawnSync(process.execPath, [command, ...args], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`hey-api failed: ${stderr.slice(0, 1000)}`)
  return `import { getOAuth2Client } from '${out}'
    import { client } from '${out}/client.gen'
    client.setConfig({ baseUrl: 'https://x.example' })
    export const get = (id) => getOAuth2Client({ path: { id } })`
}
