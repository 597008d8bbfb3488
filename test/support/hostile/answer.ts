import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerFault } from './faults.ts'
import { applyPatch, type FaultContext, type JsonObject } from './patch.ts'

/** An answer before it is written. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export function jsonAnswer(status: number, body: JsonObject, headers: Record<string, string> = {}): Answer {
  const noStore = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  return { status, headers: { ...noStore, ...headers }, body: JSON.stringify(body) }
}

/** RFC 6749 5.2. */
export function errorAnswer(status: number, error: string, headers: Record<string, string> = {}): Answer {
  return jsonAnswer(status, { error, error_description: `The provider says ${error}` }, headers)
}

export function spoilAnswer(honest: Answer, fault: AnswerFault, context: FaultContext): Answer {
  let { body } = honest
  if (fault.json && typeof body === 'string' && body.startsWith('{')) {
    body = JSON.stringify(applyPatch(JSON.parse(body) as JsonObject, fault.json, context))
  }
  if (fault.body !== undefined) {
    body = typeof fault.body === 'function' ? fault.body(body.toString(), context) : fault.body
  }
  const headers: Record<string, string> = { ...honest.headers }
  for (const [name, value] of Object.entries(fault.headers ?? {})) {
    if (value === null) delete headers[name]
    else headers[name] = value
  }
  return { status: fault.status ?? honest.status, headers, body }
}

export async function writeAnswer(response: ServerResponse, answer: Answer, fault: AnswerFault = {}): Promise<void> {
  if (fault.hang) return
  if (fault.reset) {
    response.destroy()
    return
  }
  const body = Buffer.from(answer.body)
  response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length })
  if (fault.cutAfter !== undefined) {
    response.write(body.subarray(0, fault.cutAfter), () => response.destroy())
  } else if (fault.drip) {
    for (let at = 0; at < body.length && !response.destroyed; at += fault.drip.bytes) {
      response.write(body.subarray(at, at + fault.drip.bytes))
      await sleep(fault.drip.everyMs, undefined, { ref: false })
    }
    response.end()
  } else {
    response.end(body)
  }
}
