import { splitScope } from '../../protocol/scope.ts'
import { readResources, resolveAudience } from '../audience.ts'
import { tokenResponse } from '../authorized-tokens.ts'
import { readGrantedDetails, readSupportedDetails, refuseDetails } from '../details.ts'
import type { GrantContext, PreparedGrant } from '../grant.ts'
import { mintAccessToken } from '../mint-access-token.ts'
import { applyScopePolicy, readScope, refuseScope } from '../scope-policy.ts'

/** RFC 6749 4.4, RFC 9068 2.2: the client speaks for itself and is the subject. Never a refresh token (4.4.3). */
export async function prepareClientCredentials(context: GrantContext): Promise<PreparedGrant> {
  const { config, client, constraint, params } = context
  const subject = client.clientId
  context.known.subject = subject
  const audience = await resolveAudience(config, client.client, readResources(params.all('resource')), null)
  const policy = await applyScopePolicy(context, { subject, scope: requestedScope(context), audience })
  const { scope } = policy
  const details = await readOwnDetails(context, policy)
  const access = await mintAccessToken(context, { policy, authorizationDetails: details })
  return {
    response: tokenResponse(context, access, scope, details),
    plan: { claims: constraint.claims, changes: access.changes },
    subject,
    scope: scope.join(' '),
    events: ['token_issued'],
  }
}

/** With a policy, what was asked for; without one only what the client registered, which is also the default. */
function requestedScope({ config, client, params }: GrantContext): readonly string[] {
  const asked = readScope(config, params.get('scope'))
  const { scope } = client.client.metadata
  const registered = typeof scope === 'string' ? splitScope(scope) : []
  if (!asked) return registered.filter((one) => one !== 'openid' && one !== 'offline_access')
  // There is no user whom an id_token or a lasting login could be about.
  if (asked.includes('openid') || asked.includes('offline_access')) throw refuseScope('no user to speak of')
  const isBeyond = asked.some((one) => !registered.includes(one))
  if (isBeyond && (!config.authorizeScope || typeof scope === 'string'))
    throw refuseScope('scope beyond the registered')
  return asked
}

/** RFC 9396 6: what a client asks for itself is the host's to judge; without its judgement nothing is granted. */
function readOwnDetails(context: GrantContext, policy: Parameters<typeof readGrantedDetails>[1]) {
  const { config, client, params } = context
  const asked = readSupportedDetails(config, client.client, params.get('authorization_details'))
  if (asked && !config.authorizeDetails) throw refuseDetails('no policy for details')
  return readGrantedDetails(context, policy, asked)
}
