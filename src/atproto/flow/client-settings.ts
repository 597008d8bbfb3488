import { createScreenedFetch } from '../../http/screened-fetch.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { assertKnownOptions, assertNumbers, assertOptions } from '../../lib/options.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import type { ClientMetadataDocument } from '../../protocol/client-metadata-document.ts'
import type { AtprotoClientOptions, AtprotoKey } from '../atproto-client-types.ts'
import { createLoopbackClientId, isLoopbackRedirect } from '../client/client-id.ts'
import { type ClientKeys, createClientKeys } from '../client/client-keys.ts'
import { createClientMetadata } from '../client/client-metadata.ts'
import { identityOptionNames } from '../identity/identity-resolver.ts'
import { withAtproto } from '../permissions/scopes.ts'
import { requireNonces } from '../require-nonces.ts'
import { defaultUserAgent, withUserAgent } from '../user-agent.ts'

/** The options with every default filled in. */
export interface AtprotoClientSettings {
  readonly clientId: string
  readonly redirectUris: readonly [string, ...string[]]
  readonly scopes: readonly string[]
  /** Absent for a public client. */
  readonly keys: ClientKeys | undefined
  readonly clientMetadata: ClientMetadataDocument
  readonly fetch: Fetch
  /** For the PDS: with room and time for blobs, and a nonce in each answer. */
  readonly pdsFetch: Fetch
  readonly userAgent: string
  readonly runtime: Runtime
  readonly timeout: number
  readonly allowLoopbackHttp: boolean
}

const name = 'createAtprotoClient'
const optionNames = [
  ...['baseUrl', 'key', 'scopes', 'extraRedirectUris', 'localhost', 'applicationType', 'about', 'jwksUri', 'userAgent'],
  ...['store', 'lock', 'sessions', 'fetch', 'runtime', 'timeout', 'allowLoopbackHttp', 'onEvent'],
  ...identityOptionNames,
]

/** What a call to a PDS may take: blobs go through it, too. */
const pdsLimits = { timeout: 60_000, maxBytes: 64 * 1024 * 1024 } as const

/** @throws TypeError that names the option; what `createClientMetadata` throws */
export function settleAtprotoOptions(options: AtprotoClientOptions): AtprotoClientSettings {
  assertOptions(name, options)
  assertKnownOptions(name, options, optionNames)
  const { localhost = false, extraRedirectUris = [], allowLoopbackHttp = false, timeout = 10_000 } = options
  const { runtime = systemRuntime, userAgent = defaultUserAgent } = options
  const sessionNames = ['lifetime', 'refreshAhead', 'revalidateAfter', 'rotationGrace']
  assertKnownOptions(`${name}: "sessions"`, options.sessions ?? {}, sessionNames)
  assertNumbers(name, options, ['timeout'])
  const base = baseOf(options.baseUrl, localhost)
  const redirectUris = [`${base}/callback`, ...extraRedirectUris] as const
  const scopes = withAtproto(options.scopes ?? [])
  const clientId = localhost ? createLoopbackClientId({ redirectUris, scopes }) : `${base}/client-metadata.json`
  // AT Protocol OAuth, "Localhost Client Development": such a client is always public, whatever key production has.
  const keys = localhost ? undefined : keysOf(options.key)
  const { about, jwksUri, applicationType } = options
  if (jwksUri !== undefined && !keys) throw new TypeError(`${name}: "jwksUri" needs a "key"`)
  const clientMetadata = createClientMetadata({
    clientId,
    redirectUri: redirectUris[0],
    extraRedirectUris,
    scopes,
    ...(keys && jwksUri === undefined && { jwks: keys.jwks }),
    ...(jwksUri !== undefined && { jwksUri }),
    ...(about && { about }),
    ...(applicationType !== undefined && { applicationType }),
  })
  const named = (fetch: Fetch) => withUserAgent(fetch, userAgent)
  return {
    clientId,
    redirectUris,
    scopes,
    keys,
    clientMetadata,
    fetch: named(options.fetch ?? createScreenedFetch({ allowLoopbackHttp, timeout })),
    pdsFetch: named(requireNonces(options.fetch ?? createScreenedFetch({ allowLoopbackHttp, ...pdsLimits }))),
    userAgent,
    runtime,
    timeout,
    allowLoopbackHttp,
  }
}

function keysOf(key: AtprotoClientOptions['key']): ClientKeys | undefined {
  if (key === undefined) return undefined
  const [first, ...rest] = Array.isArray(key) ? (key as readonly AtprotoKey[]) : [key as AtprotoKey]
  if (first === undefined) throw new TypeError(`${name}: "key" must be a key or a list of keys, the newest first`)
  return createClientKeys([first, ...rest])
}

/** Without a slash at its end. */
function baseOf(given: string | URL, localhost: boolean): string {
  const text = String(given ?? '')
  const base = text.replace(/\/+$/, '')
  if (localhost) {
    if (isLoopbackRedirect(base)) return base
    throw new TypeError(
      `${name}: with "localhost" the "baseUrl" must be http://127.0.0.1 or http://[::1], with any port`,
    )
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const { protocol, port, search, hash, username, password } = url ?? {}
  if (protocol !== 'https:' || search || hash || username || password) {
    throw new TypeError(`${name}: "baseUrl" must be an https URL; "localhost: true" is for development`)
  }
  // AT Protocol OAuth, "Client ID Metadata Document": the URL has no port.
  if (port !== '') throw new TypeError(`${name}: "baseUrl" must have no port, since the client_id is under it`)
  return base
}
