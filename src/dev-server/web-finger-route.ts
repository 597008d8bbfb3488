import { issuerRelation } from '../protocol/webfinger.ts'
import { noStore } from '../server/index.ts'
import { empty, json, shareWithAnyOrigin } from './answers.ts'
import type { Route } from './token-routes.ts'

/**
 * The issuer for any name at this host, whether or not somebody has it: so nobody learns who has an account.
 *
 * @see RFC 7033 4; OpenID Connect Discovery 1.0 2
 */
export const webFinger: Route = async ({ issuer }, request) => {
  const { searchParams } = new URL(request.url)
  const [resource, ...more] = searchParams.getAll('resource')
  // RFC 7033 4.2: absent or malformed is 400.
  if (resource === undefined || more.length > 0 || !URL.canParse(resource)) return empty(400)
  if (hostOf(resource) !== new URL(issuer).host) return empty(404)
  const asked = searchParams.getAll('rel')
  const isAsked = asked.length === 0 || asked.includes(issuerRelation)
  // RFC 7033 4.3: links of other relations are left out, and the rest stays.
  const links = isAsked ? [{ rel: issuerRelation, href: issuer }] : []
  const headers = { 'content-type': 'application/jrd+json', ...noStore }
  // RFC 7033 5: for any origin.
  return shareWithAnyOrigin(json({ subject: resource, links }, { headers }))
}

/** OpenID Connect Discovery 1.0 2.1.2: behind the last `@` of an account, else of the URL. */
function hostOf(resource: string): string {
  const account = /^acct:.+@([^@/?#]+)$/i.exec(resource)
  return (account?.[1] ?? new URL(resource).host).toLowerCase()
}
