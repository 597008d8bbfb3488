import type { Operation, OperationInput, RequestParts } from '../lib/api.ts'
import { setFields } from '../lib/header-fields.ts'

/**
 * The request of an operation, by the writers that it names. A header field of the call wins over one of the input,
 * that over one of the API.
 *
 * @param common header fields of the API
 * @param own header fields of the call
 * @throws TypeError for input that cannot be written
 */
export function buildRequest(
  operation: Operation,
  input: OperationInput,
  url: URL,
  common: Headers,
  own: HeadersInit | undefined,
  signal: AbortSignal,
): Request {
  const headers = new Headers({ accept: operation.accept ?? 'application/json' })
  setFields(headers, common)
  const request: RequestInit & RequestParts = { method: operation.method, headers, signal, redirect: 'manual' }
  for (const write of operation.parts ?? []) write(operation, input, request)
  setFields(headers, own)
  return new Request(url, request)
}
