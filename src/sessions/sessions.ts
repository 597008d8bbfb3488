import { exportSigningKey } from '#signatures'
import type { LoginResult } from '../client/login-result.ts'
import type { OAuthClient } from '../client/oauth-client.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Lock } from '../lib/lock.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { hasScope } from '../protocol/scope.ts'
import { createRefreshEngine } from '../refresh/refresh-engine.ts'
import { createRefreshBackoff } from './refresh-backoff.ts'
import { createSession, type Session } from './session.ts'
import type { SessionContext } from './session-context.ts'
import { createEmitter, type SessionEventListener } from './session-events.ts'
import { notFound } from './session-faults.ts'
import type { SessionFetchOptions } from './session-fetch.ts'
import { createSessionRecords } from './session-records.ts'
import type { SessionState } from './session-state.ts'

export interface SessionsOptions {
  readonly client: OAuthClient
  /** Where sessions are kept. @default a memory store: logins are gone at exit */
  readonly store?: RecordStore
  /** Keeps other processes from refreshing at the same time. @default none; correct, with a request to spare */
  readonly lock?: Lock
  readonly onEvent?: SessionEventListener
  /** What relative URLs of `session.fetch` are resolved on. @default the first resource of the login */
  readonly baseUrl?: string | URL
  /** Further origins that a session's token may go to. @default those of baseUrl, the resources, and userinfo for OpenID logins */
  readonly origins?: readonly string[]
  /** Milliseconds before expiry to refresh, at most a quarter of the token's life. @default 60_000 */
  readonly refreshAhead?: number
  /**
   * Milliseconds for which the issuer is known to answer a used refresh token with the same successor. Within them a
   * refresh whose answer was lost is sent once more; at any other issuer that could end the whole login.
   * @default 0, unknown
   */
  readonly rotationGrace?: number
  /** Milliseconds after the last refresh until a session is forgotten. @default 7_776_000_000, 90 days */
  readonly lifetime?: number
  /** Milliseconds until another process's logout is noticed. @default 5_000 */
  readonly revalidateAfter?: number
  /** The transport of `session.fetch`. @default the client's */
  readonly fetch?: Fetch
}

const defaults = { refreshAhead: 60_000, rotationGrace: 0, lifetime: 90 * 86_400_000, revalidateAfter: 5_000 } as const

const optionNames = [
  ...['client', 'store', 'lock', 'onEvent', 'baseUrl', 'origins'],
  ...['refreshAhead', 'rotationGrace', 'lifetime', 'revalidateAfter', 'fetch'],
]

/** Logins that last: created at the callback, found by id or subject, renewed without being asked. */
export interface Sessions {
  /** Whose logins these are. */
  readonly client: OAuthClient
  /** Where they are kept. */
  readonly store: RecordStore
  /** `client.handleCallback`, kept. @throws what that throws, and StoreError */
  handleCallback(request: Request | URL | string): Promise<Session>
  /** Keeps a login that was had in another way. */
  create(login: LoginResult): Promise<Session>
  /** @throws SessionError `session_not_found` */
  get(id: string): Promise<Session>
  /** All sessions of one subject at the client's issuer: one a device. */
  findBySubject(subject: string): Promise<readonly Session[]>
  /**
   * Ends sessions because the issuer says so: those of its own session `sid`, or all of a subject (OpenID Connect
   * Back-Channel Logout 2.7). What it says must have been verified.
   *
   * @returns how many were ended
   */
  endByIssuer(ended: { readonly sid?: string; readonly subject?: string }): Promise<number>
}

export function createSessionsOver(options: SessionsOptions & { readonly store: RecordStore }): Sessions {
  assertKnownOptions('createSessions', options, optionNames)
  if (!options.client) throw new TypeError('createSessions: "client" is required; createOAuthClient makes one')
  const { client } = options
  const context = createContext(options)
  const open = (state: SessionState) =>
    createSession(context, state, options.fetch ?? client.fetch, fetchOptionsFor(options, state))

  async function create(login: LoginResult): Promise<Session> {
    const state = await toState(context, login)
    await context.records.create(state)
    context.emit({ kind: 'session_created', session: state.id, issuer: state.issuer })
    return open(state)
  }

  return {
    client,
    store: options.store,
    create,
    handleCallback: async (request) => await create(await client.handleCallback(request)),
    async get(id) {
      const state = await context.records.current(id)
      // One store may serve several clients: a session is opened by its own, so that no token goes astray.
      if (state?.issuer !== client.issuer || state.clientId !== client.clientId) throw notFound()
      return open(state)
    },
    async endByIssuer({ sid, subject }) {
      const { records } = context
      if (sid === undefined && subject === undefined) throw new TypeError('endByIssuer: "sid" or "subject" is needed')
      const found =
        sid === undefined
          ? await records.findBySubject(client.issuer, client.clientId, subject!)
          : await records.findBySid(client.issuer, client.clientId, sid)
      const meant = found.filter((state) => subject === undefined || state.subject === subject)
      const taken = await Promise.all(meant.map(({ id }) => records.take(id)))
      for (const state of taken)
        if (state) context.emit({ kind: 'session_ended', session: state.id, issuer: state.issuer })
      return taken.filter((state) => state !== undefined).length
    },
    async findBySubject(subject) {
      const states = await context.records.findBySubject(client.issuer, client.clientId, subject)
      return states.map(open)
    },
  }
}

function createContext(options: SessionsOptions & { readonly store: RecordStore }): SessionContext {
  const { client, store, lock } = options
  const { runtime } = client
  return {
    client,
    runtime,
    emit: createEmitter(options.onEvent),
    engine: createRefreshEngine({ runtime, ...(lock && { lock }) }),
    backoff: createRefreshBackoff(runtime),
    refreshAhead: options.refreshAhead ?? defaults.refreshAhead,
    rotationGrace: options.rotationGrace ?? defaults.rotationGrace,
    records: createSessionRecords({
      store,
      runtime,
      lifetime: options.lifetime ?? defaults.lifetime,
      revalidateAfter: options.revalidateAfter ?? defaults.revalidateAfter,
    }),
  }
}

async function toState({ runtime, client }: SessionContext, login: LoginResult): Promise<SessionState> {
  const { tokens, claims, dpopKey, issuer, clientId, data } = login
  const { userinfo_endpoint: userinfo } = hasScope(tokens.scope, 'openid') ? await client.metadata() : {}
  return {
    format: 1,
    status: 'active',
    id: encodeBase64url(runtime.randomBytes(16)),
    issuer,
    clientId,
    tokens,
    generation: 0,
    createdAt: runtime.now(),
    ...(userinfo !== undefined && { userinfoOrigin: new URL(userinfo).origin }),
    ...(claims && { claims, subject: claims.sub }),
    ...(typeof claims?.sid === 'string' && { sid: claims.sid }),
    ...(dpopKey && { dpopKey: await exportSigningKey(dpopKey) }),
    ...(data !== undefined && { data }),
  }
}

/** Where this session's token may go, and what relative URLs mean. */
function fetchOptionsFor(options: SessionsOptions, state: SessionState): SessionFetchOptions {
  const { client, origins = [] } = options
  const resources = state.status === 'active' ? (state.tokens.resource ?? []) : []
  const baseUrl = options.baseUrl ?? resources[0]
  const allowed = [...origins, ...resources, baseUrl, state.userinfoOrigin].filter((url) => url !== undefined)
  return {
    origins: [...new Set(allowed.map((url) => new URL(url).origin))],
    allowLoopbackHttp: client.allowLoopbackHttp,
    runtime: client.runtime,
    nonces: client.nonces,
    ...(baseUrl !== undefined && { baseUrl: new URL(baseUrl) }),
  }
}
