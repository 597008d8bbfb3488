import type { HttpMethod } from '../../lib/api.ts'
import type { MediaSpec, OperationSpec } from '../spec.ts'
import { readBody, readContent, readResponses } from './bodies.ts'
import { type Context, dereference, type Part } from './context.ts'
import { readParameters } from './parameters.ts'
import { entries, isRawObject, list, oneOf, optional, own, type RawObject, strings, text } from './raw.ts'
import { readAccessToken, readOtherCredentials, readSchemes, withSchemesByUri } from './security.ts'
import { firstServer } from './servers.ts'
import { readSwaggerBody, readSwaggerContent, splitSwaggerParameters } from './swagger2.ts'

const methods: readonly HttpMethod[] = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'QUERY']

/** Every operation of the document, in its order. */
export function normaliseOperations(context: Context, root: Part): OperationSpec[] {
  const operations: OperationSpec[] = []
  const schemes = readSchemes(context, root)
  for (const [path, node] of entries(own(root.node, 'paths'))) {
    if (!path.startsWith('/')) {
      if (!path.startsWith('x-'))
        context.diagnostics.warn(
          'invalid_document',
          node,
          `the path "${path}" is left out: it does not begin with a slash`,
          'write it relative to the server URL, with a slash in front',
        )
      continue
    }
    const item = dereference(context, { ...root, node })
    if (!isRawObject(item.node)) continue
    warnOfUnknownMethods(context, item.node, path)
    for (const method of methods) {
      const operation = own(item.node, method.toLowerCase())
      if (isRawObject(operation))
        operations.push(normaliseOperation(context, root, schemes, item, { ...item, node: operation }, method, path))
    }
    for (const [method, operation] of otherMethods(context, item, path))
      operations.push(normaliseOperation(context, root, schemes, item, { ...item, node: operation }, method, path))
  }
  return operations
}

function normaliseOperation(
  context: Context,
  root: Part,
  schemes: RawObject,
  item: Part,
  part: Part,
  method: string,
  path: string,
): OperationSpec {
  context.spend()
  const { node } = part
  const server = firstServer(own(node, 'servers')) ?? firstServer(own(item.node, 'servers'))
  const security = own(node, 'security') ?? own(root.node, 'security')
  const given = [
    ...list(own(item.node, 'parameters')).map((parameter) => ({ ...item, node: parameter })),
    ...list(own(node, 'parameters')).map((parameter) => ({ ...part, node: parameter })),
  ].map((parameter) => dereference(context, parameter))
  const isSwagger = context.dialect === 2
  const { rest, body } = isSwagger ? splitSwaggerParameters(given) : { rest: given, body: [] }
  const requestBody = isSwagger
    ? readSwaggerBody(context, root, part, body)
    : readBody(context, { ...part, node: own(node, 'requestBody') })
  // RFC 9110 9.3.1: content in a GET has no meaning; the platform's fetch refuses to send it.
  const takesBody = method !== 'GET' && method !== 'HEAD'
  if (requestBody && !takesBody)
    context.diagnostics.warn(
      'unsupported',
      node,
      `the body of ${method} ${path} is left out: fetch sends none with ${method}`,
      'use parameters, or another method such as QUERY or POST',
    )
  const known = withSchemesByUri(context, part, schemes, security)
  const contentOf = (response: Part, status: string): MediaSpec[] =>
    isSwagger ? readSwaggerContent(context, root, part, response, status) : readContent(context, response)
  return {
    node,
    key: `${method} ${path}`,
    ...optional('operationId', text(own(node, 'operationId'))?.trim() || undefined),
    method,
    path,
    tags: strings(own(node, 'tags')),
    ...optional('summary', text(own(node, 'summary')) ?? text(own(item.node, 'summary'))),
    ...optional('description', text(own(node, 'description')) ?? text(own(item.node, 'description'))),
    ...optional('deprecated', own(node, 'deprecated') === true ? (true as const) : undefined),
    parameters: readParameters(context, part, rest, path),
    ...optional('body', takesBody ? requestBody : undefined),
    responses: readResponses(context, part, own(node, 'responses'), contentOf),
    ...optional('server', server),
    ...optional('accessToken', readAccessToken(context, known, security)),
    ...optional('otherCredentials', readOtherCredentials(known, security)),
    ...optional('clientAuth', oneOf(own(node, 'x-oauth-client-auth'), ['required', 'optional'])),
    ...optional('metadataField', text(own(node, 'x-oauth-metadata-field'))),
    ...optional('clause', text(own(node, 'x-oauth-clause'))),
    ...optional('userAgent', oneOf(own(node, 'x-oauth-user-agent'), ['redirect', 'form-post'])),
  }
}

/** A field of a path item that holds an object is an operation, by whatever name: `GET` is none of the specification's. */
function warnOfUnknownMethods(context: Context, item: RawObject, path: string): void {
  for (const [name, node] of entries(item)) {
    const isKnown = name === 'additionalOperations' || methods.some((method) => method.toLowerCase() === name)
    if (isKnown || name.startsWith('x-') || !isRawObject(node)) continue
    context.diagnostics.warn(
      'invalid_document',
      node,
      `"${name}" of ${path} is left out: it is no method of OpenAPI`,
      'methods are written in small letters; others go under additionalOperations (3.2)',
    )
  }
}

/** `additionalOperations` of 3.2: methods by their own names, as far as HTTP and the platform's fetch allow them. */
function otherMethods(context: Context, item: Part, path: string): [string, unknown][] {
  return entries(own(item.node, 'additionalOperations')).filter(([method, operation]) => {
    if (!isRawObject(operation)) return false
    // RFC 9110 5.6.2: a method is a token. Fetch 2.2.1 forbids three.
    if (/^[!#$%&'*+.^_`|~\w-]+$/.test(method) && !/^(connect|trace|track)$/i.test(method)) return true
    const advice = 'call it with another client'
    context.diagnostics.warn(
      'unsupported',
      operation,
      `${method} ${path} is left out: fetch sends no such method`,
      advice,
    )
    return false
  })
}
