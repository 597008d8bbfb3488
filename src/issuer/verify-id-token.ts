import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import type { Observer } from '../http/observer.ts'
import type { Fetch } from '../lib/fetch.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { assertKnownOptions, assertNumbers, assertSwitches } from '../lib/options.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { type IdTokenExpectations, judgeIdToken, type VerifiedIdToken } from '../protocol/id-token.ts'
import { assertIdTokenExpectations, idTokenExpectationNames } from '../protocol/id-token-expectations.ts'
import { createKeyring, type Keyring } from '../protocol/jwks.ts'
import type { Quirk } from '../protocol/quirks.ts'
import type { KeyCache } from './key-cache.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { type SharedSources, sharedSources } from './shared-caches.ts'

/** What `verifyIdToken` takes: what the token must be, and where metadata and keys come from. */
export interface VerifyIdTokenOptions extends IdTokenExpectations {
  /** Metadata known locally. With it nothing is discovered but a missing `jwks_uri`; its fields win. @default discovered */
  readonly metadata?: Partial<AuthorizationServerMetadata> | undefined
  /** The issuer's JWK set, not to be changed afterwards. @default fetched from `jwks_uri` */
  readonly jwks?: { readonly keys: readonly object[] } | undefined
  /** For metadata and keys only. @default the global fetch, with nothing around it */
  readonly fetch?: Fetch | undefined
  /** @default the machine's clock and random source */
  readonly runtime?: Runtime | undefined
  /** Ends this call's wait for metadata and keys. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for each request. @default 10000 */
  readonly timeout?: number | undefined
  /** Accepts `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean | undefined
}

/** An issuer's sources, as the rooms that keep their own have them. */
export interface IssuerSources {
  readonly metadata: MetadataCache
  readonly keys: KeyCache
  readonly runtime: Runtime
  readonly observer?: Observer
}

const optionNames = [
  ...idTokenExpectationNames,
  'metadata',
  'jwks',
  'fetch',
  'runtime',
  'signal',
  'timeout',
  'allowLoopbackHttp',
]

/** One function, so that the shared caches can know it again, whatever becomes of the global later. */
const bareFetch: Fetch = (request) => fetch(request)

/**
 * Verifies an id_token: shape, header, signature, claims, hashes; each rule is reported.
 *
 * Issuer and client id are enough: metadata and keys are then fetched, and cached for the process (by fetch,
 * clock and issuer, at most a hundred issuers). What is left out is not checked, and `checks` says so.
 *
 * @throws IdTokenError `invalid_id_token` for a token that is not to be believed
 * @throws ProtocolError | ResponseError | NetworkError | TimeoutError when metadata or keys cannot be had
 * @throws TypeError for unknown or contradictory options
 * @see OIDC Core 3.1.3.7
 * @example
 * const { claims, checks } = await verifyIdToken(token, { issuer: 'https://op.example', clientId: 'my-app', nonce })
 */
export async function verifyIdToken(token: string, options: VerifyIdTokenOptions): Promise<VerifiedIdToken> {
  assertKnownOptions('verifyIdToken', options, optionNames)
  assertSwitches('verifyIdToken', options, ['allowLoopbackHttp'])
  assertNumbers('verifyIdToken', options, ['timeout'])
  assertIdTokenExpectations(options)
  const { jwks, metadata, fetch = bareFetch, runtime = systemRuntime, signal } = options
  let known: SharedSources | undefined
  const sources = () => {
    known ??= sharedSources(options, fetch, runtime)
    return known
  }
  return await judgeIdToken(token, options, {
    runtime,
    signingAlgs: () => {
      // A registered algorithm needs no list, so with keys of its own such a caller asks the network for nothing.
      if (options.idTokenSignedResponseAlg !== undefined) return undefined
      if (metadata) return algsOf(metadata)
      return andThen(sources().metadata.get({ signal }), algsOf)
    },
    selectKeys: (query) =>
      jwks ? localKeyring(jwks, options.quirks).select(query) : sources().keys.select(query, { signal }),
  })
}

/**
 * `verifyIdToken` for callers that keep an issuer's metadata and keys themselves.
 *
 * @throws as `verifyIdToken`
 */
export async function verifyIdTokenWith(
  sources: IssuerSources,
  token: string,
  expectations: IdTokenExpectations,
  request: { readonly signal?: AbortSignal | undefined } = {},
): Promise<VerifiedIdToken> {
  assertIdTokenExpectations(expectations)
  return await judgeIdToken(token, expectations, {
    runtime: sources.runtime,
    signingAlgs: () => andThen(sources.metadata.get(request), algsOf),
    selectKeys: (query) => sources.keys.select(query, request),
    ...(sources.observer && { onQuirk: sources.observer.quirk }),
  })
}

function algsOf(metadata: Partial<AuthorizationServerMetadata>): readonly string[] | undefined {
  return metadata.id_token_signing_alg_values_supported
}

const localKeyrings = new WeakMap<object, Keyring>()

/** Parsed and imported once a set. */
function localKeyring(jwks: object, quirks: readonly Quirk[] = []): Keyring {
  // Seldom, and so not kept: what a key may be depends on more than the set.
  if (quirks.length > 0) return createKeyring(jwks, quirks)
  let keyring = localKeyrings.get(jwks)
  if (!keyring) {
    keyring = createKeyring(jwks)
    localKeyrings.set(jwks, keyring)
  }
  return keyring
}
