import { assertKnownOptions } from '../lib/options.ts'
import { warnOfError } from '../lib/process-warning.ts'
import { type NodeRequest, type NodeResponse, sendResponse, toRequest } from './node-message.ts'

export type { NodeRequest, NodeResponse } from './node-message.ts'

/** A web handler, or an application: `null` stands for an address that it does not have. */
export type RequestHandler = (request: Request) => Response | null | Promise<Response | null>

/** A request of node:http as the platform's `Request`, for `fromRequest`. */
export { toRequest } from './node-message.ts'

/** What `toNodeListener` does with requests that are not the handler's. */
export interface NodeListenerOptions<Incoming, Outgoing> {
  /** Answers the addresses that the handler does not have. @default 404 */
  readonly next?: (request: Incoming, response: Outgoing) => unknown
  /** Told of what the application threw, which the user sees as status 500. @default a warning of the process */
  readonly onError?: (error: unknown) => void
}

/**
 * A request listener for node:http, node:https and node:http2.
 *
 * @example
 * createServer(toNodeListener(web, { next: (request, response) => response.end('Hello') })).listen(3000)
 */
export function toNodeListener<Incoming extends NodeRequest, Outgoing extends NodeResponse>(
  handler: RequestHandler,
  options: NodeListenerOptions<Incoming, Outgoing> = {},
): (request: Incoming, response: Outgoing) => void {
  assertKnownOptions('toNodeListener', options, ['next', 'onError'])
  const { next, onError = warnOfError } = options
  async function respond(request: Incoming, response: Outgoing): Promise<void> {
    const answer = await handler(toRequest(request))
    if (answer) await sendResponse(answer, response)
    else if (next) await next(request, response)
    else end(response, 404)
  }
  return (request, response) => {
    respond(request, response).catch((error: unknown) => {
      // Left alone, a rejection would end the process, and with it everybody's requests.
      onError(error)
      if (!response.headersSent) end(response, 500)
      else response.destroy?.()
    })
  }
}

function end(response: NodeResponse, status: number): void {
  response.statusCode = status
  response.end()
}
