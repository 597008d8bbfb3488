import type { GrantContext, PreparedGrant } from '../grant.ts'
import { preparePolled } from '../polled-grants.ts'

/** CIBA Core 10.1. The id_token has neither nonce nor c_hash: there was no request that could carry one, and no code. */
export function prepareCiba(context: GrantContext): Promise<PreparedGrant> {
  return preparePolled(context, 'cb', 'auth_req_id')
}
