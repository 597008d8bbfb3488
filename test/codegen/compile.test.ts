import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { compileErrors } from './support/compile.ts'
import { aDocument, fixture, generated, temporaryFolder } from './support/generated.ts'

const use = `import type { Api } from '${resolve('src/lib/wire/index.ts')}'
import { authorize, getThing, getThingResult, issueToken, issueTokenResult, putThing, deleteThing } from './keywords-3.1.yaml.strict/endpoints.js'

export async function calls(api: Api): Promise<string> {
  const tokens = await issueToken(api, { body: { grant_type: 'x', undeclared_extension: 1 } })
  // @ts-expect-error: grant_type is required
  await issueToken(api, { body: {} })
  // @ts-expect-error: a body is required
  await issueToken(api, {})
  await deleteThing(api, { path: { id: '1' } }, { timeout: 5 })
  await putThing(api, { path: { id: '1' }, contentType: 'multipart/form-data', body: { file: new Blob([]) } })
  // @ts-expect-error: JSON is the default
  await putThing(api, { path: { id: '1' }, body: { file: new Blob([]) } })
  const url: URL = authorize(api, { query: { client_id: 'c' } })
  // @ts-expect-error: client_id is required
  authorize(api, { query: {} })
  const thing = await getThing(api, { path: { id: '1' } })
  if (typeof thing === 'object') thing.kind satisfies 'small' | 'large'
  const result = await getThingResult(api, { path: { id: '1' } })
  switch (result.status) {
    case 200:
      result.ok satisfies true
      return typeof result.body === 'string' ? result.body : result.body.id
    case 204:
      return String(result.body satisfies undefined)
    case 404:
      result.ok satisfies false
      return result.body.title
    case 503:
      return result.body.why ?? ''
    default:
      result.ok satisfies false
      return String(url) + tokens.access_token
  }
}

export async function outcome(api: Api): Promise<string> {
  const refused = await issueTokenResult(api, { body: { grant_type: 'x' } })
  return refused.ok ? refused.body.access_token : (refused.body?.title ?? 'no body')
}
`

it('the output of every fixture compiles under the strictest settings, and types its calls', async () => {
  const folder = await temporaryFolder()
  for (const name of [
    'keywords-3.1.yaml',
    'provider-3.0.yaml',
    'swagger-2.0.yaml',
    'hostile.json',
    'multi/root.yaml',
    '../../../openapi/oauth.yaml',
  ]) {
    for (const validators of ['strict', 'lenient', 'off'] as const) {
      const importExtension = validators === 'lenient' ? '.ts' : '.js'
      await generated({
        document: fixture(name),
        out: join(folder, `${name.replaceAll(/[/]|\.\./g, '')}.${validators}`),
        validators,
        importExtension,
        runtime: resolve('src/lib/wire/index.ts'),
      })
    }
  }
  await writeFile(join(folder, 'use.ts'), use)
  expect(await compileErrors(folder)).toBe('')
}, 60_000)

const inheriting = {
  '/a': {
    post: {
      operationId: 'race',
      parameters: [{ name: 'toString', in: 'query', schema: { type: 'integer' } }],
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Race' } } } },
      responses: { 200: { description: 'd', content: { 'application/json': { schema: { type: 'string' } } } } },
    },
  },
}
const race = { type: 'object', properties: { constructor: { type: 'string' }, lap: { type: 'integer' } } }

it('an object needs none of the properties that every object inherits', async () => {
  const folder = await temporaryFolder()
  await generated({
    document: aDocument({ paths: inheriting, schemas: { Race: race } }),
    out: join(folder, 'out'),
    runtime: resolve('src/lib/wire/index.ts'),
  })
  const caller = `import type { Api } from '${resolve('src/lib/wire/index.ts')}'
import { race } from './out/endpoints.js'
export const plain = (api: Api): Promise<string> => race(api, { query: {}, body: { lap: 1 } })
export const named = (api: Api): Promise<string> => race(api, { query: { toString: 5 }, body: { constructor: 'Lotus' } })
// @ts-expect-error: of that name, the document wants a string
export const wrong = (api: Api): Promise<string> => race(api, { body: { constructor: 5 } })
`
  await writeFile(join(folder, 'use.ts'), caller)
  expect(await compileErrors(folder)).toBe('')
}, 60_000)
