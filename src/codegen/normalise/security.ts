import type { Diagnostics } from '../diagnostics.ts'
import type { OperationSpec } from '../spec.ts'
import { type Context, dereference, type Part } from './context.ts'
import { entries, isRawObject, list, own, type RawObject, text } from './raw.ts'

/** The document's security schemes by name, where references lead. */
export function readSchemes(context: Context, root: Part): RawObject {
  const schemes =
    context.dialect === 2 ? own(root.node, 'securityDefinitions') : own(own(root.node, 'components'), 'securitySchemes')
  return Object.fromEntries(
    entries(schemes).map(([name, node]) => [name, dereference(context, { ...root, node }).node]),
  )
}

/**
 * The schemes, and beside them those that the requirements name by a URI instead (OpenAPI 3.2 4.30). A declared name
 * wins, whatever it looks like.
 */
export function withSchemesByUri(context: Context, part: Part, schemes: RawObject, security: unknown): RawObject {
  const names = list(security).flatMap((alternative) => entries(alternative).map(([name]) => name))
  const uris = names.filter((name) => /[#/]/.test(name) && !Object.hasOwn(schemes, name))
  if (context.dialect === 2 || uris.length === 0) return schemes
  const found = uris.map((uri) => [uri, dereference(context, { ...part, node: { $ref: uri } }).node] as const)
  return { ...schemes, ...Object.fromEntries(found) }
}

/**
 * Whether an operation wants an access token. `security` is a list of alternatives; a token is `required`
 * where each of them has one. Schemes that are no access token (keys, passwords) say nothing here.
 */
export function readAccessToken(
  context: Context,
  schemes: RawObject,
  security: unknown,
): 'required' | 'optional' | undefined {
  const alternatives = list(security).map((alternative) => {
    const names = isRawObject(alternative) ? Object.keys(alternative) : []
    for (const name of names) if (!Object.hasOwn(schemes, name)) warnOfUndeclared(context, alternative, name)
    return names.some((name) => isAccessToken(own(schemes, name)))
  })
  if (!alternatives.includes(true)) return undefined
  return alternatives.includes(false) ? 'optional' : 'required'
}

/**
 * The schemes of an operation that ask for credentials which the generated client does not send, where each alternative
 * of its `security` has one: API keys, Basic, and what else HTTP registers.
 */
export function readOtherCredentials(
  schemes: RawObject,
  security: unknown,
): readonly { name: string; node: unknown }[] | undefined {
  const others = list(security).map((alternative) =>
    entries(alternative).flatMap(([name]) => {
      const node = own(schemes, name)
      const type = text(own(node, 'type'))
      const isOther = (type === 'apiKey' || type === 'basic' || type === 'http') && !isAccessToken(node)
      return isOther ? [{ name, node }] : []
    }),
  )
  return others.length === 0 || others.some((each) => each.length === 0) ? undefined : others.flat()
}

/** Where the client does not authenticate itself by its own `clientAuth`, which covers Basic at an OAuth endpoint. */
export function warnOfOtherCredentials(operations: readonly OperationSpec[], diagnostics: Diagnostics): void {
  for (const { clientAuth, otherCredentials = [] } of operations) {
    if (clientAuth) continue
    for (const { name, node } of otherCredentials)
      diagnostics.warn(
        'unsupported',
        node,
        `the security scheme "${name}" is no access token: nothing is sent for it`,
        'send its credentials by the call\'s "headers", or by a "fetch" of your own',
      )
  }
}

function warnOfUndeclared(context: Context, alternative: unknown, name: string): void {
  context.diagnostics.warn(
    'invalid_document',
    alternative,
    `the security scheme "${name}" is declared nowhere; no credentials are sent for it`,
    context.dialect === 2
      ? 'declare it under securityDefinitions, or correct the name'
      : 'declare it under components.securitySchemes, or correct the name',
  )
}

function isAccessToken(scheme: unknown): boolean {
  const type = text(own(scheme, 'type'))
  if (type === 'oauth2' || type === 'openIdConnect') return true
  return type === 'http' && ['bearer', 'dpop'].includes(text(own(scheme, 'scheme'))?.toLowerCase() ?? '')
}
