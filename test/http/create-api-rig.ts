import { createApi } from '../../src/http/create-api.ts'
import type { Operation, Validator } from '../../src/lib/api.ts'
import {
  authorizeClient,
  fillStyledPath,
  readContent,
  readOAuthError,
  writeBody,
  writeCookies,
  writeHeaders,
  writeStyledQuery,
} from '../../src/lib/wire/index.ts'
import { type Handler, json, serve } from './serve.ts'

export const isString: Validator = (value) =>
  typeof value === 'string' ? undefined : { path: '', expected: 'string', actualType: typeof value }

/** GET /thing, a JSON string, with every function that an operation can name; the rest as given. */
export const anOperation = (parts: Partial<Operation> = {}): Operation => ({
  id: 'getThing',
  method: 'GET',
  path: '/thing',
  fillPath: fillStyledPath,
  authorize: authorizeClient,
  writeQuery: writeStyledQuery,
  parts: [writeHeaders, writeCookies, writeBody],
  read: readContent,
  readError: readOAuthError,
  responses: { 200: { 'application/json': isString }, 400: { 'application/json': null }, 401: {} },
  ...parts,
})

export const answering = (status: number, type: string | undefined, body = '', headers = {}) =>
  serve((_, response) => response.writeHead(status, { ...(type && { 'content-type': type }), ...headers }).end(body))

const echo: Handler = ({ method, url, headers, body }, response) =>
  json(response, 200, JSON.stringify({ method, url, headers, body }))

/** What came of a call at the server that echoes. */
export async function echoed(operation: Operation, input = {}, init = {}) {
  const { origin } = await serve(echo)
  const text = await createApi({ baseUrl: `${origin}/base/` }).send(operation, input, init)
  return JSON.parse(text as string) as { method: string; url: string; headers: Record<string, string>; body: string }
}
