import { describe, expect, it } from 'vitest'
import { aDocument, fixture, generated } from './support/generated.ts'
import { loadValidators } from './support/load-validators.ts'
import { compareWithAjv } from './support/oracle.ts'

async function modelsOf(schemas: object, version = '3.1.0'): Promise<string> {
  const { files } = await generated({ document: aDocument({ schemas, version }), validators: 'strict' })
  return files['models.ts']!
}

describe('an operation of Swagger 2.0 that produces a file', () => {
  it('tells its errors in JSON', async () => {
    const document = {
      name: 'swagger.json',
      text: JSON.stringify({
        swagger: '2.0',
        paths: {
          '/report': {
            get: {
              produces: ['application/pdf'],
              responses: {
                200: { description: 'd', schema: { type: 'file' } },
                default: { description: 'e', schema: { $ref: '#/definitions/Fault' } },
              },
            },
          },
        },
        definitions: { Fault: { type: 'object', properties: { why: { type: 'string' } } } },
      }),
    }
    const { files } = await generated({ document })
    expect(files['operations.ts']).toContain("200: { 'application/pdf': 'blob' }")
    expect(files['operations.ts']).toContain(
      "default: { 'application/pdf': 'blob', 'application/json': validateFault }",
    )
  })
})

describe('version 3.0', () => {
  it('has nullable, boolean bounds and a $ref without siblings, which become the forms of 3.1', async () => {
    const { files } = await generated({ document: fixture('provider-3.0.yaml'), validators: 'strict' })
    expect(files['models.ts']).toContain('readonly code?: number | null')
    expect(files['models.ts']).toContain("readonly level?: 'low' | 'high' | null")
    expect(files['models.ts']).toContain('readonly inner?: ErrorModel | null')
    expect(files['validators.ts']).toContain('<= 0')
  })

  it('keeps nullable beside a $ref, since its authors mean it', async () => {
    expect(
      await modelsOf({ A: { type: 'string' }, B: { $ref: '#/components/schemas/A', nullable: true } }, '3.0.3'),
    ).toContain('export type B = A | null')
  })

  it('lets quoted and unquoted numbers be strings where the type says string', async () => {
    expect(await modelsOf({ A: { type: 'string', enum: [80, '443'] } }, '3.0.3')).toContain(
      "export type A = '80' | '443'",
    )
  })
})

describe('version 2.0', () => {
  const swagger = (): ReturnType<typeof generated> => generated({ document: fixture('swagger-2.0.yaml') })

  it('has its server in three fields and its models under definitions', async () => {
    const { files, report } = await swagger()
    expect(report.warnings).toEqual([])
    expect(files['operations.ts']).toContain("const server = 'https://api.example/v2'")
    expect(files['models.ts']).toContain(
      'export type PetPet = {\n  readonly name: string | null\n  readonly friend?: PetPet\n}',
    )
    expect(files['operations.ts']).toContain("200: { 'application/json': validateListPetsResponse }")
  })

  it('has its lists joined by commas unless it says otherwise', async () => {
    const { files } = await swagger()
    expect(files['operations.ts']).toContain(
      "encodings: { query: { tags: { explode: false }, piped: { style: 'pipeDelimited' } } }",
    )
    expect(files['operations.ts']).toContain("encodings: { body: { scope: { style: 'spaceDelimited' } } }")
  })

  it('has its bodies among the parameters', async () => {
    const { files } = await swagger()
    expect(files['operations.ts']).toContain('readonly body: PetPet\n')
    expect(files['operations.ts']).toContain("body: { 'multipart/form-data': writeMultipart }")
    expect(files['models.ts']).toContain('readonly photo: Blob | string\n  readonly note?: string')
    expect(files['operations.ts']).toContain('readonly body: TokenBody & { readonly [key: string]: unknown }')
  })

  it('asks for an access token where its security definitions have one', async () => {
    const { files } = await swagger()
    expect(files['operations.ts']!.match(/accessToken: 'required'/g)).toHaveLength(3)
  })
})

describe('what a document has that is nothing of OpenAPI', () => {
  const ok = { responses: { 200: { description: 'x' } } }
  const warnings = async (document: { name: string; text: string }): Promise<string[]> =>
    (await generated({ document, validators: 'strict' })).report.warnings.map(({ message }) => message)

  it.each([
    [{ schemas: { A: { properties: [], required: 'a', allOf: {} } } }, ['"required"', '"allOf"', '"properties"']],
    [{ paths: { '/a': { GET: ok, fetch: ok, get: ok, 'x-y': {} } } }, ['"GET" of /a', '"fetch" of /a']],
    [{ paths: [] }, ['"paths" is not an object']],
    [{ extra: { paths: undefined, components: undefined } }, ['the document has no "paths"']],
    [{ schemas: { A: { type: 'string', pattern: '(' } } }, ['pattern "(" is not checked: it is no regular expression']],
    [{ schemas: { A: { type: 'string', pattern: '(a+)+$' } } }, ['it could take more than linear time']],
    [{ schemas: { A: { enum: [2 ** 53] } } }, ['integer 9007199254740992 stands for others too']],
    [{ schemas: { A: { const: -1e300, type: 'number' } } }, ['stands for others too']],
    [{ extra: { security: [{ typo: [] }, {}] }, paths: { '/a': { get: ok, put: ok } } }, ['scheme "typo" is declared']],
  ])('is told, not passed over (%#)', async (parts, expected) => {
    expect(await warnings(aDocument(parts))).toEqual(expected.map((part) => expect.stringContaining(part)))
  })

  it('is not a document of models alone', async () => {
    expect(await warnings(aDocument({ schemas: { A: {} }, extra: { paths: undefined } }))).toEqual([])
  })
})

describe('a security scheme that is a reference', () => {
  it('is what stands there', async () => {
    const securitySchemes = { a: { $ref: '#/components/securitySchemes/b' }, b: { type: 'http', scheme: 'bearer' } }
    const { files } = await generated({
      document: aDocument({
        paths: { '/a': { get: { security: [{ a: [] }], responses: { 200: { description: 'x' } } } } },
        extra: { components: { securitySchemes } },
      }),
    })
    expect(files['operations.ts']).toContain("accessToken: 'required'")
  })
})

describe('anchors', () => {
  const tree = {
    $dynamicAnchor: 'node',
    type: 'object',
    properties: { kids: { type: 'array', items: { $dynamicRef: '#node' } }, leaf: { $ref: '#leaf' } },
    $defs: { Leaf: { $anchor: 'leaf', type: 'integer' } },
  }

  it('are found wherever they stand, also by a $dynamicRef that has but one target', async () => {
    const { files, codes } = await generated({ document: aDocument({ schemas: { Tree: tree } }) })
    expect(files['models.ts']).toContain('readonly kids?: ReadonlyArray<Tree>\n  readonly leaf?: Leaf')
    expect(codes).toEqual([])
  })

  it('of one name in two schemas are not chosen from', async () => {
    const { codes } = await generated({ document: aDocument({ schemas: { Tree: tree, Wood: tree } }) })
    expect(codes).toEqual(['unsupported', 'unsupported'])
  })
})

describe('unevaluatedProperties', () => {
  it('is not checked where a branch decides what is evaluated, which is said', async () => {
    const branches = { anyOf: [{ properties: { a: {} } }, { properties: { b: {} } }], unevaluatedProperties: false }
    const { codes } = await generated({ document: aDocument({ schemas: { A: branches } }), validators: 'strict' })
    expect(codes).toEqual(['unsupported'])
  })

  it('means what no part of an allOf declares, as Ajv has it', async () => {
    const base = { type: 'object', properties: { a: { type: 'string' } }, patternProperties: { '^x-': {} } }
    const own = { type: 'object', properties: { b: { type: 'integer' } } }
    const ref = { $ref: '#/components/schemas/Base' }
    const schemas = {
      Base: base,
      Closed: { allOf: [ref, own], unevaluatedProperties: false },
      Typed: { $ref: ref.$ref, properties: { b: {} }, unevaluatedProperties: { type: 'boolean' } },
      Opened: { allOf: [{ type: 'object', additionalProperties: true }], unevaluatedProperties: false },
      Again: { allOf: [{ $ref: '#/components/schemas/Closed' }], unevaluatedProperties: false },
      Nothing: { unevaluatedProperties: false },
      Inherited: { properties: { constructor: {} }, unevaluatedProperties: false },
    }
    const document = aDocument({ schemas })
    const { files, codes } = await generated({ document, validators: 'strict' })
    expect(codes).toEqual([])
    const { validateClosed, validateTyped } = await loadValidators(files['validators.ts']!)
    expect(validateClosed!({ a: 'x', b: 1, 'x-c': 1 })).toBeUndefined()
    expect(validateClosed!({ a: 'x', c: 1 })).toMatchObject({ path: '/c', expected: 'no other property' })
    expect(validateTyped!({ a: 'x', b: 1, c: true })).toBeUndefined()
    expect(validateTyped!({ c: 1 })).toMatchObject({ path: '/c', expected: 'boolean' })
    const output = { validators: files['validators.ts']!, names: files['names.json']! }
    const { pairs, disagreements } = await compareWithAjv(document.text, output, 150)
    // Ajv keeps what it has evaluated in an object, which has a `__proto__` of its own.
    expect(disagreements.filter((each) => !each.includes('__proto__'))).toEqual([])
    expect(pairs).toBeGreaterThan(3000)
  })
})

describe('schemas that are defined by each other', () => {
  it('keep their shape where a base lists its heirs and they extend it', async () => {
    const { files, report } = await generated({ document: fixture('provider-3.0.yaml') })
    expect(files['models.ts']).toContain(
      'export type HeirA = {\n  readonly type: string\n  readonly shared?: string\n} & {\n  readonly a?: string\n}',
    )
    expect(files['models.ts']).toMatch(
      /export type Base = \{[^}]*\} & \(\(HeirA & \{ readonly type: 'HeirA' \}\) \| \(HeirB/,
    )
    expect(report.warnings.filter(({ code }) => code === 'circular_schema')).toHaveLength(1)
  })

  it('become unknown, with a warning that names them, where nothing else defines them', async () => {
    const { files, report } = await generated({ document: fixture('provider-3.0.yaml') })
    expect(files['models.ts']).toContain('export type Loop = Pool')
    expect(files['models.ts']).toContain('export type Pool = unknown')
    expect(report.warnings.find(({ code }) => code === 'circular_schema')?.message).toContain('"Loop" → "Pool"')
  })
})

describe('required', () => {
  it('reaches a property that another part of an allOf declares', async () => {
    const { files } = await generated({ document: fixture('provider-3.0.yaml') })
    expect(files['models.ts']).toMatch(/export type HeirB = [\s\S]*?\} & \{ readonly shared: string \}/)
  })

  it('warns of a name that nothing declares', async () => {
    const { report } = await generated({ document: fixture('provider-3.0.yaml') })
    expect(report.warnings).toContainEqual(
      expect.objectContaining({ code: 'undeclared_required', message: '"ghost" is required, but declared nowhere' }),
    )
  })
})

describe('security', () => {
  const operation = { responses: { 200: { description: '' } } }
  const schemes = {
    components: {
      securitySchemes: {
        token: { type: 'oauth2', flows: {} },
        dpop: { type: 'http', scheme: 'DPoP' },
        key: { type: 'apiKey', in: 'header', name: 'x' },
      },
    },
  }

  it.each([
    ['none at all', undefined, undefined],
    ['an empty list', [], undefined],
    ['a token', [{ token: [] }], 'required'],
    ['a token bound by DPoP', [{ dpop: [] }], 'required'],
    ['a token or nothing', [{ token: [] }, {}], 'optional'],
    ['a token or a key', [{ key: [] }, { token: [] }], 'optional'],
    ['a token and a key', [{ key: [], token: [] }], 'required'],
    ['a key', [{ key: [] }], undefined],
  ])('of %s', async (_, security, expected) => {
    const { files } = await generated({
      document: aDocument({
        paths: { '/a': { get: security === undefined ? operation : { ...operation, security } } },
        extra: schemes,
      }),
    })
    expect(/accessToken: '(\w+)'/.exec(files['operations.ts']!)?.[1]).toBe(expected)
  })

  it.each([
    ['a key', [{ key: [] }], ['"key" is no access token']],
    ['Basic', [{ basic: [] }], ['"basic" is no access token']],
    ['a key beside a token', [{ key: [], token: [] }], ['"key" is no access token']],
    ['a key or a token', [{ key: [] }, { token: [] }], []],
    ['a key or nothing', [{ key: [] }, {}], []],
    ['a token', [{ token: [] }], []],
  ])('of %s is told of where nothing is sent for it', async (_, security, expected) => {
    const basic = { type: 'http', scheme: 'basic' }
    const extra = { components: { securitySchemes: { ...schemes.components.securitySchemes, basic } } }
    const paths = { '/a': { get: { ...operation, security } } }
    const { report } = await generated({ document: aDocument({ paths, extra }) })
    expect(report.warnings.map(({ message }) => message)).toEqual(expected.map((part) => expect.stringContaining(part)))
  })

  it('of Basic is no fault where the client authenticates itself', async () => {
    const basic = { type: 'http', scheme: 'basic' }
    const content = { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } }
    const post = {
      ...operation,
      security: [{ basic: [] }],
      requestBody: { content },
      'x-oauth-client-auth': 'required',
    }
    const extra = { components: { securitySchemes: { basic } } }
    const { codes } = await generated({ document: aDocument({ paths: { '/exchange': { post } }, extra }) })
    expect(codes).toEqual([])
  })

  it('may name its scheme by a URI (OpenAPI 3.2)', async () => {
    const paths = { '/a': { get: { ...operation, security: [{ '#/components/securitySchemes/token': [] }] } } }
    const { files, codes } = await generated({ document: aDocument({ paths, extra: schemes, version: '3.2.0' }) })
    expect(files['operations.ts']).toContain("accessToken: 'required'")
    expect(codes).toEqual([])
  })

  it('that names no scheme by its URI is told of', async () => {
    const paths = { '/a': { get: { ...operation, security: [{ '#/components/securitySchemes/none': [] }] } } }
    const { codes } = await generated({ document: aDocument({ paths, extra: schemes, version: '3.2.0' }) })
    expect(codes).toEqual(['ref_not_followed'])
  })
})
