import type { RequestInfo } from './read-request.ts'

/**
 * What a route reads of a request. A platform's `Request` is one; what node:http gives is made one at a tenth of the
 * cost of a `Request`, which is more than all that the token endpoint does.
 */
export interface DevRequest {
  readonly method: string
  /** Absolute. */
  readonly url: string
  /** Fields of one name are joined by a comma. */
  readonly headers: Pick<Headers, 'get'>
  /** Whole, or as a stream. */
  readonly body: Uint8Array | ReadableStream<Uint8Array<ArrayBuffer>> | null
}

/** What a route answers, as data. */
export interface DevAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** Each in a field of its own. @default none */
  readonly cookies?: readonly string[]
  /** @default none */
  readonly body?: string
}

/** The server as a function; `undefined` for an answer that is to be lost. */
export type Answerer = (request: DevRequest, info: RequestInfo) => Promise<DevAnswer | undefined>

/** The answer of a platform, without a body for HEAD; a lost one is `Response.error()`. */
export function toResponse(answer: DevAnswer | undefined, method: string): Response {
  if (!answer) return Response.error()
  const headers = new Headers(answer.headers)
  for (const cookie of answer.cookies ?? []) headers.append('set-cookie', cookie)
  return new Response(method === 'HEAD' ? null : (answer.body ?? null), { status: answer.status, headers })
}
