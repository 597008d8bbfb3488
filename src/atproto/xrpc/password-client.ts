import { AtprotoError } from '../../errors/atproto.ts'
import { ResponseError } from '../../errors/response.ts'
import { SessionError } from '../../errors/session.ts'
import type { XrpcError } from '../../errors/xrpc.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { isDid } from '../did.ts'
import { createPasswordRefresher, sessionEnded } from './password-refresh.ts'
import { type PasswordRecord, type PasswordState, passwordRecord } from './password-state.ts'
import type { XrpcAnswer } from './xrpc-answer.ts'
import { createXrpcMethods, exchange } from './xrpc-client.ts'
import { normaliseXrpcOptions, serviceOrigin, xrpcOptionNames } from './xrpc-options.ts'
import type { XrpcCall } from './xrpc-request.ts'
import type { AnyXrpcMethods, XrpcClient, XrpcClientOptions, XrpcMethods } from './xrpc-types.ts'

/** What `createPasswordXrpcClient` takes. */
export interface PasswordXrpcClientOptions extends XrpcClientOptions {
  /** The origin of the account's PDS, or of an entryway before it: https, or http on this machine. */
  readonly service: string | URL
  /** An account that logged in before, and whose login is in the store. @default none */
  readonly did?: string
  /** Where tokens are kept. @default a memory store: the login is gone at exit */
  readonly store?: RecordStore
  /** @default the global fetch */
  readonly fetch?: Fetch
  readonly runtime?: Runtime
}

/** A login by a password that was made for applications. */
export interface PasswordLogin {
  /** A handle, a DID, or the account's e-mail address. */
  readonly identifier: string
  /** Better one made for applications than the account's own. */
  readonly password: string
  /** The code that was mailed to the user, where the server asked for one: XrpcError `AuthFactorTokenRequired`. */
  readonly authFactorToken?: string
}

/** Calls for an account that logs in by password: bots and tools of one's own. Applications for others log in by OAuth. */
export interface PasswordXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods> extends XrpcClient<Methods> {
  /** Whose calls these are; `undefined` until `createSession`. */
  readonly did: string | undefined
  /**
   * com.atproto.server.createSession. A login before it is replaced.
   *
   * @throws XrpcError `AuthenticationRequired`, `AuthFactorTokenRequired`, `AccountTakedown`, ...
   */
  createSession(login: PasswordLogin): Promise<{ readonly did: string; readonly handle: string }>
  /** com.atproto.server.refreshSession, now; calls do so by themselves. @throws SessionError */
  refreshSession(options?: { readonly signal?: AbortSignal }): Promise<void>
  /** com.atproto.server.deleteSession. The tokens are gone here whatever the server says. */
  deleteSession(): Promise<void>
}

const name = 'createPasswordXrpcClient'
const server = 'com.atproto.server'

export function createPasswordXrpcClientOver<Methods extends XrpcMethods = AnyXrpcMethods>(
  options: PasswordXrpcClientOptions & { readonly store: RecordStore },
): PasswordXrpcClient<Methods> {
  assertKnownOptions(name, options, ['service', 'did', 'store', 'fetch', 'runtime', ...xrpcOptionNames])
  const { store, runtime = systemRuntime } = options
  const service = serviceOrigin(name, 'service', options.service)
  const send = createSender(options, service, runtime)
  const refresher = createPasswordRefresher(
    {
      refresh: (state) => refresh(send, state),
      remove: async (state) => void (await send(procedure('deleteSession'), state.refreshJwt)),
    },
    runtime,
  )
  let { did } = options

  const record = () => {
    if (did === undefined) throw noToken()
    return passwordRecord(store, service, did)
  }
  /** With its record: another account may log in before a call is over, whose tokens must not go with it. */
  async function current(): Promise<{ readonly own: PasswordRecord; readonly state: PasswordState }> {
    const own = record()
    const found = await own.read()
    if (!found) throw noToken()
    if (found.state.ended) throw sessionEnded()
    return { own, state: found.state }
  }
  async function call(wanted: XrpcCall): Promise<XrpcAnswer> {
    const { own, state } = await current()
    const answer = await send(wanted, state.accessJwt)
    // A stream is used up; the next call has the use of the new token.
    if (answer.ok || !mayBeCured(answer.error)) return answer
    const { accessJwt } = await refresher.renew(own, state, wanted.signal)
    return wanted.input instanceof ReadableStream ? answer : await send(wanted, accessJwt)
  }

  return {
    get did() {
      return did
    },
    ...createXrpcMethods<Methods>(call),
    async createSession(login) {
      assertKnownOptions('createSession', login, ['identifier', 'password', 'authFactorToken'])
      const state = await logIn(send, service, login)
      try {
        await replace(passwordRecord(store, service, state.did), state)
      } catch (error) {
        // Nobody will ever have these tokens: they must not live on at the server.
        await send(procedure('deleteSession'), state.refreshJwt).catch(() => {})
        throw error
      }
      did = state.did
      return { did, handle: state.handle }
    },
    async refreshSession({ signal } = {}) {
      const { own, state } = await current()
      await refresher.renew(own, state, signal)
    },
    async deleteSession() {
      const own = record()
      const found = await own.look()
      if (!found) return
      await take(own)
      // As far as the server can be reached: nobody is logged in here any more.
      if (found.state && !found.state.ended)
        await send(procedure('deleteSession'), found.state.refreshJwt).catch(() => {})
    },
  }
}

type Send = (call: XrpcCall, token?: string) => Promise<XrpcAnswer>

function createSender(options: PasswordXrpcClientOptions, service: string, runtime: Runtime): Send {
  const { fetch = (request) => globalThis.fetch(request) } = options
  const settings = normaliseXrpcOptions(name, options)
  // Tokens are this server's own affair, whoever else is to be called.
  const own = { ...settings, proxy: undefined, labelers: undefined }
  return async (call, token) =>
    await exchange(call, {
      service,
      settings: call.nsid.startsWith(`${server}.`) ? own : settings,
      runtime,
      send({ url, init, signal }) {
        const request = new Request(url, { ...init, signal, redirect: 'manual' })
        if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`)
        return fetch(request)
      },
    })
}

const procedure = (method: string, input?: unknown): XrpcCall => ({
  method: 'POST',
  nsid: `${server}.${method}`,
  input,
})

/** A 401 or 403 may be for the token, and so is what the reference server says with status 400. */
function mayBeCured({ status, error }: XrpcError): boolean {
  return status === 401 || status === 403 || error === 'ExpiredToken' || error === 'InvalidToken'
}

async function logIn(send: Send, service: string, login: PasswordLogin): Promise<PasswordState> {
  const answer = await send(procedure('createSession', login))
  if (!answer.ok) throw answer.error
  return { format: 1, service, generation: 0, ...tokensOf(`${server}.createSession`, answer.response.data, service) }
}

async function refresh(send: Send, state: PasswordState): Promise<PasswordState> {
  const answer = await send(procedure('refreshSession'), state.refreshJwt)
  if (!answer.ok) throw answer.error
  const tokens = tokensOf(`${server}.refreshSession`, answer.response.data, state.service)
  if (tokens.did !== state.did) throw unfit(`${server}.refreshSession`, state.service, 'the same account', 'another')
  return { ...state, ...tokens, generation: state.generation + 1 }
}

function tokensOf(
  nsid: string,
  data: unknown,
  service: string,
): Pick<PasswordState, 'did' | 'handle' | 'accessJwt' | 'refreshJwt'> {
  const { did, handle, accessJwt, refreshJwt } = (data ?? {}) as Record<string, unknown>
  const isToken = (value: unknown): value is string => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
  if (isDid(did) && typeof handle === 'string' && isToken(accessJwt) && isToken(refreshJwt)) {
    return { did, handle, accessJwt, refreshJwt }
  }
  throw unfit(nsid, service, 'did, handle, accessJwt and refreshJwt', 'something else')
}

function unfit(nsid: string, url: string, expected: string, actual: string): ResponseError {
  const facts = { url, status: 200, expected, actual }
  return new ResponseError('invalid_body', `${nsid}: expected ${expected}, got ${actual}`, facts)
}

async function replace(record: PasswordRecord, state: PasswordState): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const found = await record.look()
    // A generation of its own, so that a refresh of the login before cannot be put over this one.
    const next = { ...state, generation: (found?.state?.generation ?? -1) + 1 }
    if (await record.replace(next, found?.version ?? null)) return
  }
  throw new SessionError('refresh_failed', 'the login was changed by others each time that it was to be written')
}

async function take(record: PasswordRecord): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const found = await record.look()
    if (!found || (await record.remove(found.version))) return
  }
}

const maxAttempts = 10

function noToken(): AtprotoError {
  return new AtprotoError('no_token', 'there is no login; call createSession first')
}
