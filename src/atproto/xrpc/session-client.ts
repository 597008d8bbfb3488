import { SessionError } from '../../errors/session.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { findChallengeError } from '../../lib/www-authenticate.ts'
import type { Session } from '../../sessions/session.ts'
import { type PublicQueries, withPublicQueries } from './public-queries.ts'
import { createXrpcMethods, type Exchange, exchange } from './xrpc-client.ts'
import { normaliseXrpcOptions, xrpcOptionNames } from './xrpc-options.ts'
import type { AccountXrpcClient, AnyXrpcMethods, XrpcClientOptions, XrpcMethods } from './xrpc-types.ts'

/** Whose calls these are. */
export interface SessionXrpc {
  /** Its `fetch` carries the token to the PDS, renews it ahead of its end, and once when it is refused. */
  readonly session: Session
  readonly did: string
  /** The origin of the account's PDS. */
  readonly pds: string
  readonly runtime: Runtime
  /** Sends without a token. */
  readonly fetch: Fetch
  /** What is known of the PDS's queries, from call to call. */
  readonly publicQueries: PublicQueries
}

/** @throws TypeError for an unknown option */
export function createSessionXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods>(
  { session, did, pds, runtime, fetch, publicQueries }: SessionXrpc,
  options: XrpcClientOptions = {},
): AccountXrpcClient<Methods> {
  assertKnownOptions('createXrpcClient', options, xrpcOptionNames)
  const settings = normaliseXrpcOptions('createXrpcClient', options)
  const common = { service: pds, settings, runtime }
  const authorized: Exchange = {
    ...common,
    send: ({ url, init, signal }) => session.fetch(url, { ...init, signal }),
    inspect: (response) => assertNotRefusedAgain(session, response),
  }
  const open: Exchange = {
    ...common,
    send: ({ url, init, signal }) => fetch(new Request(url, { ...init, signal, redirect: 'manual' })),
  }
  const send = withPublicQueries(
    (call) => exchange(call, authorized),
    (call) => exchange(call, open),
    { pds, publicQueries, proxy: settings.proxy },
  )
  return {
    did,
    ...createXrpcMethods<Methods>(send),
    async refresh(wanted = {}) {
      await session.refresh(wanted)
    },
  }
}

/**
 * The session renews a token that is refused and sends once more; a fresh one that is refused as well ends it, since
 * the PDS will take no other.
 */
async function assertNotRefusedAgain(session: Session, response: Response): Promise<void> {
  if (response.status !== 401 || !findChallengeError(response.headers, 'invalid_token')) return
  if ((await session.status()) !== 'expired') return
  const message = 'the PDS refuses the token that was just renewed, too; the session has ended. Log in again'
  throw new SessionError('session_expired', message, { reason: 'access_token_rejected', response })
}
