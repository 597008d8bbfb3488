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
