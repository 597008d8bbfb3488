// Every construct of an API description, from the document to the wire and back: the types of calls.ts are the
// compiler's affair, what is sent and what comes of an answer is told by a server.
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApi } from '../../src/http/create-api.ts'
import type { Api } from '../../src/lib/api.ts'
import { type Handler, json, serve } from '../http/serve.ts'
import { compileErrors } from './support/compile.ts'
import { fixture, generated, temporaryFolder } from './support/generated.ts'

type Call = (api: Api, input?: object, init?: object) => Promise<unknown>
type Endpoints = Readonly<Record<string, Call>> & { readonly authorizeUser: (api: Api, input: object) => URL }

const calls = `import type { Api } from '${resolve('src/lib/wire/index.ts')}'
import * as client from './client/endpoints.ts'
import { type Report, State, type Tree, type User } from './client/models.ts'

declare const file: Blob

// Forms are open; a list is a list, however it is joined; what is required is required.
export const form = (api: Api): Promise<unknown> => client.exchange(api, { body: { grant_type: 'x', resource: ['a'], scope: ['b'], own_parameter: 1 } })
// @ts-expect-error grant_type is required
export const badForm = (api: Api): Promise<unknown> => client.exchange(api, { body: { resource: ['a'] } })

// Required and optional parts of the input.
export const report = (api: Api): Promise<Report | string | Blob | undefined> => client.getReport(api, { path: { id: 'r' }, headers: { 'X-Trace': 't' }, query: { tag: ['a'], page: { size: 1 } }, cookies: { theme: 'x' } })
// @ts-expect-error the header is required
export const badReport = (api: Api): Promise<unknown> => client.getReport(api, { path: { id: 'r' } })

// Content types: what comes is one of the documented forms.
export async function dispatch(api: Api): Promise<string> {
  const body = await report(api)
  if (body === undefined) return 'empty'
  if (typeof body === 'string') return body
  return body instanceof Blob ? body.type : body.id
}

// Errors by status, and headers of answers that have nothing else.
export async function byStatus(api: Api): Promise<string | null> {
  const result = await client.exchangeResult(api, { body: { grant_type: 'x' } })
  switch (result.status) {
    case 200:
      result.ok satisfies true
      return result.body.access_token
    case 400:
      result.ok satisfies false
      return result.body.title
    case 401:
      result.body satisfies undefined
      return result.headers.get('www-authenticate')
    case 429:
      return result.headers.get('retry-after')
  }
}

export const multipart = (api: Api): Promise<undefined> => client.putPhoto(api, { body: { file, tags: ['a', 'b'], meta: { by: 'me' } } })

// A discriminated union narrows by its tag.
export async function lives(api: Api): Promise<number> {
  const [pet] = await client.listPets(api)
  return pet?.kind === 'cat' ? pet.lives : 0
}

// What the server alone writes is not sent; what it alone reads does not come.
export const user = (api: Api): Promise<User> => client.addUser(api, { body: { name: 'n', password: 'p' } })
export const name = (came: User): string => came.name
// @ts-expect-error a password does not come back
export const password = (came: User): unknown => came.password

// Enums are open, their values at hand; dates are strings; null, additional properties, recursion, YAML 1.2's words.
export const state: State = State.open
export const later: State = 'a state of the next release' as State
export const isOpen = (came: Report): boolean => came.state === State.open
export const parts = (came: Report): [string | undefined, string | null | undefined, string | undefined, Tree | undefined, boolean] =>
  [came.at, came.note, came.labels?.['a'], came.tree?.children[0]?.children[0], came.n && came.y && came.on]

export const gone: (api: Api) => Promise<undefined> = (api) => client.probe(api)
export const url = (api: Api): URL => client.authorizeUser(api, { query: { client_id: 'c' } })
// @ts-expect-error client_id is required
export const badUrl = (api: Api): URL => client.authorizeUser(api, { query: {} })
`

let folder: string
let client: Endpoints
let text: Readonly<Record<string, string>>

beforeAll(async () => {
  folder = await temporaryFolder()
  const out = join(folder, 'client')
  const { files, report } = await generated({
    document: fixture('constructs.yaml'),
    out,
    importExtension: '.ts',
    runtime: resolve('src/lib/wire/index.ts'),
  })
  expect(report.warnings).toEqual([])
  text = files
  client = (await import(join(out, 'endpoints.ts'))) as unknown as Endpoints
})

/** What a call sent, and what came of it. */
async function calling(name: string, input: object, handler: Handler, options: object = {}) {
  const { origin, received } = await serve(handler)
  const api = createApi({ baseUrl: origin, ...options })
  const outcome = await client[name]!(api, input).catch((error: unknown) => error)
  return { outcome, request: received[0]!, received }
}
const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(body)
const bearer = {
  authenticatedFetch: (request: Request) => {
    request.headers.set('authorization', 'Bearer t')
    return fetch(request)
  },
}
const report = { id: 'r', state: 'open', n: true, y: true, on: true }
const getReport = { path: { id: 'a/b' }, headers: { 'X-Trace': 't' } }

it('the types of every construct are what callers need', async () => {
  await writeFile(join(folder, 'calls.ts'), calls)
  expect(await compileErrors(folder)).toBe('')
}, 60_000)

describe('on the wire', () => {
  it('a form repeats a list or joins it as declared, and takes parameters that nobody listed', async () => {
    const body = { grant_type: 'x', resource: ['a', 'b'], scope: ['c', 'd'], own_parameter: 1 }
    const { request, outcome } = await calling('exchange', { body }, (_, response) =>
      json(response, 200, { access_token: 't' }),
    )
    expect(request.body.split('&')).toEqual([
      'grant_type=x',
      'resource=a',
      'resource=b',
      'scope=c%20d',
      'own_parameter=1',
    ])
    expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(outcome).toEqual({ access_token: 't' })
  })

  it('parameters stand in path, query, headers and cookies, in their styles', async () => {
    const input = {
      ...getReport,
      headers: { 'X-Trace': 't' },
      query: { tag: ['a', 'b'], field: ['c', 'd'], page: { size: 2 } },
      cookies: { theme: 'x y' },
    }
    const { request } = await calling('getReport', input, answer(204), bearer)
    expect(request.url).toBe('/report/a%2Fb?tag=a&tag=b&field=c,d&page%5Bsize%5D=2')
    expect(request.headers).toMatchObject({
      'x-trace': 't',
      cookie: 'theme=x%20y',
      accept: 'application/json, text/csv;q=0.9, application/pdf;q=0.9',
    })
  })

  it('multipart has a part for each item, an object as JSON', async () => {
    const body = { file: new Blob(['bytes'], { type: 'image/png' }), tags: ['a', 'b'], meta: { by: 'me' } }
    const { request, outcome } = await calling('putPhoto', { body }, answer(204), bearer)
    expect(request.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(request.body.match(/(?<= )name="\w+"/g)).toEqual([
      'name="file"',
      'name="tags"',
      'name="tags"',
      'name="meta"',
    ])
    expect(request.body).toContain('Content-Type: application/json\r\n\r\n{"by":"me"}')
    expect(outcome).toBeUndefined()
  })

  it('JSON goes without what the server alone writes', async () => {
    const body = { name: 'n', password: 'p' }
    const { request, outcome } = await calling(
      'addUser',
      { body },
      (_, response) => json(response, 201, { id: '1', name: 'n' }),
      bearer,
    )
    expect(JSON.parse(request.body)).toEqual(body)
    expect(outcome).toEqual({ id: '1', name: 'n' })
  })

  it('a token goes where the document asks for one, and nowhere else', async () => {
    const { request } = await calling('getReport', getReport, answer(204), bearer)
    expect(request.headers.authorization).toBe('Bearer t')
    const open = await calling('listPets', {}, (_, response) => json(response, 200, []), bearer)
    expect(open.request.headers.authorization).toBeUndefined()
  })

  it('a redirect of the browser is a URL with its parameters, and nothing is sent', () => {
    const url = client.authorizeUser(createApi(), { query: { client_id: 'c&d' } })
    expect(url.href).toBe('https://one.example/v1/authorize?client_id=c%26d')
  })
})

describe('an answer', () => {
  it.each([
    ['JSON', 'application/json', JSON.stringify(report), report],
    ['text', 'text/csv; charset=utf-8', 'a,b', 'a,b'],
  ])('in %s is read by its content type', async (_, type, body, expected) => {
    const { outcome } = await calling('getReport', getReport, answer(200, { 'content-type': type }, body), bearer)
    expect(outcome).toEqual(expected)
  })

  it('of bytes is a Blob, of no content undefined', async () => {
    const pdf = await calling(
      'getReport',
      getReport,
      answer(200, { 'content-type': 'application/pdf' }, '%PDF'),
      bearer,
    )
    expect(await (pdf.outcome as Blob).text()).toBe('%PDF')
    expect((await calling('getReport', getReport, answer(204), bearer)).outcome).toBeUndefined()
  })

  it('with an error status is thrown with its model, one without a body with status and headers', async () => {
    const problem: Handler = (_, response) =>
      json(response, 404, { title: 'None' }, { 'content-type': 'application/problem+json' })
    expect((await calling('getReport', getReport, problem, bearer)).outcome).toMatchObject({
      name: 'ApiError',
      status: 404,
      body: { title: 'None' },
    })
    const { outcome } = await calling('exchange', { body: { grant_type: 'x' } }, answer(429, { 'retry-after': '7' }))
    expect(outcome).toMatchObject({ name: 'ApiError', status: 429, body: undefined })
    expect((outcome as { headers: Headers }).headers.get('retry-after')).toBe('7')
  })

  it('is a member of the union by status in the other style', async () => {
    const call = (handler: Handler) => calling('exchangeResult', { body: { grant_type: 'x' } }, handler)
    expect((await call((_, response) => json(response, 200, { access_token: 't' }))).outcome).toMatchObject({
      ok: true,
      status: 200,
      body: { access_token: 't' },
    })
    expect((await call((_, response) => json(response, 400, { title: 'No' }))).outcome).toMatchObject({
      ok: false,
      status: 400,
      body: { title: 'No' },
    })
    const { outcome } = await call(answer(401, { 'www-authenticate': 'DPoP' }))
    expect(outcome).toMatchObject({ ok: false, status: 401, body: undefined })
    expect((outcome as { headers: Headers }).headers.get('www-authenticate')).toBe('DPoP')
  })

  it('that the document does not have is thrown, whatever its status', async () => {
    const teapot: Handler = (_, response) => json(response, 418, {})
    expect((await calling('exchange', { body: { grant_type: 'x' } }, teapot)).outcome).toMatchObject({
      name: 'ResponseError',
      code: 'unexpected_status',
    })
    const accepted: Handler = (_, response) => json(response, 202, {})
    expect((await calling('exchangeResult', { body: { grant_type: 'x' } }, accepted)).outcome).toMatchObject({
      name: 'ResponseError',
    })
  })

  it('of a redirect is documented, and thrown by the style that returns successes alone', async () => {
    const handler = answer(302, { location: 'https://elsewhere.example/' })
    const { outcome, received } = await calling('getMovedResult', {}, handler)
    expect(outcome).toMatchObject({ ok: false, status: 302 })
    expect((outcome as { headers: Headers }).headers.get('location')).toBe('https://elsewhere.example/')
    expect(received).toHaveLength(1)
    expect((await calling('getMoved', {}, handler)).outcome).toMatchObject({ name: 'ApiError', status: 302 })
  })

  it('to HEAD has its headers', async () => {
    const { outcome } = await calling('probeResult', {}, answer(200, { etag: '"1"' }))
    expect((outcome as { headers: Headers }).headers.get('etag')).toBe('"1"')
  })

  it('takes any value of an open enum, and deep recursion', async () => {
    const came = {
      ...report,
      state: 'next release',
      tree: { children: [{ children: [] }] },
      note: null,
      labels: { a: 'b' },
    }
    expect((await calling('getReport', getReport, (_, response) => json(response, 200, came), bearer)).outcome).toEqual(
      came,
    )
    const wrong = { ...report, tree: { children: [{ children: [{}] }] } }
    const { outcome } = await calling('getReport', getReport, (_, response) => json(response, 200, wrong), bearer)
    expect(outcome).toMatchObject({
      code: 'invalid_body',
      expected: 'array of Tree at "/tree/children/0/children/0/children"',
    })
  })

  it('is told apart by its discriminator', async () => {
    const pets = [
      { kind: 'cat', lives: 9 },
      { kind: 'dog', barks: true },
    ]
    expect((await calling('listPets', {}, (_, response) => json(response, 200, pets))).outcome).toEqual(pets)
    const odd = (await calling('listPets', {}, (_, response) => json(response, 200, [{ kind: 'cat' }]))).outcome
    expect(odd).toMatchObject({ code: 'invalid_body' })
  })
})

describe('the output', () => {
  it.each([
    ['says what is deprecated', 'endpoints.ts', '@deprecated\n */\nexport function getReport('],
    ['says what the document says', 'endpoints.ts', 'Reads a report\n *\n * In whichever form is asked for.'],
    ['has the place of each operation', 'endpoints.ts', '`GET /report/{id}`'],
    ['has deprecated properties', 'models.ts', 'Use id.\n   * @deprecated'],
    ['has defaults', 'models.ts', '/** @default 1 */\n  readonly pages?: number'],
    ['has examples', 'models.ts', '/** @example 2026-01-02T03:04:05Z */\n  readonly at?: string'],
    ['has an enum’s values', 'models.ts', "export const State = {\n  open: 'open',\n  closed: 'closed',\n} as const"],
    ['leaves an enum open', 'models.ts', "export type State = 'open' | 'closed' | (string & {})"],
  ])('%s', (_, name, part) => {
    expect(text[name]).toContain(part)
  })
})
