import { warnOfError } from '../lib/process-warning.ts'
import type { GrantedToken } from './access-result.ts'
import { type NodeRequest, type NodeResponse, sendFailure, sendRefusal, toRequestHead } from './node-request.ts'
import type { ProtectOptions } from './options.ts'
import type { ProtectedResource } from './protected-resource.ts'

/** What every request of a route needs, and how to get at the client's certificate. */
export interface MiddlewareOptions<Native> extends Omit<ProtectOptions, 'certificate'> {
  /** The certificate of a request, which your TLS layer has verified: DER bytes or PEM text, empty text for none. @default none */
  readonly certificate?: ((request: Native) => Uint8Array | string | undefined) | undefined
}

/** The same for a server that has nobody else to tell. */
export interface NodeMiddlewareOptions<Native> extends MiddlewareOptions<Native> {
  /** Told of what the handler or `certificate` threw, which the client sees as status 500. @default a warning of the process */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** What the middleware puts on the request of Express and Fastify. */
export interface WithAccessToken {
  accessToken?: GrantedToken
}

/** The part of Hono's `Context` that is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request }
  set(key: 'accessToken', value: GrantedToken): void
  header(name: string, value: string): void
}

/** The part of Fastify's `FastifyRequest` that is used. */
export interface FastifyRequestLike extends WithAccessToken {
  readonly raw: NodeRequest
  readonly body?: unknown
}

/** The part of Fastify's `FastifyReply` that is used. */
export interface FastifyReplyLike {
  code(status: number): unknown
  header(name: string, value: string): unknown
  send(payload?: unknown): unknown
}

/**
 * Middleware for Hono. The token is `c.get('accessToken')`.
 *
 * @example
 * app.use('/notes/*', protectHono(api, { scope: 'notes:read' }))
 */
export function protectHono(
  resource: ProtectedResource,
  options: MiddlewareOptions<Request> = {},
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const { raw } = context.req
    const result = await resource.protect(raw, callOptions(options, raw))
    if (!result.ok) return result.response
    context.set('accessToken', result.token)
    await next()
    for (const [name, value] of Object.entries(result.headers)) context.header(name, value)
    return undefined
  }
}

/**
 * Middleware for Express. The token is `request.accessToken`.
 *
 * @example
 * app.use('/notes', protectExpress(api, { scope: 'notes:read' }))
 */
export function protectExpress<Native extends NodeRequest>(
  resource: ProtectedResource,
  options: MiddlewareOptions<Native> = {},
): (request: Native & WithAccessToken, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  return async (request, response, next) => {
    let token: GrantedToken | undefined
    try {
      token = await protectNative(resource, options, request, response)
    } catch (error) {
      // Express 4 waits for no promise.
      next(error)
      return
    }
    if (!token) return
    request.accessToken = token
    next()
  }
}

/**
 * A `preHandler` hook for Fastify. The token is `request.accessToken`.
 *
 * @example
 * app.get('/notes', { preHandler: protectFastify(api, { scope: 'notes:read' }) }, handler)
 */
export function protectFastify<Native extends FastifyRequestLike>(
  resource: ProtectedResource,
  options: MiddlewareOptions<Native> = {},
): (request: Native, reply: FastifyReplyLike) => Promise<unknown> {
  return async (request, reply) => {
    const head = toRequestHead(request.raw, request.body)
    const result = await resource.protect(head, callOptions(options, request))
    const fields = result.ok ? Object.entries(result.headers) : [...result.response.headers]
    for (const [name, value] of fields) reply.header(name, value)
    if (result.ok) {
      request.accessToken = result.token
      return undefined
    }
    reply.code(result.response.status)
    reply.send()
    // Fastify: a hook that has answered returns the reply.
    return reply
  }
}

/**
 * A request listener for node:http and node:https, which calls `handler` for good requests only.
 *
 * @example
 * createServer(protectNode(api, (request, response, token) => response.end(token.principal.kind)))
 */
export function protectNode<Native extends NodeRequest, Answer extends NodeResponse>(
  resource: ProtectedResource,
  handler: (request: Native, response: Answer, token: GrantedToken) => unknown,
  options: NodeMiddlewareOptions<Native> = {},
): (request: Native, response: Answer) => Promise<void> {
  const { onError = warnOfError, ...needs } = options
  return async (request, response) => {
    try {
      const token = await protectNative(resource, needs, request, response)
      if (token) await handler(request, response, token)
    } catch (error) {
      // node:http waits for no promise: left alone, a rejection would end the process, and with it everybody's requests.
      onError(error)
      sendFailure(response)
    }
  }
}

/** The token, or nothing where the request has been answered. */
async function protectNative<Native extends NodeRequest>(
  resource: ProtectedResource,
  options: MiddlewareOptions<Native>,
  request: Native,
  response: NodeResponse,
): Promise<GrantedToken | undefined> {
  const result = await resource.protect(toRequestHead(request), callOptions(options, request))
  if (!result.ok) {
    sendRefusal(result.response, response)
    return undefined
  }
  for (const [name, value] of Object.entries(result.headers)) response.setHeader(name, value)
  return result.token
}

function callOptions<Native>({ certificate, ...needs }: MiddlewareOptions<Native>, request: Native): ProtectOptions {
  const own = certificate?.(request)
  return own === undefined ? needs : { ...needs, certificate: own }
}
