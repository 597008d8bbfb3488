import type { LoginResult } from '../client/login-result.ts'
import type { CallbackInput } from '../client/read-callback.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Lock } from '../lib/lock.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Jwk } from '../lib/signatures/types.ts'
import type { ClientEvent } from '../protocol/client-event.ts'
import type { ClientMetadataDocument } from '../protocol/client-metadata-document.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionEvent } from '../sessions/session-events.ts'
import type { SessionsOptions } from '../sessions/session-options.ts'
import type { IdentityEvent, IdentityOptions, IdentityResolver } from './identity/identity-types.ts'
import type { Permission } from './permissions/permission-types.ts'
import type { AccountXrpcClient, AnyXrpcMethods, XrpcClientOptions, XrpcMethods } from './xrpc/xrpc-types.ts'

/** A client key: a private JWK, PKCS #8 as PEM text or as DER bytes. It needs a `kid`, in the JWK or beside it. */
export type AtprotoKey =
  | Jwk
  | { readonly kid: string; readonly pem: string }
  | { readonly kid: string; readonly der: Uint8Array }

/** What `createAtprotoClient` takes: where the application is, its key, and what it asks for. */
export interface AtprotoClientOptions extends Omit<IdentityOptions, 'onEvent'> {
  /**
   * Where the application is. The client's id is `/client-metadata.json` there and logins come back to `/callback`. With
   * `localhost` it is `http://127.0.0.1` or `http://[::1]`, with any port.
   */
  readonly baseUrl: string | URL
  /** The key that the client proves itself with; of several the first is used for new logins, and sessions keep theirs. */
  readonly key?: AtprotoKey | readonly AtprotoKey[]
  /** `atproto` is added where it is missing. @default ['atproto'] */
  readonly scopes?: readonly (string | Permission)[]
  /** @default [] */
  readonly extraRedirectUris?: readonly string[]
  /** The client of development: `http://localhost` with its facts in the query, public, without a key. @default false */
  readonly localhost?: boolean
  /** @default 'web' */
  readonly applicationType?: 'web' | 'native'
  /** Members of the metadata document for people: `client_name`, `logo_uri`, `tos_uri`, `policy_uri`, `client_uri`. */
  readonly about?: Readonly<Record<string, string>>
  /** A URL for the keys, in place of the keys in the document. @default none: `jwks` */
  readonly jwksUri?: string
  /** Sent with each request of the library's own. @default 'authentype/<version>' */
  readonly userAgent?: string
  /** Sessions and logins under way. @default a memory store */
  readonly store?: RecordStore
  readonly lock?: Lock
  /** How long sessions are kept, and when they are renewed. @default as `createSessions` has it */
  readonly sessions?: Pick<SessionsOptions, 'lifetime' | 'refreshAhead' | 'revalidateAfter' | 'rotationGrace'>
  /** Sends to servers that users name. @default createScreenedFetch() */
  readonly fetch?: Fetch
  readonly runtime?: Runtime
  /** Milliseconds for each request. @default 10_000 */
  readonly timeout?: number
  /** `http:` and loopback addresses for PDS, authorization server and directory: development. @default false */
  readonly allowLoopbackHttp?: boolean
  readonly onEvent?: (event: AtprotoEvent) => void
}

/** What happens in a client of the AT Protocol, its identities and its sessions. */
export type AtprotoEvent = IdentityEvent | SessionEvent | ClientEvent

/** What one login asks for. */
export interface AtprotoLoginOptions {
  /** Of the client's scopes. @default all of them */
  readonly scopes?: readonly (string | Permission)[]
  /** One of `extraRedirectUris`. @default baseUrl + /callback */
  readonly redirectUri?: string
  /** Whatever the application wants to find again in the session; kept on this side, never sent. */
  readonly data?: unknown
  /** A random value that only this browser has; the callback then asks for it. @default none */
  readonly browserBinding?: string
  readonly prompt?: string
  readonly uiLocales?: string | readonly string[]
  readonly signal?: AbortSignal
}

/** How one callback is completed. */
export interface AtprotoCallbackOptions {
  readonly browserBinding?: string
  readonly signal?: AbortSignal
}

/**
 * One application's client, for accounts of every PDS. What it keeps are ordinary sessions: `session.subject` is the
 * DID, `session.resource[0]` the origin of the PDS, and relative URLs of `session.fetch` are resolved on that.
 */
export interface AtprotoClient {
  readonly clientId: string
  readonly redirectUri: string
  /** To be served as JSON at `clientId`. */
  readonly clientMetadata: ClientMetadataDocument
  /** To be served at `jwksUri`, where that is used: every client key, public. */
  readonly jwks: { readonly keys: readonly Jwk[] }
  readonly identity: IdentityResolver
  readonly store: RecordStore
  /** The transport, screened; every request of the library's own goes through it. */
  readonly fetch: Fetch
  /** The same for the PDS of an account: with room and time for blobs, and a nonce demanded with each answer to a proof. */
  readonly pdsFetch: Fetch
  readonly runtime: Runtime
  readonly userAgent: string
  readonly allowLoopbackHttp: boolean
  /** Begins a login by a handle, a DID, or the URL of a PDS or an authorization server. */
  createAuthorizationUrl(identifier: string | URL, options?: AtprotoLoginOptions): Promise<URL>
  /** Ends a login and keeps it. */
  handleCallback(request: CallbackInput, options?: AtprotoCallbackOptions): Promise<Session>
  /** The sessions that are kept, of all issuers. */
  readonly sessions: AtprotoSessions
  /**
   * XRPC calls for an account that is logged in.
   *
   * @param sessionKeyOrDid the id of a session; or a DID, of whose sessions an active one is taken, the newest first
   * @throws AtprotoError `not_found` where there is no such session
   * @throws TypeError for an unknown option
   * @example
   * const xrpc = await client.createXrpcClient('did:plc:ewvi7nxzyoun6zhxrhs64oiz')
   * await xrpc.post('com.atproto.repo.createRecord', { input: { repo: xrpc.did, collection, record } })
   */
  createXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods>(
    sessionKeyOrDid: string,
    options?: XrpcClientOptions,
  ): Promise<AccountXrpcClient<Methods>>
}

/** The sessions of accounts, found by id or by DID. */
export interface AtprotoSessions {
  /** Keeps a login that was had in another way. */
  create(login: LoginResult): Promise<Session>
  /** @throws SessionError `session_not_found` */
  get(id: string): Promise<Session>
  /** All sessions of an account, one a device; the newest first. */
  findByDid(did: string): Promise<readonly Session[]>
  /**
   * A session by its id, or by a DID: of several the active ones come before the ended, and the newest first.
   *
   * @throws AtprotoError `not_found`
   */
  open(idOrDid: string): Promise<Session>
}
