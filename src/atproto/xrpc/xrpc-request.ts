import { isJson } from '../../lib/media-type.ts'
import { didPattern } from '../did.ts'
import { isNsid } from '../nsid.ts'
import type { XrpcSettings } from './xrpc-options.ts'
import type { XrpcCallOptions, XrpcParam } from './xrpc-types.ts'

/** A call, before anything is known of where it goes and with which token. */
export interface XrpcCall extends XrpcCallOptions {
  readonly method: 'GET' | 'POST'
  readonly nsid: string
  readonly params?: object | undefined
  readonly input?: unknown
  readonly contentType?: string | undefined
}

/** What `fetch` is called with. The body is as the caller gave it, so that it can be sent again. */
export interface XrpcRequest {
  readonly url: URL
  readonly init: RequestInit & { readonly headers: Headers }
}

/**
 * @param service the origin of the server
 * @throws TypeError for what cannot be sent
 * @see AT Protocol HTTP API (XRPC), "Lexicon HTTP Endpoints"
 */
export function buildXrpcRequest(service: string, call: XrpcCall, settings: XrpcSettings): XrpcRequest {
  const { method, nsid } = call
  if (!isNsid(nsid)) throw new TypeError(`xrpc: "${String(nsid).slice(0, 100)}" is not an NSID`)
  // "Paths must always be top-level, not below a prefix."
  const url = new URL(`/xrpc/${nsid}`, service)
  appendParams(url.searchParams, call.params)
  const headers = headersOf(call, settings)
  const body = bodyOf(call, headers)
  // A stream can only be sent while it is read, and Node wants that said.
  const duplex = body instanceof ReadableStream ? { duplex: 'half' } : {}
  return { url, init: { method, headers, ...(body !== undefined && { body }), ...duplex } }
}

function appendParams(query: URLSearchParams, params: object | undefined): void {
  for (const [name, value] of Object.entries(params ?? {}) as [string, XrpcParam][]) {
    if (value === undefined) continue
    // "Multiple query parameters with the same name can be used to represent an array of parameters."
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, paramText(name, item))
  }
}

/** Lexicon has booleans, integers and strings; nothing else has a place in a query. */
function paramText(name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  if (Number.isSafeInteger(value)) return String(value)
  throw new TypeError(`xrpc: the parameter "${name}" must be a string, an integer or a boolean, or a list of them`)
}

function headersOf(call: XrpcCall, { userAgent, headers: always, ...settings }: XrpcSettings): Headers {
  const headers = new Headers(always)
  new Headers(call.headers).forEach((value, name) => {
    headers.set(name, value)
  })
  const proxy = call.proxy ?? settings.proxy
  const labelers = call.labelers ?? settings.labelers
  if (proxy !== undefined) headers.set('atproto-proxy', assertProxy(proxy))
  if (labelers !== undefined) headers.set('atproto-accept-labelers', labelers.map(assertLabeler).join(', '))
  if (!headers.has('user-agent')) headers.set('user-agent', userAgent)
  if (!headers.has('accept')) headers.set('accept', 'application/json, */*;q=0.9')
  return headers
}

const proxyPattern = new RegExp(`^${didPattern}#[\\w.-]+$`)
const labelerPattern = new RegExp(`^${didPattern}(?:;redact)?$`)

/** "a DID (identifying a service), followed by a service endpoint identifier, joined by a # character" */
export function assertProxy(proxy: string): string {
  if (proxyPattern.test(proxy)) return proxy
  throw new TypeError(`xrpc: "proxy" must be a DID and a service, as did:web:api.example#bsky_appview; got "${proxy}"`)
}

export function assertLabeler(labeler: string): string {
  if (labelerPattern.test(labeler)) return labeler
  throw new TypeError(`xrpc: "labelers" must be DIDs, each with ";redact" or without; got "${labeler}"`)
}

function bodyOf({ method, input, contentType }: XrpcCall, headers: Headers): BodyInit | undefined {
  if (input === undefined) return undefined
  if (method === 'GET') throw new TypeError('xrpc: a query has no input')
  if (input instanceof FormData || input instanceof URLSearchParams) {
    throw new TypeError('xrpc: a form is no input that a lexicon can describe; give JSON, text, bytes or a Blob')
  }
  if (isRaw(input)) {
    const type = contentType ?? (input instanceof Blob && input.type !== '' ? input.type : undefined)
    // "a Content-Type header is still expected on the upload HTTP request"
    if (type === undefined) throw new TypeError('xrpc: raw input needs a "contentType", for example image/png')
    headers.set('content-type', type)
    return input
  }
  const type = contentType ?? 'application/json'
  if (!isJson(type.split(';', 1)[0]!.trim().toLowerCase())) {
    throw new TypeError(`xrpc: an object is sent as JSON; the content type "${type}" needs text, bytes or a Blob`)
  }
  const text = JSON.stringify(input)
  if (text === undefined) throw new TypeError('xrpc: "input" must be JSON, text, bytes or a Blob')
  headers.set('content-type', type)
  return text
}

function isRaw(input: unknown): input is Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | ReadableStream | string {
  return (
    typeof input === 'string' ||
    input instanceof Blob ||
    input instanceof ArrayBuffer ||
    ArrayBuffer.isView(input) ||
    input instanceof ReadableStream
  )
}
