import { toRequest as fromMessage, type NodeRequest, type NodeResponse, sendResponse } from './node-message.ts'

export type { NodeRequest, NodeResponse } from './node-message.ts'

/** The part of Fastify's `FastifyRequest` that is used. */
export interface FastifyRequestLike {
  readonly raw: NodeRequest
}

/** The part of Fastify's `FastifyReply` that is used. */
export interface FastifyReplyLike {
  readonly raw: NodeResponse
  hijack(): unknown
}

/** A request of Fastify as the platform's `Request`, for `fromRequest`. */
export function toRequest(request: FastifyRequestLike): Request {
  return fromMessage(request.raw)
}

/**
 * An `onRequest` hook for Fastify: it comes before bodies are parsed, and forms need no plugin.
 *
 * @example
 * app.addHook('onRequest', fastifyWeb(web))
 */
export function fastifyWeb(
  handler: (request: Request) => Promise<Response | null>,
): (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<void> {
  return async (request, reply) => {
    const answer = await handler(toRequest(request))
    if (!answer) return
    // The answer is sent by us, so that each cookie stays a field of its own.
    reply.hijack()
    await sendResponse(answer, reply.raw)
  }
}
