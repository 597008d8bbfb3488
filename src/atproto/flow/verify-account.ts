import { AtprotoError } from '../../errors/atproto.ts'
import type { Discovery } from '../discovery/discovery.ts'
import type { IdentityResolver } from '../identity/identity-types.ts'

export interface AccountSources {
  readonly identity: IdentityResolver
  readonly discovery: Discovery
}

/**
 * Whether an issuer may speak for an account: the account's DID leads to a PDS, and that to this issuer. Asked anew
 * each time, whatever is in memory, since an account may have moved, and anybody may claim any DID.
 *
 * @returns the origin of the PDS
 * @throws AtprotoError `issuer_mismatch`, and whatever the look-ups throw
 * @see AT Protocol OAuth, "Identity Authentication"
 */
export async function verifyAccount(
  { identity, discovery }: AccountSources,
  account: { readonly did: string; readonly issuer: string },
  signal?: AbortSignal,
): Promise<string> {
  const { did, issuer } = account
  const wishes = { fresh: true, ...(signal && { signal }) }
  const { pds } = await identity.resolveDid(did, wishes)
  const server = await discovery.authorizationServer(pds, wishes)
  if (server === issuer) return pds
  throw new AtprotoError('issuer_mismatch', `the account ${did} is of ${server}; ${issuer} may not speak for it`, {
    clause: 'AT Protocol OAuth, "Identity Authentication"',
    expected: server,
    actual: issuer,
  })
}
