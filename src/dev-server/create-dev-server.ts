import type { RecordStore } from '../lib/record-store.ts'
import { issuePreAuthorizedCode, type PendingBackchannelRequest, type PreAuthorizedCodeInput } from '../server/index.ts'
import { answerForUser, readInbox } from './backchannel-inbox.ts'
import { createDevContext, type DevContext } from './context.ts'
import type { Answerer } from './exchange.ts'
import type { DevFaults } from './faults.ts'
import { createAnswerer, type DevHandler, toHandler } from './handler.ts'
import { rotateEvery } from './key-rotation.ts'
import { listenAll } from './listeners.ts'
import {
  assertDevOptions,
  assertServerOptions,
  type DevClient,
  type DevHandlerOptions,
  type DevServerOptions,
  type DevUser,
  serverNames,
} from './options.ts'
import { rotateKeys } from './token-routes.ts'

/** What a test or a developer does to a running server. */
export interface DevControls {
  /** Where clients find it. */
  readonly issuer: string
  /** Where clients show certificates (RFC 8705 5), if that is elsewhere. */
  readonly mtlsOrigin: string | undefined
  /** Who can log in, with their passwords. */
  readonly users: readonly DevUser[]
  /** Who was registered from the start, with their secrets. */
  readonly clients: readonly DevClient[]
  /** Where it keeps codes, tokens and logins. */
  readonly store: RecordStore
  /** Those that are switched on now: add and delete as the test goes. */
  readonly faults: DevFaults
  /** Adds or replaces a client, without the registration endpoint. */
  addClient(client: DevClient): void
  /** Signs with fresh keys from now on; the old ones stay published until what they signed has expired. */
  rotateKeys(): Promise<void>
  /** What applications ask of a user by CIBA, and `/inbox` shows them. */
  backchannelRequests(subject: string): Promise<readonly PendingBackchannelRequest[]>
  /**
   * Answers for the user, without the page.
   *
   * @returns whether the request was there and waited for an answer
   */
  answerBackchannelRequest(authReqId: string, answer: 'allow' | 'deny'): Promise<boolean>
  /** A code that is good for tokens of a user, as an issuer's own site would make one (OpenID4VCI 1.0 4.1.1). */
  issuePreAuthorizedCode(input: PreAuthorizedCodeInput): Promise<{ readonly code: string; readonly expiresIn: number }>
  /** The server as a function of the platform's types. */
  readonly handle: DevHandler
}

/** A running development server and what a test can do to it. */
export interface DevServer extends DevControls {
  /** The port on 127.0.0.1. */
  readonly port: number
  /** Stops listening and breaks open connections. */
  close(): Promise<void>
}

/**
 * The authorization server without a port, its `handle` a function `(Request) -> Response`, for any runtime. **For
 * development and tests.**
 *
 * @throws TypeError that names the option
 */
export async function createDevHandler(options: DevHandlerOptions): Promise<DevControls> {
  assertDevOptions('createDevHandler', options)
  if (options.issuer === undefined) throw new TypeError('issuer: required')
  const context = await createDevContext(options)
  return controlsOf(context, createAnswerer(context))
}

/**
 * Starts an authorization server in this process, on 127.0.0.1: **for development and tests**. With nothing
 * configured it has two users, two clients, fresh keys, and keeps everything in memory.
 *
 * @throws TypeError that names the option
 * @example
 * const server = await createDevServer()
 * const client = createOAuthClient({ issuer: server.issuer, clientId: 'dev-app', redirectUri, allowLoopbackHttp: true })
 * await server.close()
 */
export async function createDevServer(options: DevServerOptions = {}): Promise<DevServer> {
  return startDevServer(options, (answerer) => answerer)
}

/**
 * Starts a server whose every exchange goes through a function of the caller's: this package's tests hold each answer
 * against the document there.
 */
export async function startDevServer(
  options: DevServerOptions,
  through: (answerer: Answerer) => Answerer,
): Promise<DevServer> {
  assertDevOptions('createDevServer', options, serverNames)
  assertServerOptions(options)
  const { port: _, tls, clientCa: __, clientCertificateHeader, rotateKeysEvery, ...rest } = options
  const mtls = rest.mtls ?? (tls !== undefined || clientCertificateHeader !== undefined)
  let controls: DevControls | undefined
  const listener = await listenAll(options, async (origins) => {
    const all = { ...rest, ...origins, mtls }
    assertDevOptions('createDevServer', all)
    const context = await createDevContext(all)
    const answerer = through(createAnswerer(context))
    controls = controlsOf(context, answerer)
    return answerer
  })
  const { rotateKeys: rotate } = controls!
  const report = (error: unknown) => rest.onError?.(error)
  const stop = rotateKeysEvery === undefined ? undefined : rotateEvery(rotateKeysEvery, rotate, report)
  return {
    ...controls!,
    port: listener.port,
    async close() {
      stop?.()
      await listener.close()
    },
  }
}

function controlsOf(context: DevContext, answerer: Answerer): DevControls {
  return {
    issuer: context.issuer,
    mtlsOrigin: context.mtlsOrigin,
    users: context.configuredUsers,
    clients: context.configuredClients,
    store: context.store,
    faults: context.faults,
    addClient: context.clients.add,
    rotateKeys: () => rotateKeys(context),
    backchannelRequests: async (subject) =>
      (await readInbox(context, subject)).map(({ entryId: _, ...pending }) => pending),
    answerBackchannelRequest: (authReqId, answer) => answerForUser(context, authReqId, answer),
    async issuePreAuthorizedCode(input) {
      const { code, expiresIn, events } = await issuePreAuthorizedCode(context.config, input)
      context.emit(events)
      return { code, expiresIn }
    },
    handle: toHandler(answerer),
  }
}
