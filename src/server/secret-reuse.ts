import type { Authorization } from './authorization.ts'
import { createEvent } from './events.ts'
import { revokeFamily } from './families.ts'
import type { GrantContext } from './grant.ts'
import { type Refusal, refuseGrant } from './refusal.ts'

/**
 * A code or refresh token that its own client shows again has been stolen, or the one that came first was: everything
 * that came of it is revoked, and the host is told.
 *
 * @returns the refusal, to be thrown
 * @see RFC 6749 4.1.2, 10.4, 10.5; RFC 9700 4.14.2
 */
export async function endReusedFamily(
  { config, client, grantType, clientIp }: GrantContext,
  secret: 'code' | 'refresh token',
  family: string,
  { subject, scope }: Authorization,
): Promise<Refusal> {
  await revokeFamily(config, family)
  const reason = `${secret} used before`
  const event = createEvent(secret === 'code' ? 'code_reuse_detected' : 'refresh_reuse_detected', {
    subject,
    clientId: client.clientId,
    scope: scope.join(' '),
    grantType,
    metadata: { clientIp, reason },
  })
  return refuseGrant(reason, [event])
}
