import { list, own, text } from './raw.ts'

/**
 * Whether an operation wants an access token. `security` is a list of alternatives; a token is `required`
 * where each of them has one. Schemes that are no access token (keys, passwords) say nothing here.
 */
export function readAccessToken(schemes: unknown, security: unknown): 'required' | 'optional' | undefined {
  const alternatives = list(security).map((alternative) =>
    Object.keys(typeof alternative === 'object' && alternative !== null ? alternative : {}).some((name) =>
      isAccessToken(own(schemes, name)),
    ),
  )
  if (!alternatives.includes(true)) return undefined
  return alternatives.includes(false) ? 'optional' : 'required'
}

function isAccessToken(scheme: unknown): boolean {
  const type = text(own(scheme, 'type'))
  if (type === 'oauth2' || type === 'openIdConnect') return true
  return type === 'http' && ['bearer', 'dpop'].includes(text(own(scheme, 'scheme'))?.toLowerCase() ?? '')
}
