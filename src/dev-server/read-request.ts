import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import { readUpTo } from '../lib/read-bytes.ts'
import { parseStrictJson } from '../lib/strict-json.ts'
import type { ClientCertificate, EndpointRequest } from '../server/index.ts'
import { empty, invalidRequest } from './answers.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'

/** What the adapter knows of a request beyond the request. */
export interface RequestInfo {
  /** The address that the connection came from. */
  readonly clientIp?: string
  /** The certificate that the client showed, if any (RFC 8705). */
  readonly certificate?: ClientCertificate
}

/** A request is refused by throwing the answer; the reason is for the event. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly answer: DevAnswer
  readonly reason: string
  constructor(answer: DevAnswer, reason: string) {
    super(reason)
    this.answer = answer
    this.reason = reason
  }
}

function refuse(text: string, status = 400): Refused {
  return new Refused(invalidRequest(text, status), text)
}

/** Of a body. */
export const mostBytes = 262_144
const utf8 = new TextDecoder('utf-8', { fatal: true })
const formType = 'application/x-www-form-urlencoded'
const jsonType = 'application/json'

/** RFC 6749 4.1.3, B: a form and nothing else. */
export function readForm(request: DevRequest): MaybePromise<URLSearchParams> {
  if (mediaTypeOf(request) !== formType) throw refuse(`the body must be ${formType}`, 415)
  return andThen(readText(request), (text) => new URLSearchParams(text))
}

/** The parameters of an endpoint: a form, or with `acceptJson` a JSON object of the same names and texts. */
export function readParameters(request: DevRequest, acceptJson: boolean): MaybePromise<URLSearchParams> {
  if (!acceptJson || mediaTypeOf(request) !== jsonType) return readForm(request)
  return readJson(request).then(toParameters)
}

function toParameters(value: unknown): URLSearchParams {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notParameters()
  const params = new URLSearchParams()
  for (const [name, given] of Object.entries(value)) {
    for (const one of [given].flat() as unknown[]) {
      if (typeof one !== 'string') throw notParameters()
      params.append(name, one)
    }
  }
  return params
}

function notParameters(): Refused {
  return refuse('the body must be an object of texts')
}

/** A JSON body (RFC 7591 3.1). */
export async function readJson(request: DevRequest): Promise<unknown> {
  if (mediaTypeOf(request) !== jsonType) throw refuse(`the body must be ${jsonType}`, 415)
  const json = parseStrictJson(await readText(request))
  if (!json.ok) throw refuse('the body is not JSON')
  return json.value
}

/** For the core: the endpoint's public URL with whatever query came, the form, and all fields of a name. */
export function endpointRequest(
  request: DevRequest,
  url: string,
  params: URLSearchParams,
  { clientIp, certificate }: RequestInfo,
): EndpointRequest {
  return {
    method: request.method,
    url: request.url.includes('?') ? url + new URL(request.url).search : url,
    params,
    headers: { authorization: fields(request, 'authorization'), dpop: fields(request, 'dpop') },
    ...(clientIp !== undefined && { clientIp }),
    ...(certificate && { certificate }),
  }
}

/** The token of an Authorization field with the scheme Bearer. */
export function bearerOf(request: DevRequest): string | undefined {
  return /^bearer +([\w.~+/-]+=*)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}

/** Fields of one name are joined by a comma, which is in no proof and no credential of ours. */
function fields({ headers }: DevRequest, name: string): readonly string[] {
  const value = headers.get(name)
  if (value === null) return []
  return value.includes(',') ? value.split(/, */) : [value]
}

function mediaTypeOf({ headers }: DevRequest): string {
  if (headers.get('content-type') === formType) return formType
  return (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
}

function readText({ headers, body }: DevRequest): MaybePromise<string> {
  if (Number(headers.get('content-length') ?? 0) > mostBytes) throw new Refused(empty(413), 'the body is too long')
  if (body === null) return ''
  return body instanceof Uint8Array ? decodeText(body) : readUpTo(body.getReader(), mostBytes).then(decodeText)
}

function decodeText(bytes: Uint8Array | undefined): string {
  if (!bytes || bytes.length > mostBytes) throw new Refused(empty(413), 'the body is too long')
  try {
    return utf8.decode(bytes)
  } catch {
    throw refuse('the body is not UTF-8')
  }
}
