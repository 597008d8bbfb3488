// Fuzzes one operation of the running server. Every answer goes through the judge of the document; beside that: no 500,
// nothing that caches may keep, and no word of this server's code or of the client's request in an error.
import fc from 'fast-check'
import { type JudgedServer, startJudgedServer } from '../../dev-server/conformance.ts'
import { createPool, harvest, type Pool, proofFor, refill, register, serviceBasic } from './pool.ts'
import { canary, describedParams, type FuzzedOperation, type FuzzedRequest, requestTo } from './requests.ts'

/** A server that is fuzzed, with what is known of it. */
export interface FuzzedServer {
  readonly server: JudgedServer
  readonly pool: Pool
}

export async function startFuzzedServer(): Promise<FuzzedServer> {
  const server = await startJudgedServer()
  return { server, pool: await createPool(server) }
}

/**
 * That every answer of an operation is as it must be.
 *
 * @param statuses counts what was answered
 */
export function goodAnswers(
  { server, pool }: FuzzedServer,
  target: FuzzedOperation,
  statuses: Map<number, number>,
): fc.IAsyncProperty<[FuzzedRequest]> {
  let requests = 0
  // Codes and refresh tokens are used up where they are good for something.
  const refillAfter = target.operation.operationId === 'oauthToken' ? 25 : 250
  return fc.asyncProperty(requestTo(target), async (fuzzed) => {
    if (requests++ % refillAfter === 0) await refill(server, pool)
    const request = await build(server, pool, target, fuzzed)
    // A request from an address of its own: the limit for registrations is not what is looked at here.
    const answer = await server.handle(request, { clientIp: `192.0.2.${requests}` })
    const body = await answer.text()
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    assertGood(server, answer, body)
    if (answer.ok) harvest(pool, body)
    if (answer.ok && request.method === 'DELETE') await register(server, pool)
  })
}

/** A line of a stack, a path, the name of a class, an object as text. */
const ownDetail = /\bat \S+ \(|\.(?:ts|js):\d|node_modules|\b(?:Type|Range|Reference|Syntax)Error\b|\[object |undefined/

function assertGood({ breaches, faults500 }: JudgedServer, answer: Response, body: string): void {
  if (faults500.length > 0) throw new Error('the server failed', { cause: faults500[0] })
  if (answer.status >= 500) throw new Error(`answered ${answer.status}`)
  if (breaches.length > 0) throw new Error(`not as documented: ${breaches.join('; ')}`)
  const caching = answer.headers.get('cache-control') ?? ''
  if (!/no-store|max-age/.test(caching)) throw new Error(`cache-control: ${caching}`)
  if (answer.status < 400) return
  if (ownDetail.test(body.replace(/<style>[\s\S]*?<\/style>/, ''))) throw new Error(`detail of ours: ${body}`)
  if (body.includes(canary)) throw new Error(`an error repeats the request: ${body}`)
}

async function build(
  server: JudgedServer,
  pool: Pool,
  target: FuzzedOperation,
  fuzzed: FuzzedRequest,
): Promise<Request> {
  const method = fuzzed.method === 'right' ? target.method : fuzzed.method
  const url = new URL(server.issuer + pathOf(pool, target, fuzzed))
  const endpoint = url.href
  const params = paramsOf(pool, target, fuzzed)
  const isInBody = target.operation.requestBody !== undefined
  if (fuzzed.query === 'all' || (!isInBody && fuzzed.query === 'as described')) url.search = params.toString()
  if (fuzzed.query === 'garbage') url.search = '?%&=&%ff&a=b&a=c&=&'
  const headers = new Headers()
  for (const value of authorizationsOf(target, fuzzed, pool)) headers.append('authorization', value)
  for (const value of await proofsOf(fuzzed, method, endpoint)) headers.append('dpop', value)
  if (fuzzed.accept !== 'any') {
    headers.set('accept', fuzzed.accept === 'jwt' ? 'application/token-introspection+jwt, application/jwt' : '*/*;q=x')
  }
  if (fuzzed.origin !== 'none') headers.set('origin', fuzzed.origin === 'null' ? 'null' : 'https://evil.example')
  const hasBody = isInBody && method !== 'GET' && method !== 'HEAD'
  if (!hasBody) return new Request(url, { method, headers })
  const type = contentType(target, fuzzed)
  if (type !== undefined) headers.set('content-type', type)
  const body = bodyOf(fuzzed, params, type ?? '')
  return new Request(url, { method, headers, ...(body !== undefined && { body }) })
}

function pathOf(pool: Pool, { path }: FuzzedOperation, { pathEnd, mutations }: FuzzedRequest): string {
  const index = mutations.length
  const clientIds = [...pool.get('registered')!, ...pool.get('registered')!, ...pool.get('client_id')!]
  const filled = path.replace('{client_id}', encodeURIComponent(clientIds[index % clientIds.length]!))
  switch (pathEnd) {
    case 'slash':
      return `${filled}/`
    case 'garbage':
      return `${filled}/${'x'.repeat(index * 40)}/../%2e%2e/%00`
    case 'encoded':
      return filled.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
    case 'right':
      return filled
  }
}

function paramsOf(pool: Pool, target: FuzzedOperation, { template, mutations }: FuzzedRequest): URLSearchParams {
  const described = describedParams(target)
  const live = (name: string, index = 0) => {
    const values = [...(pool.get(name) ?? []), ...(described.get(name) ?? [])]
    return values.length === 0 ? canary : values[index % values.length]!
  }
  const params = new URLSearchParams(
    Object.entries(template).map(([name, value]) => [name, value.startsWith('$') ? live(value.slice(1)) : value]),
  )
  for (const { kind, name, value } of mutations) {
    const text = value.kind === 'pool' ? live(name, value.index) : value.text
    if (kind === 'set') params.set(name, text)
    else if (kind === 'append') params.append(name, text)
    else params.delete(name)
  }
  return params
}

/** What the operation wants of the one who asks. */
function rightAuthorization(
  { operation }: FuzzedOperation,
  { template }: FuzzedRequest,
  pool: Pool,
): readonly string[] {
  switch (operation.operationId) {
    case 'getUserInfo':
    case 'postUserInfo':
      return [`Bearer ${pool.get('access_token')?.[0]}`]
    case 'readOAuthClient':
    case 'updateOAuthClient':
    case 'deleteOAuthClient':
      return [`Bearer ${pool.get('registration')?.[0]}`]
    default:
      return template.client_id === 'dev-app' ? [] : [serviceBasic]
  }
}

function authorizationsOf(target: FuzzedOperation, fuzzed: FuzzedRequest, pool: Pool): readonly string[] {
  const { authorization, mutations: params } = fuzzed
  const pick = (name: string) => pool.get(name)?.[params.length % (pool.get(name)?.length ?? 1)] ?? 'none'
  const token = pick(params.length % 2 === 0 ? 'access_token' : 'registration_access_token')
  switch (authorization) {
    case 'right':
      return rightAuthorization(target, fuzzed, pool)
    case 'basic':
      return [serviceBasic]
    case 'wrong basic':
      return [`Basic ${btoa('dev-service:wrong')}`]
    case 'malformed':
      return [['Basic', 'Basic %%%', 'Basic Og==', 'x', 'Bearer', ','][params.length % 6]!]
    case 'bearer':
      return [`Bearer ${token}`]
    case 'dpop':
      return [`DPoP ${token}`]
    case 'two':
      return [serviceBasic, `Bearer ${token}`]
    case 'none':
      return []
  }
}

async function proofsOf({ proof }: FuzzedRequest, method: string, url: string): Promise<readonly string[]> {
  switch (proof) {
    case 'none':
      return []
    case 'fitting':
      return [await proofFor(method, url)]
    case 'other':
      return [await proofFor('PATCH', 'https://other.example/')]
    case 'garbage':
      return ['eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.x']
    case 'two':
      return [await proofFor(method, url), await proofFor(method, url)]
  }
}

function contentType(target: FuzzedOperation, fuzzed: FuzzedRequest): string | undefined {
  const right = Object.keys(target.operation.requestBody?.content ?? {})[0]
  switch (fuzzed.contentType) {
    case 'right':
      return right
    case 'none':
      return undefined
    case 'json':
      return 'application/json'
    case 'text':
      return 'text/plain'
    case 'with charset':
      return `${right}; charset=utf-16; x="`
    case 'multipart':
      return 'multipart/form-data; boundary=x'
  }
}

function bodyOf(fuzzed: FuzzedRequest, params: URLSearchParams, type: string): BodyInit | undefined {
  switch (fuzzed.body) {
    case 'right':
      return type === 'application/json' ? jsonOf(params) : new TextEncoder().encode(params.toString())
    case 'none':
      return undefined
    case 'not UTF-8':
      return new Uint8Array([0x61, 0x3d, 0xff, 0xfe, 0xc0])
    case 'garbage':
      return '&&&===%%%{"a":[}&grant_type'
    case 'huge':
      return `a=${'a'.repeat(270_000)}`
  }
}

/** Texts that are JSON become what they say, so that members have every type. */
function jsonOf(params: URLSearchParams): string {
  const members = [...params].map(([name, value]): [string, unknown] => {
    try {
      return [name, JSON.parse(value)]
    } catch {
      // Not JSON: the text itself.
      return [name, value]
    }
  })
  return JSON.stringify(Object.fromEntries(members))
}
