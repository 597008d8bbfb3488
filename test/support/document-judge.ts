// Holds an answer against openapi/oauth.yaml: status, header fields, content type and body, by Ajv.
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'

interface Reference {
  readonly $ref?: string
}
interface DescribedHeader extends Reference {
  readonly required?: boolean
}
interface Described extends Reference {
  readonly content?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, DescribedHeader>>
  readonly 'x-optional-body'?: boolean
}
export interface DescribedOperation {
  readonly operationId: string
  readonly parameters?: readonly (Reference & { readonly name?: string; readonly in?: string })[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Reference }>> }
  readonly responses: Readonly<Record<string, Described>>
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: {
    readonly headers: Readonly<Record<string, DescribedHeader>>
    readonly responses: Readonly<Record<string, Described>>
    readonly schemas: Readonly<Record<string, unknown>>
    readonly parameters?: Readonly<Record<string, unknown>>
  }
}

const file = new URL('../../openapi/oauth.yaml', import.meta.url)
export const document: Document = parse(readFileSync(file, 'utf8')) as Document
const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false })
ajv.addSchema(document, 'document')
const judges = new Map<string, ValidateFunction>()

/** Fields that mean something in these protocols: where one is sent, the document must say so. */
const protocolFields = Object.keys(document.components.headers)
/** Their answers may be kept, since they say nothing of anybody. */
const publicOperations: readonly string[] = [
  'getOAuthDiscovery',
  'getOpenIdConfiguration',
  'getProtectedResourceMetadata',
  'getJwks',
]

export interface JudgedExchange {
  readonly method: string
  readonly pathname: string
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Judgement {
  /** The operation that was called, if the document knows it. */
  readonly operation?: string
  /** What the answer has, or lacks, against the document. */
  readonly breach?: string
}

export function judgeAnswer(exchange: JudgedExchange): Judgement {
  const { method, pathname, status, headers } = exchange
  const path = findPath(pathname)
  // 421 says that the address is none of this server's.
  if (path === undefined || status === 421) return {}
  // RFC 9110 9.3.2: HEAD is GET without the body.
  const operation = document.paths[path]![method === 'HEAD' && status !== 405 ? 'get' : method.toLowerCase()]
  if (!operation) {
    // Another method of a known path: a preflight, or 405 as of any of its operations; 404 where there is nothing.
    const isRight =
      status === 405 ? headers.allow !== undefined : status === 404 || (status === 204 && method === 'OPTIONS')
    return isRight ? {} : { breach: 'a method that is not documented' }
  }
  const breach = findBreach(path, operation, exchange)
  return { operation: operation.operationId, ...(breach !== undefined && { breach }) }
}

/** Paths with something of the client's in them, and the well-known addresses of resources. */
function findPath(pathname: string): string | undefined {
  if (document.paths[pathname]) return pathname
  if (/^\/register\/[^/]+$/.test(pathname)) return '/register/{client_id}'
  if (pathname.startsWith('/.well-known/oauth-protected-resource/')) return '/.well-known/oauth-protected-resource'
  return undefined
}

function findBreach(path: string, operation: DescribedOperation, exchange: JudgedExchange): string | undefined {
  const { method, status } = exchange
  const entry = operation.responses[status]
  if (!entry) return 'a status that is not documented'
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
  const place = entry.$ref?.replace('#/', '') ?? pointer('paths', path, verb, 'responses', `${status}`)
  const described = entry.$ref ? document.components.responses[entry.$ref.split('/').at(-1)!]! : entry
  return findHeaderBreach(operation, described, place, exchange) ?? findBodyBreach(described, place, exchange)
}

function findHeaderBreach(
  { operationId }: DescribedOperation,
  { headers: described = {} }: Described,
  place: string,
  { status, headers }: JudgedExchange,
): string | undefined {
  const mayBeKept = publicOperations.includes(operationId) && status === 200
  if (!mayBeKept && headers['cache-control'] !== 'no-store') return 'not no-store'
  for (const [name, entry] of Object.entries(described)) {
    const header = entry.$ref ? document.components.headers[entry.$ref.split('/').at(-1)!]! : entry
    const value = headers[name.toLowerCase()]
    if (value === undefined && header.required) return `no ${name}`
    const schema = entry.$ref ? `${entry.$ref.replace('#/', '')}/schema` : `${place}/${pointer('headers', name)}/schema`
    const fault = value === undefined ? undefined : findFault(schema, readHeader(value, schema))
    if (fault !== undefined) return `${name}: ${fault}`
  }
  const known = Object.keys(described).map((name) => name.toLowerCase())
  const stray = protocolFields.find((name) => {
    const field = name.toLowerCase()
    return field !== 'cache-control' && headers[field] !== undefined && !known.includes(field)
  })
  return stray && `${stray} is not documented`
}

/** A number where the schema has one. */
function readHeader(value: string, reference: string): unknown {
  const schema = reference
    .split('/')
    .reduce<unknown>((at, part) => (at as Record<string, unknown>)[unescaped(part)], document)
  return (schema as { type?: string }).type === 'integer' ? Number(value) : value
}

function findBodyBreach(described: Described, place: string, { headers, body }: JudgedExchange): string | undefined {
  if (body === '') return described.content && !described['x-optional-body'] ? 'no body' : undefined
  const type = (headers['content-type'] ?? '').split(';')[0]!
  if (!described.content) return 'a body where none is documented'
  if (!described.content[type]) return `content type ${type}`
  const value: unknown = /json$/.test(type) ? JSON.parse(body) : body
  return findFault(`${place}/${pointer('content', type, 'schema')}`, value)
}

function findFault(place: string, value: unknown): string | undefined {
  const validate = judges.get(place) ?? ajv.compile({ $ref: `document#/${place}` })
  judges.set(place, validate)
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}

function pointer(...parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
