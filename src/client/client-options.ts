import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import type { ResponseProtection } from '../issuer/response-jwt.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { AsymmetricAlgorithm } from '../lib/signatures/types.ts'
import { type ClientAuth, none } from '../protocol/client-auth.ts'
import type { Decryptor } from '../protocol/decryption.ts'
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../protocol/encryption-algorithms.ts'
import { assertScope } from '../protocol/scope.ts'
import { assertRedirectUri } from '../protocol/url-rules.ts'

export interface OAuthClientOptions {
  /** The issuer identifier, exactly as the server writes it, a trailing slash included. */
  readonly issuer: string | URL
  readonly clientId: string
  /** As registered. @default none(), a public client */
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
  /** As registered in `id_token_signed_response_alg`. @default any asymmetric one that the server lists */
  readonly idTokenSignedResponseAlg?: AsymmetricAlgorithm | 'none'
  /** As registered in `userinfo_signed_response_alg`; a plain answer is then refused. @default whatever comes is judged */
  readonly userinfoSignedResponseAlg?: AsymmetricAlgorithm
  /** As registered in `userinfo_encrypted_response_alg`. Needs `decryptor`. @default not encrypted */
  readonly userinfoEncryptedResponseAlg?: KeyManagementAlgorithm
  /** As registered in `userinfo_encrypted_response_enc`. @default 'A128CBC-HS256' */
  readonly userinfoEncryptedResponseEnc?: ContentEncryptionAlgorithm
  /** As registered in `introspection_signed_response_alg`; a plain answer is then refused (RFC 9701). @default plain JSON */
  readonly introspectionSignedResponseAlg?: AsymmetricAlgorithm
  /** As registered in `introspection_encrypted_response_alg`. Needs `decryptor`. @default not encrypted */
  readonly introspectionEncryptedResponseAlg?: KeyManagementAlgorithm
  /** As registered in `introspection_encrypted_response_enc`. @default 'A128CBC-HS256' */
  readonly introspectionEncryptedResponseEnc?: ContentEncryptionAlgorithm
  /** Opens what was registered to be encrypted: `createDecryptor` makes one. @default none */
  readonly decryptor?: Decryptor
  /** Other parties that `azp` may name. @default none */
  readonly authorizedParties?: readonly string[]
  /** Milliseconds for each request to the issuer, body included. @default 10_000 */
  readonly timeout?: number
  /** Seconds by which clocks may differ when tokens are judged. @default 30 */
  readonly clockTolerance?: number
  /** `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean
  /** Takes a Bearer token where DPoP was asked for, and reports it. @default false */
  readonly allowBearerDowngrade?: boolean
}

export interface DpopOptions {
  /** @default 'ES256' */
  readonly alg?: AsymmetricAlgorithm
}

const optionNames = [
  ...['issuer', 'clientId', 'clientAuth', 'redirectUri', 'scope', 'resource', 'dpop', 'transactions', 'fetch'],
  ...['runtime', 'metadata', 'discover', 'idTokenSignedResponseAlg', 'authorizedParties', 'timeout', 'clockTolerance'],
  ...['allowLoopbackHttp', 'allowBearerDowngrade'],
  ...['userinfoSignedResponseAlg', 'userinfoEncryptedResponseAlg', 'userinfoEncryptedResponseEnc'],
  'decryptor',
  ...['introspectionSignedResponseAlg', 'introspectionEncryptedResponseAlg', 'introspectionEncryptedResponseEnc'],
]

/** The options with every default filled in. */
export interface ClientSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientAuth: ClientAuth
  readonly redirectUri: string | undefined
  readonly scope: string
  readonly resource: readonly string[]
  readonly dpop: AsymmetricAlgorithm | undefined
  readonly transactions: RecordStore
  readonly fetch: Fetch
  readonly runtime: Runtime
  readonly metadata: Partial<AuthorizationServerMetadata> | undefined
  readonly discover: boolean
  readonly idTokenSignedResponseAlg: AsymmetricAlgorithm | 'none' | undefined
  /** How userinfo and introspection answers were registered to come. */
  readonly userinfo: ResponseProtection
  readonly introspection: ResponseProtection
  readonly authorizedParties: readonly string[] | undefined
  readonly timeout: number
  readonly clockTolerance: number | undefined
  readonly allowLoopbackHttp: boolean
  readonly allowBearerDowngrade: boolean
}

/** @throws TypeError that names the option */
export function normaliseClientOptions(
  options: OAuthClientOptions & { readonly transactions: RecordStore; readonly fetch: Fetch },
): ClientSettings {
  assertKnownOptions('createOAuthClient', options, optionNames)
  const { clientId, redirectUri, scope = 'openid', resource = [], dpop = false } = options
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('createOAuthClient: "clientId" is required')
  if (redirectUri !== undefined) assertRedirectUri(redirectUri)
  assertScope(scope)
  return {
    issuer: issuerOf(options.issuer),
    clientId,
    clientAuth: options.clientAuth ?? none(),
    redirectUri,
    scope,
    resource: typeof resource === 'string' ? [resource] : resource,
    dpop: dpop === false ? undefined : dpop === true ? 'ES256' : (dpop.alg ?? 'ES256'),
    transactions: options.transactions,
    fetch: options.fetch,
    runtime: options.runtime ?? systemRuntime,
    metadata: options.metadata,
    discover: options.discover ?? true,
    idTokenSignedResponseAlg: options.idTokenSignedResponseAlg,
    userinfo: protectionOf(options, 'userinfo'),
    introspection: protectionOf(options, 'introspection'),
    authorizedParties: options.authorizedParties,
    timeout: positive('timeout', options.timeout ?? 10_000),
    clockTolerance: options.clockTolerance,
    allowLoopbackHttp: options.allowLoopbackHttp ?? false,
    allowBearerDowngrade: options.allowBearerDowngrade ?? false,
  }
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
    tolerance,
  }
}

/** A URL object writes `https://issuer.example` with a slash, which is another issuer: identifiers are compared as text. */
function issuerOf(issuer: string | URL): string {
  if (issuer instanceof URL) return issuer.pathname === '/' ? issuer.origin : issuer.href
  if (typeof issuer === 'string' && issuer !== '') return issuer
  throw new TypeError('createOAuthClient: "issuer" is required, as the server writes it')
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw new TypeError(`createOAuthClient: "${name}" must be a positive number of milliseconds`)
}
