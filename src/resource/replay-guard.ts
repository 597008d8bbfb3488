import { digest } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { reachStore } from '../lib/reach-store.ts'
import { type RecordStore, recordKey } from '../lib/record-store.ts'
import type { DpopProof } from '../protocol/dpop-proof-verification.ts'

/** Seconds for which a proof is remembered beyond the last moment at which it would be taken: clocks of hosts differ. */
const margin = 60

/**
 * Spends a proof: true for the first who claims it, false for all others, on whatever host they are. One commit that
 * expects no record, so of any number of claims at once one wins.
 *
 * @param tolerance seconds for which a proof is taken after its `iat`
 * @throws StoreError
 * @see RFC 9449 11.1
 */
export async function claimProof(store: RecordStore, proof: DpopProof, tolerance: number): Promise<boolean> {
  // The hash: a jti may be long, and is the client's to choose.
  const hash = await digest('SHA-256', `${proof.jkt} ${proof.jti}`)
  const change = {
    kind: 'put',
    key: recordKey('dpop_proof', encodeBase64url(hash)),
    value: {},
    expect: null,
    expiresAt: (proof.iat + tolerance + margin) * 1000,
  } as const
  // A store of the application's own may fail by any error; the request is to be refused by it like by any other.
  const { ok } = await reachStore('write', 'dpop_proof', () => store.commit([change]))
  return ok
}
