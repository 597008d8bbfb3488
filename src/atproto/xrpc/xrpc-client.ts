import { withLimits } from '../../http/limits.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { readXrpcAnswer, type XrpcAnswer } from './xrpc-answer.ts'
import type { XrpcSettings } from './xrpc-options.ts'
import { buildXrpcRequest, type XrpcCall, type XrpcRequest } from './xrpc-request.ts'
import type { AnyXrpcMethods, XrpcCallOptions, XrpcClient, XrpcMethods, XrpcResponse } from './xrpc-types.ts'

/** Sends one call, with whatever token it takes. */
export type XrpcSender = (call: XrpcCall) => Promise<XrpcAnswer>

/** `get` and `post` over whatever sends. */
export function createXrpcMethods<Methods extends XrpcMethods = AnyXrpcMethods>(send: XrpcSender): XrpcClient<Methods> {
  const call = async (wanted: XrpcCall): Promise<XrpcResponse<never>> => {
    const answer = await send(wanted)
    if (answer.ok) return answer.response as XrpcResponse<never>
    throw answer.error
  }
  return {
    async get(nsid, ...[options = {}]) {
      assertKnownOptions(`get ${nsid}`, options, ['params', ...callOptionNames])
      return await call({ ...(options as XrpcCallOptions), method: 'GET', nsid })
    },
    async post(nsid, ...[options = {}]) {
      assertKnownOptions(`post ${nsid}`, options, ['params', 'input', 'contentType', ...callOptionNames])
      return await call({ ...(options as XrpcCallOptions), method: 'POST', nsid })
    },
  }
}

const callOptionNames = ['proxy', 'labelers', 'headers', 'signal']

export interface Exchange {
  /** The origin of the server. */
  readonly service: string
  readonly settings: XrpcSettings
  readonly runtime: Runtime
  /** Sends, and gives the answer as it comes. */
  readonly send: (request: XrpcRequest & { readonly signal: AbortSignal }) => Promise<Response>
  /** Sees an answer before it is read. */
  readonly inspect?: (response: Response) => Promise<void>
}

/** One call and its answer, within the limits of time and size. */
export async function exchange(call: XrpcCall, via: Exchange): Promise<XrpcAnswer> {
  const { settings, runtime } = via
  const built = buildXrpcRequest(via.service, call, settings)
  // It stands for the call where limits and errors are told of; what is sent is made from the body that was given, so
  // that it can be sent again with another token.
  const sign = new Request(built.url, { method: call.method, signal: call.signal ?? null })
  const limited = withLimits(async ({ signal }) => await via.send({ ...built, signal }), settings)
  const response = await limited(sign)
  await via.inspect?.(response)
  return await readXrpcAnswer(call.nsid, sign, response, runtime)
}
