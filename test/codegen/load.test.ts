import { existsSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aDocument, fixture, generated, temporaryFolder } from './support/generated.ts'

const yaml = (text: string): { name: string; text: string } => ({ name: 'api.yaml', text })
const head = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\npaths: {}\n'

describe('a document that cannot be read', () => {
  it('names the place of a YAML error and writes nothing', async () => {
    const out = join(await temporaryFolder(), 'out')
    const attempt = generated({ document: yaml(`${head}components:\n  schemas:\n    A: [1, 2\n    B: x\n`), out })
    await expect(attempt).rejects.toMatchObject({
      code: 'document_syntax',
      file: 'api.yaml',
      line: 7,
      message: expect.stringContaining('api.yaml:7:') as string,
    })
    await expect(generated({ document: yaml(`${head}x: 1\n`), out, check: true })).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })

  it.skipIf(!existsSync('/dev/zero'))('ends where a device does not', async () => {
    await expect(generated({ document: '/dev/zero' })).rejects.toMatchObject({ code: 'document_too_complex' })
  })

  it.each([
    ['nothing', '', /is empty/],
    ['a web page', '<html><body>Log in</body></html>', /mere text, perhaps a web page/],
    ['a list', '[]', /not an object/],
    ['an object without a version', '{}', /without "openapi"/],
    ['OpenAPI 4', '{"openapi":"4.0.0"}', /version "4.0.0"/],
    ['Swagger 1.2', '{"swagger":"1.2"}', /Swagger version "1.2"/],
  ])('says what it is when it is %s', async (_, text, message) => {
    await expect(generated({ document: yaml(text) })).rejects.toMatchObject({
      code: 'document_unsupported',
      message: expect.stringMatching(message) as string,
    })
  })

  it('is shown without what a terminal would obey', async () => {
    const sequence = '\u001B]0;owned\u0007'
    await expect(generated({ document: yaml(`${head}x: "${sequence}`) })).rejects.toMatchObject({
      message: expect.not.stringMatching(/[\u0000-\u001F]/) as string,
    })
    const { report } = await generated({ document: aDocument({ schemas: { A: { $ref: `#/${sequence}\u202E` } } }) })
    expect(report.warnings[0]?.message).toMatch(/^\$ref "#\/ \]0;owned/)
    expect(report.warnings[0]?.message).not.toMatch(/[\u0000-\u001F\u202E]/)
  })

  it('says so when there is no such file', async () => {
    await expect(generated({ document: 'no/such/file.yaml' })).rejects.toMatchObject({
      code: 'document_unreadable',
      file: 'no/such/file.yaml',
    })
  })

  it('says so when it is a folder', async () => {
    await expect(generated({ document: 'test' })).rejects.toMatchObject({
      code: 'document_unreadable',
      message: 'test cannot be read: it is a folder; name the document in it',
    })
  })
})

it('a document in UTF-16 is read by its byte order mark', async () => {
  const path = join(await temporaryFolder(), 'api.yaml')
  await writeFile(path, `\uFEFF${head}components: { schemas: { Ž: { type: string } } }\n`, 'utf16le')
  expect((await generated({ document: path })).files['models.ts']).toContain('export type Ž = string')
})

describe('YAML', () => {
  it('follows version 1.2, in which n, y, on and off are strings and numeric keys stay as written', async () => {
    const { files } = await generated({
      document: yaml(
        `${head}components:\n  schemas:\n    A:\n      type: object\n      required: [n, y, on]\n      properties: { n: {}, y: {}, on: {}, 1.10: {} }\n`,
      ),
    })
    expect(files['models.ts']).toMatch(
      /readonly n: unknown\n\s+readonly y: unknown\n\s+readonly on: unknown\n\s+readonly '1.10'\?: unknown/,
    )
  })

  it('takes the last of two equal keys, and warns with file, line and column', async () => {
    const { files, report } = await generated({
      document: yaml(`${head}components:\n  schemas:\n    A: { type: string }\n    A: { type: number }\n`),
    })
    expect(files['models.ts']).toContain('export type A = number')
    expect(report.warnings).toMatchObject([
      { code: 'duplicate_key', file: 'api.yaml', line: 6, column: 5, advice: 'remove one of them' },
    ])
  })

  it('says that JSON is nested too deep, also where a key comes twice', async () => {
    const text = `{"openapi":"3.1.0","a":1,"a":1,"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    await expect(generated({ document: { name: 'deep.json', text } })).rejects.toMatchObject({
      code: 'document_too_complex',
      message: 'deep.json: nested deeper than 256 levels',
    })
  })

  it('tells the same of JSON', async () => {
    const schemas =
      '{\n  "A": { "type": "string", "x\\\\": "a\\":\\"" },\n  "B": {},\n "\\u0041" : { "type": "number" } }'
    const { files, report } = await generated({
      document: {
        name: 'api.json',
        text: `{ "openapi": "3.1.0", "info": { "title": "T", "version": "1" }, "paths": {},\n"components": { "schemas": ${schemas} } }`,
      },
    })
    expect(files['models.ts']).toContain('export type A = number')
    expect(report.warnings).toMatchObject([
      { code: 'duplicate_key', file: 'api.json', line: 2, column: 28, message: expect.stringContaining('"A"') },
    ])
  })

  it('resolves anchors and merge keys', async () => {
    const { files } = await generated({
      document: yaml(
        `${head}components:\n  schemas:\n    A: &a { type: object, properties: { x: { type: string } } }\n    B: { <<: *a, required: [x] }\n`,
      ),
    })
    expect(files['models.ts']).toContain('export type B = {\n  readonly x: string\n}')
  })

  it('cuts an alias that leads back into its own anchor', async () => {
    const { files, codes } = await generated({
      document: yaml(
        `${head}components:\n  schemas:\n    A: &a { type: object, properties: { self: *a, name: { type: string } } }\n`,
      ),
    })
    expect(files['models.ts']).toContain('readonly self?: unknown')
    expect(codes).toEqual(['circular_schema'])
  })
})

describe('references to other files', () => {
  it('are followed inside the document’s folder, recursion included', async () => {
    const { files, report } = await generated({ document: fixture('multi/root.yaml') })
    expect(report.warnings).toEqual([])
    expect(files['models.ts']).toContain('readonly pets?: ReadonlyArray<Pet>')
    expect(files['operations.ts']).toContain('readonly limit?: number')
  })

  it('give the same output wherever the folder lies', async () => {
    const { files } = await generated({ document: fixture('multi/root.yaml') })
    expect(Object.values(files).join('')).not.toContain(import.meta.dirname)
    expect(files['names.json']).toContain('"schemas/owner.yaml#/definitions/Owner": "Owner"')
  })

  it('have their faults told by a path from where the document was named from', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'parts'))
    await writeFile(join(folder, 'parts/a.yaml'), 'type: object\nproperties:\n  b: { $ref: nowhere.yaml }\n')
    const root = join(folder, 'root.json')
    await writeFile(root, aDocument({ schemas: { A: { $ref: 'parts/a.yaml' } } }).text)
    const { report } = await generated({ document: root })
    expect(report.warnings).toMatchObject([{ file: join(folder, 'parts/a.yaml'), line: 3 }])
    await writeFile(join(folder, 'parts/a.yaml'), 'type: [')
    await expect(generated({ document: root })).rejects.toMatchObject({ file: join(folder, 'parts/a.yaml') })
  })

  it('are refused outside of it, also through a symbolic link, and become unknown with a warning', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'api'))
    await writeFile(join(folder, 'secret.json'), '{"type":"string"}')
    await symlink(join(folder, 'secret.json'), join(folder, 'api/link.json'))
    const refs = ['../secret.json', 'link.json', '%2e%2e/secret.json', 'file:///etc/passwd', 'missing.json']
    const { text } = aDocument({ schemas: Object.fromEntries(refs.map(($ref, index) => [`S${index}`, { $ref }])) })
    await writeFile(join(folder, 'api/root.json'), text)
    const { files, codes } = await generated({ document: join(folder, 'api/root.json') })
    expect(codes).toEqual(refs.map(() => 'ref_not_followed'))
    expect(files['models.ts']!.match(/= unknown/g)).toHaveLength(refs.length)
  })

  it('are followed to a folder that is allowed, but not through a symbolic link out of it', async () => {
    const folder = await temporaryFolder()
    for (const name of ['api', 'shared', 'shared-not']) await mkdir(join(folder, name))
    await writeFile(join(folder, 'secret.json'), '{"type":"string"}')
    await writeFile(join(folder, 'shared/a.json'), '{"type":"integer"}')
    await writeFile(join(folder, 'shared-not/a.json'), '{"type":"integer"}')
    await symlink(join(folder, 'secret.json'), join(folder, 'shared/link.json'))
    const schemas = {
      A: { $ref: '../shared/a.json' },
      B: { $ref: '../shared/link.json' },
      C: { $ref: '../shared-not/a.json' },
    }
    await writeFile(join(folder, 'api/root.json'), aDocument({ schemas }).text)
    const { files, codes } = await generated({
      document: join(folder, 'api/root.json'),
      allowRefs: [join(folder, 'shared')],
    })
    expect(codes).toEqual(['ref_not_followed', 'ref_not_followed'])
    expect(files['models.ts']).toMatch(/type A = number[\s\S]*type B = unknown[\s\S]*type C = unknown/)
  })

  it('are not followed where an allowed host sends them elsewhere', async () => {
    const requests: string[] = []
    const server = createServer((request, response) => {
      requests.push(request.url ?? '')
      if (request.url === '/far.json') response.writeHead(302, { location: '/inner.json' }).end()
      else response.end('{"type":"boolean"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const document = aDocument({ schemas: { Far: { $ref: `${origin}/far.json` } } })
      const { report } = await generated({ document, allowRefs: [origin] })
      expect(report.warnings).toMatchObject([
        { code: 'ref_not_followed', message: expect.stringContaining('unexpected redirect') as string },
      ])
      expect(requests).toEqual(['/far.json'])
    } finally {
      server.close()
    }
  })

  it('reach no host unless it is allowed by name', async () => {
    const requests: string[] = []
    const server = createServer((request, response) => {
      requests.push(request.url ?? '')
      response.end('{"type":"boolean"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const document = aDocument({ schemas: { Far: { $ref: `${origin}/far.json` } } })
      expect((await generated({ document })).codes).toEqual(['ref_not_followed'])
      expect(requests).toEqual([])
      const { files, codes } = await generated({ document, allowRefs: [origin] })
      expect(codes).toEqual([])
      expect(files['models.ts']).toContain('export type Far = boolean')
      // A host whose name only begins like the allowed one is another host.
      expect(
        (
          await generated({
            document: aDocument({ schemas: { Far: { $ref: `${origin}0/far.json` } } }),
            allowRefs: [origin],
          })
        ).codes,
      ).toEqual(['ref_not_followed'])
    } finally {
      server.close()
    }
  })

  it('to nothing are located in YAML and in JSON', async () => {
    const fromYaml = await generated({
      document: yaml(`${head}components:\n  schemas:\n    A:\n      $ref: '#/components/schemas/B'\n`),
    })
    expect(fromYaml.report.warnings).toMatchObject([{ code: 'ref_not_followed', line: 7, column: 7 }])
    const { text } = aDocument({ schemas: { 'a "quoted"': { type: 'string' }, A: { $ref: '#/nowhere' } } })
    const fromJson = await generated({
      document: { name: 'api.json', text: JSON.stringify(JSON.parse(text), null, 2) },
    })
    expect(fromJson.report.warnings).toMatchObject([{ code: 'ref_not_followed', line: 13, column: 12 }])
  })
})

describe('a document over HTTP', () => {
  it('is fetched, and its error status reported', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/api.json' ? 200 : 503
      response.end(aDocument({ schemas: { A: { type: 'string' } } }).text)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      expect((await generated({ document: `${origin}/api.json` })).files['models.ts']).toContain(
        'export type A = string',
      )
      await expect(generated({ document: `${origin}/other` })).rejects.toMatchObject({
        code: 'document_unreadable',
        message: expect.stringContaining('503') as string,
      })
    } finally {
      server.close()
    }
  })
})
