import { AtprotoError } from '../../errors/atproto.ts'
import type { XrpcSender } from './xrpc-client.ts'

/** Queries that a PDS was seen to answer to anybody, as origin and NSID with a space between. */
export type PublicQueries = Set<string>

const most = 1000

interface PublicQueryOptions {
  readonly pds: string
  readonly publicQueries: PublicQueries
  /** What calls are passed on to that name no other. */
  readonly proxy: string | undefined
}

/**
 * Asks for public data without a token. A PDS answers such a query (com.atproto.repo.getRecord, for example) without a
 * look at the token, and so without the DPoP-Nonce that an answer to a DPoP request must have; that answer is refused,
 * and the query is sent once more to be answered as to anybody. "There is not yet a consistent way to enumerate" which
 * queries need no token, so what was found out is remembered.
 *
 * @see AT Protocol OAuth, "Demonstrating Proof of Possession (DPoP)"; AT Protocol HTTP API (XRPC), "Authentication"
 */
export function withPublicQueries(
  authorized: XrpcSender,
  open: XrpcSender,
  { pds, publicQueries, proxy }: PublicQueryOptions,
): XrpcSender {
  return async (call) => {
    // Another service that is asked through the PDS wants to know for whom.
    if (call.method !== 'GET' || (call.proxy ?? proxy) !== undefined) return await authorized(call)
    const name = `${pds} ${call.nsid}`
    if (publicQueries.has(name)) {
      const answer = await open(call)
      if (answer.ok || answer.error.status !== 401) return answer
      // It is not public any more.
      publicQueries.delete(name)
    }
    try {
      return await authorized(call)
    } catch (error) {
      if (!(error instanceof AtprotoError && error.code === 'missing_dpop_nonce')) throw error
    }
    const answer = await open(call)
    if (answer.ok) remember(publicQueries, name)
    return answer
  }
}

function remember(publicQueries: PublicQueries, name: string): void {
  publicQueries.add(name)
  if (publicQueries.size > most) publicQueries.delete(publicQueries.keys().next().value!)
}
