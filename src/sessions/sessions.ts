import { exportSigningKey } from '#signatures'
import type { LoginResult } from '../client/login-result.ts'
import type { OAuthClient } from '../client/oauth-client.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { createEmitter } from '../lib/emitter.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { hasScope } from '../protocol/scope.ts'
import { createRefreshBackoff } from '../refresh/refresh-backoff.ts'
import { createRefreshEngine } from '../refresh/refresh-engine.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { createSession, type Session } from './session.ts'
import type { SessionContext } from './session-context.ts'
import { assertActive, notFound } from './session-faults.ts'
import type { SessionFetchOptions } from './session-fetch.ts'
import { normaliseSessionsOptions, type SessionSettings, type SessionsOptions } from './session-options.ts'
import { createSessionRecords } from './session-records.ts'
import { isSessionState } from './session-shape.ts'
import type { SessionState } from './session-state.ts'
import { writePending } from './session-tokens.ts'

/** Logins that last: created at the callback, found by id or subject, renewed without being asked. */
export interface Sessions extends KeptSessions {
  /** Whose logins these are. */
  readonly client: OAuthClient
  /**
   * `client.handleCallback`, kept. Tokens that cannot be kept are revoked.
   *
   * @throws what `client.handleCallback` throws, and StoreError
   */
  handleCallback(...callback: Parameters<OAuthClient['handleCallback']>): Promise<Session>
}

/** Logins as they are kept, whoever brings them. */
export interface KeptSessions {
  /** Where they are kept. */
  readonly store: RecordStore
  /**
   * Keeps a login that was had in another way.
   *
   * @throws TypeError for one that no record could give back: without a token or a finite time, or of another issuer
   */
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

/** Whose logins are kept: those of a client at its issuer, or, for a profile, at many. */
export interface SessionOwner
  extends Pick<OAuthClient, 'clientId' | 'fetch' | 'runtime' | 'allowLoopbackHttp' | 'nonces' | 'clocks'> {
  /** Absent: logins of any issuer, among which a subject is unique, as a DID is. */
  readonly issuer?: string
  /** The client that a session belongs to. */
  readonly clientOf: SessionContext['clientOf']
  /** Where OpenID logins have their userinfo endpoint. */
  readonly metadata?: OAuthClient['metadata']
}

export function createSessionsOver(options: SessionsOptions & { readonly store: RecordStore }): Sessions {
  const { client } = normaliseSessionsOptions(options)
  const { keepOrRevoke, ...kept } = keepSessions({ ...options, client: { ...client, clientOf: () => client } })
  return {
    ...kept,
    client,
    handleCallback: async (...callback) => await keepOrRevoke(await client.handleCallback(...callback)),
  }
}

/** What `createSessions` does, for logins that any number of clients bring. */
export function keepSessions(
  options: Omit<SessionsOptions, 'client'> & { readonly client: SessionOwner; readonly store: RecordStore },
): KeptSessions & {
  /** `create` for tokens that nobody else has: where they cannot be kept they are revoked. */
  readonly keepOrRevoke: (login: LoginResult) => Promise<Session>
} {
  const settings = normaliseSessionsOptions(options)
  const { client } = settings
  const context = createContext(settings)
  const { records } = context
  const open = (state: SessionState) => createSession(context, state, settings.fetch, fetchOptionsFor(settings, state))
  const isOwn = ({ issuer, clientId }: SessionState) =>
    clientId === client.clientId && (client.issuer === undefined || issuer === client.issuer)
  const findBySubject = async (subject: string) =>
    (await records.findBySubject(client.issuer ?? null, client.clientId, subject)).filter(isOwn)

  async function keep(state: SessionState): Promise<Session> {
    // By the rules by which it will be read: it would be damaged for every other process.
    if (!isSessionState(state)) throw new TypeError('create: the login must be one that a client gave, with its tokens')
    await records.create(state)
    context.emit({ kind: 'session_created', session: state.ref, issuer: state.issuer })
    return open(state)
  }

  return {
    store: settings.store,
    create: async (login) => await keep(await toState(client, login)),
    async keepOrRevoke(login) {
      const state = await toState(client, login)
      try {
        return await keep(state)
      } catch (error) {
        // Nobody will ever have these tokens: they must not live on at the server.
        await revokeTokens(context, assertActive(state))
        throw error
      }
    },
    async get(id) {
      const state = await records.current(id)
      // One store may serve several clients: a session is opened by its own, so that no token goes astray.
      if (!state || !isOwn(state)) throw notFound()
      return open(state)
    },
    findBySubject: async (subject) => (await findBySubject(subject)).map(open),
    async endByIssuer({ sid, subject }) {
      if (sid === undefined && subject === undefined) throw new TypeError('endByIssuer: "sid" or "subject" is needed')
      const isSid = sid !== undefined && client.issuer !== undefined
      const found = isSid
        ? await records.findBySid(client.issuer, client.clientId, sid)
        : await findBySubject(subject ?? '')
      const meant = found.filter((state) => subject === undefined || state.subject === subject)
      const taken = await Promise.allSettled(meant.map(({ id }) => records.take(id)))
      const ended = taken.flatMap((outcome) => (outcome.status === 'fulfilled' ? (outcome.value ?? []) : []))
      await Promise.all(ended.map(({ id }) => writePending(context, id)))
      for (const { ref, issuer } of ended) context.emit({ kind: 'session_ended', session: ref, issuer })
      // Those that could be ended are; the issuer is to ask again for the others.
      const failed = taken.find((outcome) => outcome.status === 'rejected')
      if (failed) throw failed.reason
      return ended.length
    },
  }
}

function createContext(settings: SessionSettings<SessionOwner>): SessionContext {
  const { client, store, lock, refreshAhead, rotationGrace, lifetime, revalidateAfter } = settings
  const { runtime } = client
  const emit = createEmitter(settings.onEvent)
  const records = createSessionRecords({
    store,
    runtime,
    lifetime,
    revalidateAfter,
    uniqueSubjects: client.issuer === undefined,
    onInvalidRecord: () => emit({ kind: 'invalid_record', record: 'session' }),
    onChangedElsewhere: (before) => void tellOfEnd(before),
  })

  /** What another tab ended is told here, too, so that a page can show it. */
  async function tellOfEnd({ id, ref, issuer, status }: SessionState): Promise<void> {
    try {
      const now = (await records.read(id))?.state
      if (!now) emit({ kind: 'session_ended', session: ref, issuer })
      else if (now.status === 'expired' && status === 'active') {
        emit({ kind: 'session_expired', session: ref, issuer, reason: now.reason })
      }
    } catch {
      // Safe to leave: the next call reads the store, and meets its failure.
    }
  }

  return {
    clientOf: client.clientOf,
    runtime,
    refreshAhead,
    rotationGrace,
    emit,
    engine: createRefreshEngine({ runtime, ...(lock && { lock }) }),
    backoff: createRefreshBackoff(runtime),
    records,
  }
}

async function toState({ runtime, metadata }: SessionOwner, login: LoginResult): Promise<SessionState> {
  const { tokens, claims, dpopKey, issuer, clientId, clientKey, data } = login
  const subject = claims?.sub ?? login.subject
  const { userinfo_endpoint: userinfo } = (hasScope(tokens.scope, 'openid') && (await metadata?.())) || {}
  return {
    format: 1,
    status: 'active',
    id: encodeBase64url(runtime.randomBytes(16)),
    ref: encodeBase64url(runtime.randomBytes(9)),
    issuer,
    clientId,
    tokens,
    generation: 0,
    renewal: 0,
    createdAt: runtime.now(),
    ...(userinfo !== undefined && { userinfoOrigin: new URL(userinfo).origin }),
    ...(claims && { claims }),
    ...(subject !== undefined && { subject }),
    ...(clientKey && { clientKey }),
    ...(typeof claims?.sid === 'string' && { sid: claims.sid }),
    ...(dpopKey && { dpopKey: await exportSigningKey(dpopKey) }),
    ...(data !== undefined && { data }),
  }
}

/** Where this session's token may go, and what relative URLs mean. A resource may be any URI (RFC 8707 2). */
function fetchOptionsFor(
  { client, ...settings }: SessionSettings<SessionOwner>,
  state: SessionState,
): SessionFetchOptions {
  const named = state.status === 'active' ? (state.tokens.resource ?? []) : []
  const resources = named.map((uri) => new URL(uri)).filter(({ protocol }) => /^https?:$/.test(protocol))
  const baseUrl = settings.baseUrl ?? resources[0]
  const urls = [...resources, ...(baseUrl ? [baseUrl] : [])].map(({ origin }) => origin)
  const userinfo = state.userinfoOrigin === undefined ? [] : [state.userinfoOrigin]
  return {
    origins: [...new Set([...settings.origins, ...urls, ...userinfo])],
    resource: named,
    allowLoopbackHttp: client.allowLoopbackHttp,
    runtime: client.runtime,
    nonces: client.nonces,
    clocks: client.clocks,
    ...(baseUrl && { baseUrl }),
  }
}
