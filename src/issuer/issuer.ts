import { importSigningKey } from '#signatures'
import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import { createApi } from '../http/create-api.ts'
import { createCallNonces, createDpopNonces, type DpopNonces } from '../http/dpop-nonces.ts'
import { withLimits } from '../http/limits.ts'
import { createObserver, type Observer } from '../http/observer.ts'
import { withoutRedirects } from '../http/redirects.ts'
import { createServerClocks, type ServerClocks } from '../http/server-clocks.ts'
import { withAssumedJson } from '../http/with-assumed-json.ts'
import { withClientAuth } from '../http/with-client-auth.ts'
import { withDpop } from '../http/with-dpop.ts'
import { withNonceRetry } from '../http/with-nonce-retry.ts'
import { withStrictJson } from '../http/with-strict-json.ts'
import type { Api } from '../lib/api.ts'
import type { Fetch } from '../lib/fetch.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import type { ClientAuth } from '../protocol/client-auth.ts'
import { type AuthenticatedEndpoint, resolveClientAuth } from '../protocol/client-auth-support.ts'
import type { ClientEventListener } from '../protocol/client-event.ts'
import { judgeLocalMetadata } from '../protocol/metadata.ts'
import { applyMtlsAliases } from '../protocol/mtls-endpoints.ts'
import type { Quirk } from '../protocol/quirks.ts'
import { createKeyCache, type KeyCache } from './key-cache.ts'
import { createMetadataCache, type MetadataCache } from './metadata-cache.ts'

export interface IssuerOptions {
  /** The issuer identifier, compared exactly with what metadata, callbacks and tokens say. */
  readonly issuer: string
  readonly clientId: string
  readonly clientAuth: ClientAuth
  readonly fetch: Fetch
  readonly runtime: Runtime
  /** Milliseconds for each request to the issuer, body included. */
  readonly timeout: number
  readonly allowLoopbackHttp: boolean
  /** Fields that win over discovered ones. */
  readonly metadata?: Partial<AuthorizationServerMetadata>
  /** Whether there is a metadata document. */
  readonly discover: boolean
  /** Whether the fetch brings a certificate for more than authentication (RFC 8705 3). @default false */
  readonly certificateBoundAccessTokens?: boolean
  /** What is let pass of this server. @default none */
  readonly quirks?: readonly Quirk[] | undefined
  readonly onEvent?: ClientEventListener | undefined
}

export interface IssuerRequest {
  /** Proves possession of this key with each request (RFC 9449). */
  readonly dpopKey?: SigningKey
  readonly signal?: AbortSignal
}

/** One issuer as one client sees it: its metadata and keys, cached, and a way to call its endpoints. */
export interface Issuer {
  readonly issuer: string
  readonly clientId: string
  readonly clientAuth: ClientAuth
  /** Tokens must be bound to the certificate that the fetch brings (RFC 8705 3). */
  readonly certificateBoundAccessTokens: boolean
  readonly runtime: Runtime
  readonly allowLoopbackHttp: boolean
  readonly metadata: MetadataCache
  readonly keys: KeyCache
  /** Of the authorization server and, where it is one, of the resource server at the same origin. */
  readonly nonces: DpopNonces
  /** What the servers' `Date` fields tell of their clocks. */
  readonly clocks: ServerClocks
  readonly observer: Observer
  /** The transport that it was given, watched and learned from. */
  readonly fetch: Fetch
  /**
   * Sends as this client: authenticated where the document says so, proven with the key where one is given.
   *
   * @param endpoint whose list says how. @default 'token'
   */
  api(request?: IssuerRequest, endpoint?: AuthenticatedEndpoint): Promise<Api>
  /** The transport within the limits for OAuth endpoints: deadline, size, no redirects. */
  readonly limited: Fetch
}

/** Bytes of an answer of any endpoint but metadata and keys, which have 512 KiB. */
const maxBytes = 1024 * 1024

export function createIssuer(options: IssuerOptions): Issuer {
  const { issuer, clientId, clientAuth, runtime, timeout, allowLoopbackHttp } = options
  const { quirks = [], onEvent } = options
  const observer = createObserver({ issuer, runtime, onEvent })
  const clocks = createServerClocks({ runtime, onLearned: observer.clockSkew })
  const fetch = observer.watchFetch(clocks.learnFrom(options.fetch))
  const answered = withoutRedirects(withLimits(fetch, { timeout, maxBytes }))
  const limited = withStrictJson(
    quirks.includes('missing-content-type')
      ? withAssumedJson(answered, () => observer.quirk('missing-content-type'))
      : answered,
  )
  const nonces = createDpopNonces()
  const shared = { fetch, runtime, timeout, quirks, observer }
  const discovered = options.discover
    ? createMetadataCache({
        ...shared,
        issuer,
        allowLoopbackHttp,
        ...(options.metadata && { metadata: options.metadata }),
      })
    : knownMetadata(options)
  const certificateBoundAccessTokens = options.certificateBoundAccessTokens ?? false
  const brings = clientAuth.mutualTls === true || certificateBoundAccessTokens
  const metadata = brings ? withMtlsAliases(discovered) : discovered
  return {
    issuer,
    clientId,
    clientAuth,
    certificateBoundAccessTokens,
    runtime,
    allowLoopbackHttp,
    metadata,
    keys: createKeyCache({ ...shared, metadata }),
    nonces,
    clocks,
    observer,
    fetch,
    limited,
    async api({ dpopKey, signal } = {}, endpoint) {
      const role = 'authorization_server'
      const own = createCallNonces(nonces)
      const known = await metadata.get(signal ? { signal } : {})
      // What is no key is refused here: within a request it would pass for a failure of the network.
      const key = dpopKey && (await importSigningKey(dpopKey))
      const proven = key ? withDpop(limited, { key, nonces: own, role, clocks, runtime }) : limited
      const method = resolveClientAuth(clientAuth, known, endpoint)
      const audience = quirks.includes('token-endpoint-audience') ? tokenEndpointAudience(method, known) : undefined
      if (audience !== undefined) observer.quirk('token-endpoint-audience')
      const authenticated = withClientAuth(proven, {
        clientId,
        clientAuth: method,
        issuer: audience ?? issuer,
        clocks,
        runtime,
      })
      return createApi({
        metadata: known,
        fetch: limited,
        clientFetch: dpopKey ? withNonceRetry(authenticated, { nonces: own, role }) : authenticated,
      })
    },
  }
}

/** The quirk `token-endpoint-audience`, where there are assertions for it to have a say in. */
function tokenEndpointAudience(
  { signingAlg }: ClientAuth,
  { token_endpoint: endpoint }: AuthorizationServerMetadata,
): string | undefined {
  return signingAlg === undefined ? undefined : endpoint
}

/** The metadata as a client with a certificate uses it; the same object for the same document. */
function withMtlsAliases(cache: MetadataCache): MetadataCache {
  const applied = new WeakMap<AuthorizationServerMetadata, AuthorizationServerMetadata>()
  return {
    get: (request) =>
      andThen(cache.get(request), (metadata) => {
        const known = applied.get(metadata) ?? applyMtlsAliases(metadata)
        applied.set(metadata, known)
        return known
      }),
  }
}

/** Judged like a discovered document, on first use. */
function knownMetadata({ issuer, metadata: local, allowLoopbackHttp }: IssuerOptions): MetadataCache {
  let judged: AuthorizationServerMetadata | undefined
  return {
    get() {
      judged ??= judgeLocalMetadata({ issuer, local, allowLoopbackHttp })
      return judged
    },
  }
}
