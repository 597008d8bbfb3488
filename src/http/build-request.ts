import type { Operation, OperationInput, RequestOptions } from '../lib/api.ts'
import { setFields } from '../lib/header-fields.ts'
import { buildUrl, type UrlOptions } from './request-url.ts'

/**
 * The request of an operation, by the writers that it names. A header field of the call wins over one of the input,
 * that over one of the API.
 *
 * @param common header fields of the API
 * @throws TypeError for input that cannot be written
 */
export function buildRequest(
  operation: Operation,
  input: OperationInput,
  init: RequestOptions,
  options: UrlOptions,
  common: Headers,
  signal: AbortSignal,
): Request {
  const { method, accept = 'application/json', parts = [] } = operation
  const headers = new Headers({ accept })
  setFields(headers, common)
  // A stream as the body is sent while it is read.
  const request = { method, headers, signal, redirect: 'manual', duplex: 'half' } as const
  for (const write of parts) write(operation, input, request)
  setFields(headers, init.headers)
  return new Request(buildUrl(operation, input, init, options), request)
}
