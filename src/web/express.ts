import { type NodeRequest, type NodeResponse, sendResponse, toRequest } from './node-message.ts'

export type { NodeRequest, NodeResponse } from './node-message.ts'

/** A request of Express as the platform's `Request`, for `fromRequest`. */
export { toRequest } from './node-message.ts'

/**
 * Middleware for Express. What is not for the handler goes on to the next.
 *
 * @example
 * app.use(expressWeb(web))
 */
export function expressWeb(
  handler: (request: Request) => Promise<Response | null>,
): (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  return async (request, response, next) => {
    try {
      const answer = await handler(toRequest(request))
      if (answer) await sendResponse(answer, response)
      else next()
    } catch (error) {
      // Express 4 waits for no promise.
      next(error)
    }
  }
}
