import type { GrantContext, PreparedGrant } from '../grant.ts'
import { preparePolled } from '../polled-grants.ts'

/** RFC 8628 3.4 */
export function prepareDeviceCode(context: GrantContext): Promise<PreparedGrant> {
  return preparePolled(context, 'dc', 'device_code')
}
