import type { ClientCertificate, EndpointRequest } from '../server/index.ts'
import { empty, invalidRequest } from './answers.ts'

/** What the adapter knows of a request beyond the request. */
export interface RequestInfo {
  /** The address that the connection came from. */
  readonly clientIp?: string
  /** The certificate that the client showed, if any (RFC 8705). */
  readonly certificate?: ClientCertificate
}

/** A request is refused by throwing the answer. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly response: Response
  constructor(response: Response) {
    super('refused')
    this.response = response
  }
}

/** Of a body. */
export const mostBytes = 262_144
const formType = 'application/x-www-form-urlencoded'

/** RFC 6749 4.1.3, B: a form and nothing else. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  if (mediaTypeOf(request) !== formType) throw new Refused(invalidRequest(`the body must be ${formType}`, 415))
  return new URLSearchParams(await readText(request))
}

/** A JSON body (RFC 7591 3.1). */
export async function readJson(request: Request): Promise<unknown> {
  if (mediaTypeOf(request) !== 'application/json') {
    throw new Refused(invalidRequest('the body must be application/json', 415))
  }
  try {
    return JSON.parse(await readText(request))
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Refused(invalidRequest('the body is not JSON'))
  }
}

/** For the core: the endpoint's public URL with whatever query came, the form, and all fields of a name. */
export function endpointRequest(
  request: Request,
  url: string,
  params: URLSearchParams,
  { clientIp, certificate }: RequestInfo,
): EndpointRequest {
  const { search } = new URL(request.url)
  return {
    method: request.method,
    url: url + search,
    params,
    headers: { authorization: fields(request, 'authorization'), dpop: fields(request, 'dpop') },
    ...(clientIp !== undefined && { clientIp }),
    ...(certificate && { certificate }),
  }
}

/** The token of an Authorization field with the scheme Bearer. */
export function bearerOf(request: Request): string | undefined {
  return /^bearer +([\w.~+/-]+=*)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}

/** `Headers` joins fields of one name by a comma, which is in no proof and no credential of ours. */
function fields({ headers }: Request, name: string): readonly string[] {
  return headers.get(name)?.split(/, */) ?? []
}

function mediaTypeOf({ headers }: Request): string {
  return (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) throw new Refused(empty(413))
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let [text, size] = ['', 0]
  const reader = request.body?.getReader()
  try {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      size += chunk.value.length
      if (size > mostBytes) throw new Refused(empty(413))
      text += decoder.decode(chunk.value, { stream: true })
    }
    return text + decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) throw new Refused(invalidRequest('the body is not UTF-8'))
    throw error
  }
}
