import { AtprotoError } from '../../errors/atproto.ts'
import type { Session } from '../../sessions/session.ts'
import type { AtprotoClient } from '../atproto-client-types.ts'
import type { PublicQueries } from './public-queries.ts'
import { createSessionXrpcClient } from './session-client.ts'
import type { AccountXrpcClient, AnyXrpcMethods, XrpcClientOptions, XrpcMethods } from './xrpc-types.ts'

/** `client.createXrpcClient`. */
export async function openXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods>(
  client: AtprotoClient,
  sessionKeyOrDid: string,
  options: XrpcClientOptions = {},
): Promise<AccountXrpcClient<Methods>> {
  return createXrpcClientOf<Methods>(client, await client.sessions.open(sessionKeyOrDid), options)
}

/** The same for a session that is at hand. */
export function createXrpcClientOf<Methods extends XrpcMethods = AnyXrpcMethods>(
  client: AtprotoClient,
  session: Session,
  options: XrpcClientOptions = {},
): AccountXrpcClient<Methods> {
  const [pds] = session.resource
  const { subject: did } = session
  if (did === undefined || pds === undefined) {
    throw new AtprotoError('not_found', 'the session is none of an account of the AT Protocol')
  }
  const { runtime, userAgent, pdsFetch: fetch } = client
  const whose = {
    session,
    did,
    pds: new URL(pds).origin,
    reopen: () => client.sessions.get(session.id),
    runtime,
    fetch,
    publicQueries: publicQueriesOf(client),
  }
  return createSessionXrpcClient<Methods>(whose, { userAgent, ...options })
}

const known = new WeakMap<AtprotoClient, PublicQueries>()

/** They outlive the XRPC clients, of which a server may make one for each request. */
function publicQueriesOf(client: AtprotoClient): PublicQueries {
  const queries = known.get(client) ?? new Set()
  known.set(client, queries)
  return queries
}
