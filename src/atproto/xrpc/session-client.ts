import { SessionError } from '../../errors/session.ts'
import { discard } from '../../http/redirects.ts'
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
  /** The session as it is by now: an account may have moved to another PDS since, which a renewal finds out. */
  readonly reopen: () => Promise<Session>
  readonly runtime: Runtime
  /** Sends without a token. */
  readonly fetch: Fetch
  /** What is known of the PDS's queries, from call to call. */
  readonly publicQueries: PublicQueries
}

/** @throws TypeError for an unknown option */
export function createSessionXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods>(
  { session, did, pds, reopen, runtime, fetch, publicQueries }: SessionXrpc,
  options: XrpcClientOptions = {},
): AccountXrpcClient<Methods> {
  assertKnownOptions('createXrpcClient', options, xrpcOptionNames)
  const settings = normaliseXrpcOptions('createXrpcClient', options)
  assertNoCredentials(options.headers)
  const common = { service: pds, settings, runtime }
  let home: Home = { session, pds }
  const authorized: Exchange = {
    ...common,
    async send({ url, init: { body, ...rest }, signal }) {
      // A PDS asks for the first call again, with its nonce, and for later ones whenever it has another: a stream that
      // is used up by then would hardly ever arrive.
      const kept = body instanceof ReadableStream ? await new Response(body).blob() : body
      const init = { ...rest, ...(kept !== undefined && { body: kept }), signal }
      const send = () => home.session.fetch(movedTo(home, url), init)
      home = await followMove(home, reopen, signal)
      const response = await send()
      if (!isTokenRefused(response)) return response
      // What was renewed because this PDS refused it may be for another one by now, and has then not ended the session.
      if ((await session.status()) === 'expired') return response
      const before = home
      home = await followMove(home, reopen, signal)
      if (home === before) return response
      discard(response)
      return await send()
    },
    inspect: (response) => assertNotRefusedAgain(session, response),
  }
  const open: Exchange = {
    ...common,
    send: ({ url, init, signal }) => fetch(new Request(movedTo(home, url), { ...init, signal, redirect: 'manual' })),
  }
  const send = withPublicQueries(
    async (call) => {
      assertNoCredentials(call.headers)
      return await exchange(call, authorized)
    },
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

/** Token and proof are the session's. @throws TypeError */
function assertNoCredentials(headers: HeadersInit | undefined): void {
  const given = new Headers(headers)
  const name = ['authorization', 'dpop'].find((field) => given.has(field))
  if (name !== undefined) throw new TypeError(`xrpc: "headers" must leave out ${name}, which is the session's to set`)
}

/** Where the account is. */
interface Home {
  readonly session: Session
  readonly pds: string
}

/** A renewed token says where it is to be used; what a session may send to was settled when it was opened. */
async function followMove(home: Home, reopen: SessionXrpc['reopen'], signal: AbortSignal): Promise<Home> {
  const { resource: [uri] = [] } = await home.session.getAccessToken({ signal })
  const pds = uri === undefined ? home.pds : new URL(uri).origin
  return pds === home.pds ? home : { session: await reopen(), pds }
}

function movedTo({ pds }: Home, url: URL): URL {
  return url.origin === pds ? url : new URL(url.pathname + url.search, pds)
}

/**
 * The session renews a token that is refused and sends once more; a fresh one that is refused as well ends it, since
 * the PDS will take no other.
 */
async function assertNotRefusedAgain(session: Session, response: Response): Promise<void> {
  if (!isTokenRefused(response)) return
  if ((await session.status()) !== 'expired') return
  const message = 'the PDS refuses the token that was just renewed, too; the session has ended. Log in again'
  throw new SessionError('session_expired', message, { reason: 'access_token_rejected', response })
}

function isTokenRefused({ status, headers }: Response): boolean {
  return status === 401 && findChallengeError(headers, 'invalid_token') !== undefined
}
