// The server with a judge before it: every answer is held against openapi/oauth.yaml, status, content type and schema.
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { createDevHandler, type DevControls, type DevServerOptions } from '../../src/dev-server/index.ts'
import { listenAll } from '../../src/dev-server/listeners.ts'

interface Described {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, unknown>>
  readonly 'x-optional-body'?: boolean
}
type Operation = { readonly operationId: string; readonly responses: Readonly<Record<string, Described>> }
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly responses: Readonly<Record<string, Described>> }
}

const file = new URL('../../openapi/oauth.yaml', import.meta.url)
const document = parse(readFileSync(file, 'utf8')) as Document
const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false })
ajv.addSchema(document, 'document')
const judges = new Map<string, ValidateFunction>()

const pointer = (...parts: readonly string[]) =>
  parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')

export interface JudgedServer extends DevControls {
  readonly port: number
  /** What an answer had that the document does not: none, in a good run. */
  readonly breaches: readonly string[]
  /** What was answered: operation and status. */
  readonly answers: ReadonlySet<string>
  /** How often a nonce was demanded. */
  readonly nonceDemands: number
  /** What was behind an answer of 500. */
  readonly faults500: readonly unknown[]
  close(): Promise<void>
}

export async function startJudgedServer(options: DevServerOptions = {}): Promise<JudgedServer> {
  const breaches: string[] = []
  const answers = new Set<string>()
  const faults500: unknown[] = []
  let nonceDemands = 0
  let controls: DevControls | undefined
  const { tls, clientCertificateHeader, port: _, ...rest } = options
  const mtls = rest.mtls ?? (tls !== undefined || clientCertificateHeader !== undefined)
  const listener = await listenAll(options, async (origins) => {
    const made = await createDevHandler({ onError: (error) => faults500.push(error), ...rest, ...origins, mtls })
    controls = made
    return async (request, info) => {
      const { method, url } = request
      const response = await made.handle(request, info)
      if (response.type === 'error') return response
      const copy = response.clone()
      const text = await copy.text()
      if (text.includes('"use_dpop_nonce"') || /use_dpop_nonce/.test(copy.headers.get('www-authenticate') ?? ''))
        nonceDemands++
      const { operation, breach } = judge(method, new URL(url).pathname, copy, text)
      if (operation !== undefined) answers.add(`${operation} ${response.status}`)
      if (breach !== undefined) breaches.push(`${method} ${new URL(url).pathname} ${response.status}: ${breach}`)
      return response
    }
  })
  return {
    ...controls!,
    port: listener.port,
    breaches,
    answers,
    faults500,
    get nonceDemands() {
      return nonceDemands
    },
    close: listener.close,
  }
}

function judge(method: string, pathname: string, response: Response, text: string) {
  const path = findPath(pathname)
  // 421 says that the address is none of this server's.
  if (path === undefined || response.status === 421) return {}
  const operation = document.paths[path]![method.toLowerCase()]
  // Another method of a known path: 405 of any of its operations.
  if (!operation) return [405, 204].includes(response.status) ? {} : { breach: 'a method that is not documented' }
  return { operation: operation.operationId, breach: findBreach(path, method, operation, response, text) }
}

/** The well-known addresses of resources have a path behind them. */
function findPath(pathname: string): string | undefined {
  if (document.paths[pathname]) return pathname
  if (pathname.startsWith('/register/')) return '/register/{client_id}'
  if (pathname.startsWith('/.well-known/oauth-protected-resource/')) return '/.well-known/oauth-protected-resource'
  return undefined
}

function findBreach(
  path: string,
  method: string,
  operation: Operation,
  response: Response,
  text: string,
): string | undefined {
  const described = operation.responses[response.status]
  if (!described) return 'a status that is not documented'
  const base =
    described.$ref?.replace('#/', '') ??
    pointer('paths', path, method.toLowerCase(), 'responses', String(response.status))
  const meaning = described.$ref ? document.components.responses[described.$ref.split('/').at(-1)!]! : described
  const isDiscovery = path.startsWith('/.well-known') || path === '/jwks'
  const hasDocument = isDiscovery && response.status === 200
  if (!hasDocument && response.headers.get('cache-control') !== 'no-store') return 'not no-store'
  if (text === '') return meaning.content && !meaning['x-optional-body'] ? 'no body' : undefined
  const type = (response.headers.get('content-type') ?? '').split(';')[0]!
  if (!meaning.content?.[type]) return `content type ${type}`
  const value: unknown = type === 'application/json' ? JSON.parse(text) : text
  const reference = `document#/${base}/${pointer('content', type, 'schema')}`
  const validate = judges.get(reference) ?? ajv.compile({ $ref: reference })
  judges.set(reference, validate)
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}
