import { describe, expect, it } from 'vitest'
import { aDocument, fixture, generated } from './support/generated.ts'

const keywords = (): ReturnType<typeof generated> =>
  generated({ document: fixture('keywords-3.1.yaml'), validators: 'strict' })

/** One exported declaration, up to the next empty line. */
function declaration(text: string, name: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => new RegExp(`^export (type|const|function) ${name}\\b`).test(line))
  const end = lines.indexOf('', start)
  return lines.slice(start, end).join('\n')
}

describe('models', () => {
  it('are readonly types with their documentation', async () => {
    const { files } = await keywords()
    const thing = declaration(files['models.ts']!, 'Thing')
    expect(thing).toContain('readonly id: string')
    expect(thing).toContain('/** @default 3 */\n  readonly size?: number | null')
    expect(thing).toContain('readonly children?: ReadonlyArray<Thing>')
    expect(thing).toContain('readonly labels?: { readonly [key: string]: string }')
    expect(thing).toContain("readonly 'a/b~c'?: boolean")
    expect(thing).toContain('/** @deprecated */\n  readonly n?: string')
    expect(files['models.ts']).toContain('/** A thing. */\nexport type Thing')
  })

  it('discriminate a union where its members do not do so themselves', async () => {
    const { files } = await keywords()
    expect(declaration(files['models.ts']!, 'Shape')).toBe(
      "export type Shape = (Circle & { readonly form: 'round' }) | Square",
    )
  })

  it('have tuples, booleans for schemas, and unions', async () => {
    const models = (await keywords()).files['models.ts']!
    expect(declaration(models, 'Pair')).toBe('export type Pair = readonly [string, number?]')
    expect(declaration(models, 'Nothing')).toBe('export type Nothing = never')
    expect(declaration(models, 'Nullable')).toBe('export type Nullable = Problem | null')
  })

  it('have known values as an open union and as an object of values', async () => {
    const models = (await keywords()).files['models.ts']!
    expect(models).toContain("export const Open = {\n  one: 'one',\n  two: 'two',\n} as const")
    expect(models).toContain("export type Open = 'one' | 'two' | (string & {})")
  })

  it('have bytes where 3.1 says so: by a media type that no encoding makes text of', async () => {
    const octets = { type: 'string', contentMediaType: 'application/octet-stream' }
    const schemas = {
      Photo: { type: 'string', contentMediaType: 'image/png' },
      Photos: { type: 'array', items: octets },
      Encoded: { ...octets, contentEncoding: 'base64' },
      Page: { type: 'string', contentMediaType: 'text/html' },
    }
    const models = (await generated({ document: aDocument({ schemas }) })).files['models.ts']!
    expect(declaration(models, 'Photo')).toBe('export type Photo = Blob | string')
    expect(declaration(models, 'Photos')).toBe('export type Photos = ReadonlyArray<Blob | string>')
    expect(declaration(models, 'Encoded')).toBe('export type Encoded = string')
    expect(declaration(models, 'Page')).toBe('export type Page = string')
  })

  it('close enums only where the validators do', async () => {
    const lenient = await generated({ document: fixture('keywords-3.1.yaml') })
    expect((await keywords()).files['models.ts']).toContain("export type Kind = 'small' | 'large'\n")
    expect(lenient.files['models.ts']).toContain("export type Kind = 'small' | 'large' | (string & {})\n")
  })
})

describe('operations', () => {
  it('are literals that say only what is no default', async () => {
    const { files } = await keywords()
    expect(
      declaration(files['operations.ts']!, 'issueTokenOperation'),
    ).toBe(`export const issueTokenOperation: Operation<IssueTokenResponse, IssueTokenResult> = {
  id: 'issueToken',
  method: 'POST',
  path: '/token',
  discover,
  authorize: authorizeClient,
  read: readTypedJson,
  readError: readOAuthError,
  server,
  metadataField: 'token_endpoint',
  clause: 'RFC 6749 5.1',
  clientAuth: 'required',
  encodings: { body: { audience: { explode: false } } },
  parts: [writeBody],
  body: { 'application/x-www-form-urlencoded': writeStyledForm },
  responses: {
    200: { 'application/json': validateIssueTokenResponse },
    401: { 'application/json': validateProblem, '': null },
  },
}`)
    expect(files['operations.ts']).toContain("const server = 'https://eu.api.example/v1'")
  })

  it('have the encodings that depart from the default of their place', async () => {
    const operation = declaration((await keywords()).files['operations.ts']!, 'getThingOperation')
    expect(operation).toContain(
      "encodings: { query: { expand: { explode: false }, filter: { style: 'deepObject' }, where: { style: 'json' } } }",
    )
    expect(operation).toContain("accessToken: 'required'")
  })

  it('tell required and optional parts of the input apart by type', async () => {
    const operations = (await keywords()).files['operations.ts']!
    const input = declaration(operations, 'GetThingInput')
    expect(input).toContain('readonly path: {\n    readonly id: string\n  }')
    expect(input).toContain('readonly query?: {')
    expect(input).toContain("readonly headers?: {\n    readonly 'If-Match'?: string\n  }")
    expect(input).toContain('readonly cookies?: {')
    expect(input).not.toContain('Authorization')
  })

  it('leave forms open for parameters that no document lists', async () => {
    expect(declaration((await keywords()).files['operations.ts']!, 'IssueTokenInput')).toContain(
      'readonly body: IssueTokenBody & { readonly [key: string]: unknown }',
    )
  })

  it('tie each body to its media type where there are several', async () => {
    const input = declaration((await keywords()).files['operations.ts']!, 'PutThingInput')
    expect(input).toMatch(/readonly body\?: ThingWritable\n {2}readonly contentType\?: 'application\/json'\n\} \| \{/)
    expect(input).toMatch(
      /readonly body\?: PutThingBodyMultipartFormData(?:Writable)?\n {2}readonly contentType: 'multipart\/form-data'/,
    )
  })

  it('give a default for a success only where the document lists none, and a range its 204 without a body', async () => {
    const content = { 'application/json': { schema: { type: 'string' } } }
    const others = { description: 'd', content }
    const paths = {
      '/a': { get: { operationId: 'a', responses: { default: others } } },
      '/b': { get: { operationId: 'b', responses: { 201: others, 204: others, default: others } } },
    }
    const { files } = await generated({ document: aDocument({ paths }), validators: 'off' })
    const statuses = (name: string): (string | undefined)[] =>
      [...declaration(files['operations.ts']!, name).matchAll(/^ {4}(.*),$/gm)].map(([, text]) => text)
    const json = "{ 'application/json': null }"
    expect(statuses('aOperation')).toEqual([`'2XX': ${json}`, `default: ${json}`, '204: {}'])
    expect(statuses('bOperation')).toEqual([`201: ${json}`, '204: {}', `default: ${json}`])
    expect(declaration(files['operations.ts']!, 'BResult')).toContain('ApiResult<204, true, undefined>')
  })

  it('name the reader that their answers need', async () => {
    const content = { 'application/json': { schema: { type: 'object', properties: { a: { type: 'string' } } } } }
    const answer = { responses: { 200: { description: 'd', content } } }
    const paths = {
      '/a': { get: { operationId: 'a', ...answer } },
      '/b': { get: { operationId: 'b', 'x-oauth-clause': 'RFC 8414 3.2', ...answer } },
    }
    const reads = async (validators: 'lenient' | 'off') =>
      (await generated({ document: aDocument({ paths }), validators })).files['operations.ts']!.match(/read: \w+/g)
    expect(await reads('lenient')).toEqual(['read: readJson', 'read: readTypedJson'])
    expect(await reads('off')).toEqual(['read: readAnyJson', 'read: readAnyTypedJson'])
  })

  it('have results by status, in which ranges and default leave out what is listed', async () => {
    expect(declaration((await keywords()).files['operations.ts']!, 'GetThingResult')).toBe(`export type GetThingResult =
  | ApiResult<200, true, Thing | string>
  | ApiResult<204, true, undefined>
  | ApiResult<404, false, Problem>
  | ApiResult<Exclude<StatusIn<4>, 404>, false, Problem>
  | ApiResult<StatusIn<3 | 5>, false, GetThingDefaultResponse>`)
  })

  it('take bytes for a Blob and a missing body for undefined', async () => {
    const operations = (await keywords()).files['operations.ts']!
    expect(operations).toContain('ApiResult<200, true, Blob>')
    expect(operations).toContain('ApiResult<401, false, Problem | undefined>')
  })
})

describe('endpoints', () => {
  it('are one function for each operation and a sibling that never throws for a documented status', async () => {
    const endpoints = (await keywords()).files['endpoints.ts']!
    expect(endpoints).toContain(
      'export function getThing(api: Api, input: GetThingInput, init?: RequestOptions): Promise<Thing | string | undefined> {\n  return api.send(getThingOperation, input, init)\n}',
    )
    expect(endpoints).toContain(
      'export function getThingResult(api: Api, input: GetThingInput, init?: RequestOptions): Promise<GetThingResult>',
    )
    expect(endpoints).toMatch(
      /\/\*\*\n \* Reads a thing\n \*\n \* `GET \/things\/\{id\}`\n \*\/\nexport function getThing\(/,
    )
  })

  it('let the input be left out where nothing in it is required', async () => {
    const { files } = await generated({
      document: aDocument({
        paths: { '/a': { get: { operationId: 'readAll', responses: { 200: { description: '' } } } } },
      }),
    })
    expect(files['endpoints.ts']).toContain(
      'readAll(api: Api, input?: ReadAllInput, init?: RequestOptions): Promise<undefined>',
    )
  })

  it('build a URL, and send nothing, where a browser makes the request', async () => {
    const { files } = await keywords()
    expect(files['endpoints.ts']).toContain(
      "export function authorize(api: Api, input: AuthorizeInput, init?: Pick<RequestOptions, 'baseUrl' | 'url'>): URL {\n  return api.url(authorizeOperation, input, init)\n}",
    )
    expect(files['endpoints.ts']).toContain('postAuthorize(api: Api, input?: PostAuthorizeInput')
    expect(files['endpoints.ts']).not.toContain('authorizeResult')
  })
})

describe('a selection', () => {
  it.each([
    ['operation:getThing', ['getThing']],
    ['path:/thi*', ['getThing', 'putThing', 'deleteThing']],
    ['path:/things/{id}', ['getThing', 'putThing', 'deleteThing']],
    ['tag:things', ['getThing']],
  ])('of %s has those operations', async (selector, expected) => {
    const { files } = await generated({ document: fixture('keywords-3.1.yaml'), select: [selector] })
    const functions = [...files['endpoints.ts']!.matchAll(/^export function (\w+)/gm)]
      .map(([, name]) => name!)
      .filter((name) => !name.endsWith('Result'))
    expect(functions.sort()).toEqual([...expected].sort())
  })

  it('that matches nothing is warned of', async () => {
    const { codes } = await generated({ document: fixture('keywords-3.1.yaml'), select: ['tag:nothing', 'tag:things'] })
    expect(codes).toContain('nothing_selected')
  })

  it('of nothing is refused, since an empty client in place of another is nobody’s wish', async () => {
    await expect(generated({ document: fixture('keywords-3.1.yaml'), select: ['tag:nothing'] })).rejects.toMatchObject({
      code: 'nothing_selected',
      message: expect.stringContaining('its tags are "things"'),
    })
  })

  it('has only the schemas that they reach', async () => {
    const { files } = await generated({ document: fixture('keywords-3.1.yaml'), select: ['operation:issueToken'] })
    expect([...files['models.ts']!.matchAll(/^export type (\w+)/gm)].map(([, name]) => name)).toEqual([
      'Problem',
      'IssueTokenBody',
      'IssueTokenResponse',
    ])
  })
})
