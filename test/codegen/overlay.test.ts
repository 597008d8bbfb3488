import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parsePath, selectNodes } from '../../src/codegen/load/json-path.ts'
import { generated, temporaryFolder } from './support/generated.ts'

const yaml = (text: string, name = 'provider.yaml') => ({ name, text })

const provider = yaml(`openapi: 3.1.0
info: { title: T, version: '1' }
paths:
  /users/{id}:
    get: &get
      operationId: getUser
      deprecated: true
      tags: [internal]
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { '200': { description: d, content: { application/json: { schema: { $ref: '#/components/schemas/User' } } } } }
  /people/{id}: { get: *get }
components:
  schemas:
    User: { type: object, properties: { name: { type: integer } } }
`)

const overlay = (actions: string, version = '1.0.0') =>
  yaml(`overlay: ${version}\ninfo: { title: Corrections, version: '1' }\nactions:\n${actions}`, 'corrections.yaml')

const corrected = (actions: string, version?: string) =>
  generated({ document: provider, overlays: [overlay(actions, version)] })

describe('overlays', () => {
  it('merge objects, add to arrays, take the place of values', async () => {
    const { files, codes } = await corrected(`
  - target: $.components.schemas.User.properties
    update: { name: { type: string }, age: { type: integer } }
  - target: $.components.schemas.User
    update: { required: [name] }
  - target: $.paths['/people/{id}']
    remove: true`)
    expect(files['models.ts']).toContain('readonly name: string\n  readonly age?: number')
    expect(files['operations.ts']).not.toContain('/people')
    expect(codes).toEqual([])
  })

  it('change one place of what aliases share, and no other', async () => {
    const { files } = await corrected(`
  - target: $.paths['/people/{id}'].get
    update: { operationId: getPerson, deprecated: false }`)
    expect(files['operations.ts']).toContain("id: 'getUser'")
    expect(files['operations.ts']).toContain("id: 'getPerson'")
    expect(files['endpoints.ts']?.match(/@deprecated/g)).toHaveLength(2)
  })

  it('select by filter and descent, and copy (1.1)', async () => {
    const { files } = await corrected(
      `
  - target: $.paths.*[?@.deprecated == true && @.tags[0] == 'internal'].deprecated
    remove: true
  - target: $.components.schemas
    update: { Person: {} }
  - target: $.components.schemas.Person
    copy: $.components.schemas.User
  - target: $..parameters[?@.name == 'id'].schema
    update: { description: Which one. }`,
      '1.1.0',
    )
    expect(files['endpoints.ts']).not.toContain('@deprecated')
    expect(files['models.ts']).toContain('export type Person = {\n  readonly name?: number\n}')
    expect(files['operations.ts']).toContain('/** Which one. */')
  })

  it('count for the hash, and lead warnings to their own lines', async () => {
    const plain = await generated({ document: provider })
    const { files, report } = await corrected(`
  - target: $.components.schemas
    update:
      Lost: { $ref: '#/nowhere' }`)
    expect(files['models.ts']?.split('\n')[0]).not.toBe(plain.files['models.ts']?.split('\n')[0])
    expect(report.warnings.find(({ code }) => code === 'ref_not_followed')).toMatchObject({
      file: 'corrections.yaml',
      line: 7,
    })
    expect(report.warnings.find(({ code }) => code === 'duplicate_operation_id')).toMatchObject({
      file: 'provider.yaml',
      line: 6,
    })
  })

  it('give the same output from whatever folder they are named', async () => {
    const folder = await temporaryFolder()
    const { name, text } = overlay('  - { target: $.info, update: { title: X } }')
    await writeFile(join(folder, name), text)
    const one = await generated({ document: provider, overlays: [join(folder, name)] })
    const other = await generated({ document: provider, overlays: [relative('', join(folder, name))] })
    expect(other.files).toEqual(one.files)
  })

  it.each([
    ['no overlay', yaml('hello: 1', 'corrections.yaml'), /corrections\.yaml:1:1: it is no overlay/],
    ['an unknown version', overlay('  []', '2.0.0'), /expected overlay: 1\.0\.0 or 1\.1\.0/],
    ['no list of actions', yaml('overlay: 1.0\naction: []', 'corrections.yaml'), /1:1: it has no list of "actions"/],
    ['an action that is none', overlay('  - $.info'), /4:3: an action is not an object/],
    ['the removal of everything', overlay('  - { target: $, remove: true }'), /4:5: the whole document cannot/],
    [
      'a broken path',
      overlay("  - { target: '$.paths[', remove: true }"),
      /corrections\.yaml:4:5: "\$\.paths\[" is no JSONPath/,
    ],
    ['no target', overlay('  - { remove: true }'), /has no "target"/],
    ['an object for a string', overlay('  - { target: $.info.title, update: { a: 1 } }'), /takes no such update/],
    ['a copy of many', overlay('  - { target: $.info, copy: $.paths.* }', '1.1.0'), /selects 2 nodes; expected one/],
  ])('stop at %s, with the place', async (_, given, message) => {
    const attempt = generated({ document: provider, overlays: [given] })
    await expect(attempt).rejects.toThrow(message)
    await expect(attempt).rejects.toMatchObject({ code: 'overlay_invalid', file: 'corrections.yaml' })
  })

  it('end at an alias bomb with a message', async () => {
    const bomb = Array.from({ length: 30 }, (_, n) => `  a${n}: &a${n} [${n === 0 ? 'x' : `*a${n - 1}, *a${n - 1}`}]`)
    const document = yaml(`openapi: 3.1.0\ninfo: { title: T, version: '1' }\nx-bomb:\n${bomb.join('\n')}\npaths: {}`)
    const overlays = [overlay('  - { target: $..nothing, remove: true }')]
    await expect(generated({ document, overlays })).rejects.toThrow(/more than 1000000 nodes/)
  })

  it('may touch nothing, and make __proto__ a property like any other', async () => {
    const { report } = await corrected(`
  - { target: $.nothing, remove: true }
  - { target: $.components.schemas.User.properties, update: { __proto__: { type: string } } }
  - { target: $.info, udpate: { title: X } }`)
    const effectless = report.warnings.filter(({ code }) => code === 'overlay_without_effect')
    expect(effectless).toMatchObject([
      { file: 'corrections.yaml', line: 5, message: expect.stringContaining('"$.nothing" fits nothing') as string },
      { file: 'corrections.yaml', line: 7, message: expect.stringContaining('has no "update"') as string },
    ])
    expect(({} as { type?: string }).type).toBeUndefined()
  })
})

describe('JSONPath (RFC 9535)', () => {
  const root = { a: [{ n: 1 }, { n: 2, "it's": 'x' }, { n: 3 }], b: { c: { n: 4 } } }
  it.each([
    ['$', ['']],
    ['$.a[0]', ['a,0']],
    ['$.a[-1].n', ['a,2,n']],
    ['$.a[1:].n', ['a,1,n', 'a,2,n']],
    ['$.a[::-1].n', ['a,2,n', 'a,1,n', 'a,0,n']],
    ['$["a"][0,2]', ['a,0', 'a,2']],
    ['$..n', ['a,0,n', 'a,1,n', 'a,2,n', 'b,c,n']],
    ['$.a[?@.n > 1 && !(@.n >= 3)]', ['a,1']],
    ["$.a[?@['it\\'s'] == 'x']", ['a,1']],
    ['$.a[?@["it\'s"]]', ['a,1']],
    ['$.a[?@.n == $.a[0].n || @.n == 3]', ['a,0', 'a,2']],
    ['$.b.*', ['b,c']],
    ['$.a.n', []],
    ['$.constructor', []],
  ])('%s', (path, expected) => {
    expect(selectNodes(root, parsePath(path)).map(String)).toEqual(expected)
  })

  it.each(['a', '$.', '$[', '$.a[?]', '$.a[?length(@.n)]', '$ x', '$["\\q"]', '$.a[1'])('refuses %s', (path) => {
    expect(() => parsePath(path)).toThrow(SyntaxError)
  })
})
