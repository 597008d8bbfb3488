import type { RecordStore } from '../lib/record-store.ts'
import { createDevContext, type DevContext } from './context.ts'
import type { DevFaults } from './faults.ts'
import { createHandler, type DevHandler } from './handler.ts'
import { listen } from './node-listener.ts'
import {
  assertDevOptions,
  type DevClient,
  type DevHandlerOptions,
  type DevServerOptions,
  type DevUser,
} from './options.ts'
import { rotateKeys } from './token-routes.ts'

/** What a test or a developer does to a running server. */
export interface DevControls {
  readonly issuer: string
  readonly users: readonly DevUser[]
  readonly clients: readonly DevClient[]
  readonly store: RecordStore
  /** Those that are switched on now: add and delete as the test goes. */
  readonly faults: DevFaults
  /** Adds or replaces a client, without the registration endpoint. */
  addClient(client: DevClient): void
  /** Signs with fresh keys from now on; the old ones stay published until what they signed has expired. */
  rotateKeys(): Promise<void>
  /** The server as a function of the platform's types. */
  readonly handle: DevHandler
}

export interface DevServer extends DevControls {
  readonly port: number
  close(): Promise<void>
}

/**
 * The authorization server as one function `(Request) -> Response`, for any runtime. **For development and tests.**
 *
 * @throws TypeError that names the option
 */
export async function createDevHandler(options: DevHandlerOptions): Promise<DevControls> {
  assertDevOptions('createDevHandler', options)
  if (options.issuer === undefined) throw new TypeError('issuer: required')
  return controlsOf(await createDevContext(options))
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
  assertDevOptions('createDevServer', options, ['port'])
  const { port: wanted = 0, ...rest } = options
  let controls: DevControls | undefined
  const listener = await listen(wanted, async (port) => {
    controls = await createDevHandler({ ...rest, issuer: options.issuer ?? `http://127.0.0.1:${port}` })
    return controls.handle
  })
  return { ...controls!, port: listener.port, close: listener.close }
}

function controlsOf(context: DevContext): DevControls {
  return {
    issuer: context.issuer,
    users: context.configuredUsers,
    clients: context.configuredClients,
    store: context.store,
    faults: context.faults,
    addClient: context.clients.add,
    rotateKeys: () => rotateKeys(context),
    handle: createHandler(context),
  }
}
