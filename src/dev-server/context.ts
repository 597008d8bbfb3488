import type { RecordStore } from '../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import {
  createTokenEndpointConfig,
  type ServerEvent,
  type ServerKeys,
  selectClaims,
  supportedGrants,
  type TokenEndpointConfig,
  type TokenEndpointOptions,
} from '../server/index.ts'
import { createMemoryStore } from '../stores/memory/index.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { type AttemptLimiter, createAttemptLimiter } from './attempt-limiter.ts'
import { type Clients, createClients } from './clients.ts'
import type { DevFault, DevFaults } from './faults.ts'
import { fetchDocument } from './fetch-document.ts'
import { type DevClient, type DevHandlerOptions, type DevUser, defaultClients, defaultUsers } from './options.ts'
import { createSigningKeys } from './signing-keys.ts'

/** What every route works with. */
export interface DevContext {
  readonly issuer: string
  /** Where clients show certificates, if that is elsewhere. */
  readonly mtlsOrigin: string | undefined
  readonly acceptJson: boolean
  /** By the faults of the moment. */
  readonly config: TokenEndpointConfig
  readonly accounts: Accounts
  readonly clients: Clients
  readonly keys: ServerKeys
  readonly store: RecordStore
  readonly runtime: Runtime
  /** Makes the guards of forms. */
  readonly formKey: CryptoKey
  readonly faults: DevFaults
  readonly configuredUsers: readonly DevUser[]
  readonly configuredClients: readonly DevClient[]
  /** Wrong user codes (RFC 8628 5.1). */
  readonly userCodeGuesses: AttemptLimiter
  /** Wrong passwords, by an address. */
  readonly passwordGuesses: AttemptLimiter
  /** Registrations by an address. */
  readonly registrations: AttemptLimiter
  /** Milliseconds. */
  wait(milliseconds: number): Promise<void>
  /** For faults that hit every other request: whether it is this one. */
  isNextTurn(fault: DevFault): boolean
  emit(events: readonly ServerEvent[]): void
  /** A fault of this server itself. */
  report(error: unknown): void
}

const secretBytes = 32
/** Of one kind in one window. */
const mostGuesses = 10
/** Seconds. */
const guessWindow = 300
/** Seconds; the least that the core allows. */
const expiredLifetime = 1

export async function createDevContext(options: DevHandlerOptions): Promise<DevContext> {
  const { issuer, runtime = systemRuntime, users = defaultUsers, clients: configuredClients = defaultClients } = options
  const store = options.store ?? createMemoryStore({ runtime })
  const keys = await createSigningKeys(options.keys, runtime)
  const createGuesses = () => createAttemptLimiter({ most: mostGuesses, seconds: guessWindow, runtime })
  const accounts = createAccounts(users, createGuesses())
  const clients = createClients(configuredClients, store)
  const faults: DevFaults = new Set(options.faults)
  const turns = new Map<DevFault, number>()
  const configFor = createConfigs(coreOptions(options, { keys, store, runtime, accounts, clients }))
  return {
    issuer,
    mtlsOrigin: options.mtlsOrigin,
    acceptJson: options.acceptJson ?? false,
    get config() {
      return configFor(faults)
    },
    accounts,
    clients,
    keys,
    store,
    runtime,
    formKey: await createFormKey(runtime),
    faults,
    configuredUsers: users,
    configuredClients,
    userCodeGuesses: createGuesses(),
    passwordGuesses: createGuesses(),
    registrations: createAttemptLimiter({ most: 10, seconds: 3_600, runtime }),
    wait: (milliseconds) =>
      runtime.delay?.(milliseconds) ?? new Promise((resolve) => setTimeout(resolve, milliseconds)),
    isNextTurn(fault) {
      const turn = turns.get(fault) ?? 0
      turns.set(fault, turn + 1)
      return turn % 2 === 0
    },
    emit(events) {
      for (const event of events) tell(() => options.onEvent?.(event))
    },
    report(error) {
      tell(() => options.onError?.(error))
    },
  }
}

function createFormKey(runtime: Runtime): Promise<CryptoKey> {
  const secret = runtime.randomBytes(secretBytes)
  return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

/** A sink that fails, at once or later, changes no outcome, and a slow one is not waited for. */
function tell(sink: () => unknown): void {
  const ignore = () => {
    // It is the sink's own fault and none of the request's.
  }
  try {
    Promise.resolve(sink()).catch(ignore)
  } catch {
    ignore()
  }
}

type Parts = Pick<DevContext, 'keys' | 'store' | 'runtime' | 'accounts' | 'clients'>

function coreOptions(options: DevHandlerOptions, parts: Parts): TokenEndpointOptions {
  const { issuer, resources = [`${issuer}/api`], requirePushedRequests, accessTokenFormat, lifetimes } = options
  const { authorizationDetailsTypes } = options
  const { keys, store, runtime, accounts, clients } = parts
  return {
    issuer,
    keys,
    store,
    runtime,
    grants: supportedGrants,
    resources,
    // A development server: plain HTTP, on loopback alone.
    httpsRequired: new URL(issuer).protocol === 'https:',
    registration: true,
    claimsParameter: true,
    mtls: options.mtls ?? options.mtlsOrigin !== undefined,
    clientMetadataDocuments: options.clientMetadataDocuments ?? false,
    fetchDocument,
    parRequired: requirePushedRequests ?? false,
    refreshTokens: { sealKey: runtime.randomBytes(secretBytes) },
    dpop: { nonceSecret: runtime.randomBytes(secretBytes) },
    ...(accessTokenFormat && { accessTokens: { format: accessTokenFormat } }),
    ...(lifetimes && { lifetimes }),
    ...(authorizationDetailsTypes && { authorizationDetailsTypes }),
    loadClient: clients.loadClient,
    // For development: whoever reaches this server may have what it has.
    authorizeRegistration: ({ metadata }) => metadata,
    verifyClientSecret: clients.verifyClientSecret,
    loadClientSecret: clients.loadClientSecret,
    isPublicClient: ({ metadata }) => metadata.token_endpoint_auth_method === 'none',
    loadPrincipal: (subject) => accounts.find(subject),
    loadAssertionIssuer: (name) => options.assertionIssuers?.find((one) => one.issuer === name),
    resolveLoginHint: (hint) => accounts.resolveHint(hint),
    buildIdTokenClaims: ({ subject, scope, claims, target }) =>
      selectClaims(accounts.find(subject)?.claims ?? {}, { scope, target, ...(claims && { claims }) }),
    issueRefreshToken: ({ client }) => client.metadata.grant_types?.includes('refresh_token') === true,
  }
}

/** One configuration for each set of faults that changes any; all share keys, store and secrets. */
function createConfigs(options: TokenEndpointOptions): (faults: ReadonlySet<DevFault>) => TokenEndpointConfig {
  const made = new Map<string, TokenEndpointConfig>()
  return (faults) => {
    const [demand, expire] = [faults.has('nonce-demands'), faults.has('expired-tokens')]
    const name = `${demand} ${expire}`
    const known = made.get(name)
    if (known) return known
    const config = createTokenEndpointConfig({
      ...options,
      ...(demand && { dpop: { ...(options.dpop || {}), requireNonce: true } }),
      ...(expire && { lifetimes: { ...options.lifetimes, accessToken: expiredLifetime } }),
    })
    made.set(name, config)
    return config
  }
}
