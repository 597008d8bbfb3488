import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import type { ResponseProtection } from '../issuer/response-jwt.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions, assertNumbers, assertSwitches } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { isAsymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import type { AsymmetricAlgorithm, SignatureAlgorithm } from '../lib/signatures/types.ts'
import { type ClientAuth, clientSecret, none } from '../protocol/client-auth.ts'
import type { ClientEventListener } from '../protocol/client-event.ts'
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../protocol/encryption-algorithms.ts'
import { assertQuirks, type Quirk } from '../protocol/quirks.ts'
import { assertScope } from '../protocol/scope.ts'
import { assertRedirectUri } from '../protocol/url-rules.ts'
import {
  type FrontChannelOptions,
  type FrontChannelSettings,
  frontChannelOptionNames,
  normaliseFrontChannel,
} from './front-channel-options.ts'

/** What `createOAuthClient` takes: who the client is, as it was registered, and where its requests go. */
export interface OAuthClientOptions extends FrontChannelOptions {
  /** The issuer identifier, exactly as the server writes it, a trailing slash included. */
  readonly issuer: string | URL
  /** As registered at the issuer. */
  readonly clientId: string
  /** As registered. @default by `clientSecret` where it is given, as the server lists; else none(), a public client */
  readonly clientAuth?: ClientAuth
  /** Needed for logins. */
  readonly redirectUri?: string
  /** Space-separated. @default 'openid' */
  readonly scope?: string
  /** Where the tokens are to be used (RFC 8707). @default not sent */
  readonly resource?: string | readonly string[]
  /** Binds tokens to a key made for each login (RFC 9449): `true` for ES256, or an algorithm. @default false */
  readonly dpop?: boolean | DpopOptions
  /** Where logins under way are kept until their callback. @default a memory store */
  readonly transactions?: RecordStore
  /** @default the global fetch; from the package root ky over it */
  readonly fetch?: Fetch
  readonly runtime?: Runtime
  /** Fields of the server's metadata that win over what is discovered. */
  readonly metadata?: Partial<AuthorizationServerMetadata>
  /** `false` for a server without a metadata document: `metadata` is then all there is. @default true */
  readonly discover?: boolean
  /** As registered in `userinfo_signed_response_alg`; a plain answer is then refused. @default whatever comes is judged */
  readonly userinfoSignedResponseAlg?: SignatureAlgorithm
  /** As registered in `userinfo_encrypted_response_alg`. Needs `decryptor`. @default not encrypted */
  readonly userinfoEncryptedResponseAlg?: KeyManagementAlgorithm
  /** As registered in `userinfo_encrypted_response_enc`. @default 'A128CBC-HS256' */
  readonly userinfoEncryptedResponseEnc?: ContentEncryptionAlgorithm
  /** As registered in `introspection_signed_response_alg`; a plain answer is then refused (RFC 9701). @default plain JSON */
  readonly introspectionSignedResponseAlg?: SignatureAlgorithm
  /** As registered in `introspection_encrypted_response_alg`. Needs `decryptor`. @default not encrypted */
  readonly introspectionEncryptedResponseAlg?: KeyManagementAlgorithm
  /** As registered in `introspection_encrypted_response_enc`. @default 'A128CBC-HS256' */
  readonly introspectionEncryptedResponseEnc?: ContentEncryptionAlgorithm
  /** As registered in `tls_client_certificate_bound_access_tokens` (RFC 8705 3): the fetch brings the certificate. @default false */
  readonly certificateBoundAccessTokens?: boolean
  /** Milliseconds for each request to the issuer, body included. @default 10_000 */
  readonly timeout?: number
  /** `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean
  /** Takes a Bearer token where DPoP was asked for, and reports it. @default false */
  readonly allowBearerDowngrade?: boolean
  /** Refuses a token response that does not say what was granted. @default false: absent means as asked for (RFC 6749 5.1) */
  readonly requireScope?: boolean
  /** Rules that this server is known to break, by name; each is reported when it takes effect. @default none */
  readonly quirks?: readonly Quirk[]
  /** Told of what the client does, without a token or a claim. What it throws changes nothing. @default nobody */
  readonly onEvent?: ClientEventListener
}

/** How a client binds its tokens to a key (RFC 9449). */
export interface DpopOptions {
  /** @default 'ES256' */
  readonly alg?: AsymmetricAlgorithm
  /**
   * `false`: private keys that no script can read out. Logins and sessions are then to be kept where such a key can be:
   * in the browser's store, or in memory. @default true
   */
  readonly extractable?: boolean
}

const optionNames = [
  ...['issuer', 'clientId', 'clientAuth', 'redirectUri', 'scope', 'resource', 'dpop', 'transactions', 'fetch'],
  ...['runtime', 'metadata', 'discover', 'timeout', 'certificateBoundAccessTokens'],
  ...frontChannelOptionNames,
  ...['allowLoopbackHttp', 'allowBearerDowngrade', 'requireScope', 'quirks', 'onEvent'],
  ...['userinfoSignedResponseAlg', 'userinfoEncryptedResponseAlg', 'userinfoEncryptedResponseEnc'],
  ...['introspectionSignedResponseAlg', 'introspectionEncryptedResponseAlg', 'introspectionEncryptedResponseEnc'],
]

const switches = [
  'discover',
  'certificateBoundAccessTokens',
  'allowLoopbackHttp',
  'allowBearerDowngrade',
  'requireScope',
] as const

/** The options with every default filled in. */
export interface ClientSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientAuth: ClientAuth
  readonly redirectUri: string | undefined
  readonly scope: string
  readonly resource: readonly string[]
  readonly dpop: AsymmetricAlgorithm | undefined
  readonly dpopKeyOptions: { readonly extractable: boolean }
  readonly transactions: RecordStore
  readonly fetch: Fetch
  readonly runtime: Runtime
  readonly metadata: Partial<AuthorizationServerMetadata> | undefined
  readonly discover: boolean
  readonly certificateBoundAccessTokens: boolean
  readonly frontChannel: FrontChannelSettings
  /** How userinfo and introspection answers were registered to come. */
  readonly userinfo: ResponseProtection
  readonly introspection: ResponseProtection
  readonly timeout: number
  readonly clockTolerance: number | undefined
  readonly allowLoopbackHttp: boolean
  readonly allowBearerDowngrade: boolean
  readonly requireScope: boolean
  readonly quirks: readonly Quirk[]
  readonly onEvent: ClientEventListener | undefined
}

/** @throws TypeError that names the option */
export function normaliseClientOptions(
  options: OAuthClientOptions & { readonly transactions: RecordStore; readonly fetch: Fetch },
): ClientSettings {
  assertKnownOptions('createOAuthClient', options, optionNames)
  assertShapes(options)
  const { clientId, redirectUri, scope = 'openid', resource = [], dpop = false } = options
  assertQuirks(options.quirks)
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('createOAuthClient: "clientId" is required')
  if (redirectUri !== undefined) assertRedirectUri(redirectUri)
  assertScope(scope)
  const issuer = issuerOf(options.issuer)
  const { clientSecret: secret } = options
  return {
    issuer,
    clientId,
    clientAuth: options.clientAuth ?? (secret === undefined ? none() : clientSecret(secret)),
    redirectUri,
    scope,
    resource: typeof resource === 'string' ? [resource] : resource,
    dpop: dpopAlg(dpop),
    dpopKeyOptions: { extractable: typeof dpop !== 'object' || dpop.extractable !== false },
    transactions: options.transactions,
    fetch: options.fetch,
    runtime: options.runtime ?? systemRuntime,
    metadata: options.metadata,
    discover: options.discover ?? true,
    certificateBoundAccessTokens: options.certificateBoundAccessTokens ?? false,
    frontChannel: normaliseFrontChannel(options, { issuer, clientId, quirks: options.quirks ?? [] }),
    userinfo: protectionOf(options, 'userinfo'),
    introspection: protectionOf(options, 'introspection'),
    timeout: options.timeout ?? 10_000,
    clockTolerance: options.clockTolerance,
    allowLoopbackHttp: options.allowLoopbackHttp ?? false,
    allowBearerDowngrade: options.allowBearerDowngrade ?? false,
    requireScope: options.requireScope ?? false,
    quirks: options.quirks ?? [],
    onEvent: options.onEvent,
  }
}

/** What would only be noticed in the middle of a login, with its code already spent. */
function assertShapes(options: Partial<OAuthClientOptions>): void {
  const { clientAuth, transactions, fetch, runtime, onEvent } = options
  const wrong = (name: string, expected: string) => new TypeError(`createOAuthClient: "${name}" must be ${expected}`)
  if (clientAuth !== undefined && typeof clientAuth?.authenticate !== 'function') {
    throw wrong('clientAuth', 'a value such as clientSecretBasic(secret)')
  }
  if (typeof transactions?.commit !== 'function') throw wrong('transactions', 'a RecordStore')
  if (typeof fetch !== 'function') throw wrong('fetch', 'a function from Request to Response')
  if (runtime !== undefined && typeof runtime?.now !== 'function') throw wrong('runtime', 'a Runtime')
  if (onEvent !== undefined && typeof onEvent !== 'function') throw wrong('onEvent', 'a function')
  assertSwitches('createOAuthClient', options, switches)
  assertNumbers('createOAuthClient', options, ['timeout'])
  assertNumbers('createOAuthClient', options, ['clockTolerance'], '0 or more')
}

function dpopAlg(dpop: boolean | DpopOptions): AsymmetricAlgorithm | undefined {
  if (dpop === false) return undefined
  if (dpop === true) return 'ES256'
  if (typeof dpop !== 'object' || dpop === null)
    throw new TypeError('createOAuthClient: "dpop" must be true or { alg, extractable }')
  assertKnownOptions('createOAuthClient: "dpop"', dpop, ['alg', 'extractable'])
  const { alg = 'ES256' } = dpop
  // RFC 9449 4.2: never `none` nor a MAC.
  if (!isAsymmetricAlgorithm(alg)) throw new TypeError('createOAuthClient: "dpop.alg" must be an asymmetric algorithm')
  return alg
}

/** @throws TypeError for encryption that nothing could take off */
function protectionOf(options: OAuthClientOptions, answer: 'userinfo' | 'introspection'): ResponseProtection {
  const { decryptor, clockTolerance: tolerance } = options
  const encryptedResponseAlg = options[`${answer}EncryptedResponseAlg`]
  if (encryptedResponseAlg !== undefined && decryptor === undefined) {
    throw new TypeError(`createOAuthClient: "${answer}EncryptedResponseAlg" needs a "decryptor"`)
  }
  return {
    signedResponseAlg: options[`${answer}SignedResponseAlg`],
    encryptedResponseAlg,
    encryptedResponseEnc: options[`${answer}EncryptedResponseEnc`],
    decryptor,
    clientSecret: options.clientSecret,
    tolerance,
  }
}

/** A URL object writes `https://issuer.example` with a slash, which is another issuer: identifiers are compared as text. */
function issuerOf(issuer: string | URL): string {
  if (issuer instanceof URL) return issuer.pathname === '/' ? issuer.origin : issuer.href
  if (typeof issuer === 'string' && issuer !== '') return issuer
  throw new TypeError('createOAuthClient: "issuer" is required, as the server writes it')
}
