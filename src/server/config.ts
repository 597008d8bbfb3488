import type { AuthorizationDetail, ClaimsRequest, ClientMetadata, JsonWebKeySet } from '../../generated/models.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MaybePromise } from '../lib/signatures/types.ts'
import type { DpopNonceClock } from '../protocol/dpop-nonce-clock.ts'
import type { RegisteredClient } from './client.ts'
import type { DocumentCache, FetchDocument } from './documents.ts'

import type { SupportedGrant } from './grant-types.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { Seal } from './secrets.ts'
import type { ServerKeys } from './server-keys.ts'

/** What a policy callback is told. The client and its id are settled; nothing that a callback returns replaces them. */
export interface PolicyContext {
  readonly clientId: string
  readonly client: RegisteredClient
  readonly grantType: SupportedGrant
  /** The subject as the host knows it. */
  readonly subject: string
  /** What `loadPrincipal` gave; absent where the client speaks for itself. */
  readonly principal?: object
  readonly scope: readonly string[]
  /** The audience that was asked for and allowed. */
  readonly audience: readonly string[]
}

/** The kinds of principal that a token can be for. */
export const principalKinds = ['user', 'client', 'agent'] as const

/** Whether a token speaks for a user or for the client itself. */
export type PrincipalKind = (typeof principalKinds)[number]

/** What the host adds to an access token. */
export interface PrincipalClaims {
  readonly kind: PrincipalKind
  /** Claims of the host's own. A reserved one fails the mint. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds; may only shorten. */
  readonly accessTokenLifetime?: number
}

/** Who may sign grants of type jwt-bearer, and for what. */
export interface AssertionIssuer {
  /** Its public keys, by value or where they are. */
  readonly jwks?: JsonWebKeySet
  readonly jwksUri?: string
  /** The most that its assertions can be exchanged for. @default nothing */
  readonly scope?: readonly string[]
  /** @default the configured audience */
  readonly resources?: readonly string[]
  /** The subject as this host knows it. `undefined`: the assertion is refused. @default its `sub` */
  readonly resolveSubject?: (claims: Readonly<Record<string, unknown>>) => MaybePromise<string | undefined>
}

/** The decisions that are the host's: each gets data, returns data, and can only narrow what the rules allow. */
export interface TokenEndpointPolicies {
  readonly loadClient: (clientId: string) => MaybePromise<RegisteredClient | undefined>
  /** Compares in constant time; is asked about unknown clients too, whose answer is not looked at. */
  readonly verifyClientSecret: (client: RegisteredClient, secret: string) => MaybePromise<boolean>
  /** The user (or other principal) behind a subject; `undefined` where there is none any more. */
  readonly loadPrincipal: (
    subject: string,
    context: { readonly clientId: string; readonly grantType: SupportedGrant },
  ) => MaybePromise<object | undefined>
  /** @default its `clientId` */
  readonly clientId?: (client: RegisteredClient) => string
  /** Whether a client may do without authentication. @default none may */
  readonly isPublicClient?: (client: RegisteredClient) => boolean
  /** @default whether it registered `application_type: native` */
  readonly isNativeClient?: (client: RegisteredClient) => boolean
  /** @default its registered `grant_types`, else authorization_code */
  readonly clientGrantTypes?: (client: RegisteredClient) => readonly string[]
  /** @default its registered `dpop_bound_access_tokens` */
  readonly clientRequiresDpop?: (client: RegisteredClient) => boolean
  /** @default its registered `tls_client_certificate_bound_access_tokens` */
  readonly clientRequiresMtls?: (client: RegisteredClient) => boolean
  /** The part of the scope that is granted. @default all that was frozen; for the client itself its registered scope */
  readonly authorizeScope?: (context: PolicyContext) => MaybePromise<readonly string[]>
  /** Resources beyond the configured ones. @default none */
  readonly clientResources?: (client: RegisteredClient) => MaybePromise<readonly string[]>
  /** @default whether `offline_access` was granted */
  readonly issueRefreshToken?: (context: PolicyContext) => MaybePromise<boolean>
  /** @default no kind and no claims */
  readonly buildPrincipal?: (context: PolicyContext) => MaybePromise<PrincipalClaims>
  /** Claims for id_token and userinfo; reserved ones are passed over. @default none */
  readonly buildIdTokenClaims?: (
    context: PolicyContext & { readonly claims?: ClaimsRequest; readonly target: 'id_token' | 'userinfo' },
  ) => MaybePromise<Readonly<Record<string, unknown>>>
  /** The `sub` that a client sees: pairwise where the host wants it so (OIDC Core 8.1). @default the subject */
  readonly resolveSubject?: (subject: string, client: RegisteredClient) => MaybePromise<string>
  /** The secret itself, for client_secret_jwt. @default that method is off */
  readonly loadClientSecret?: (client: RegisteredClient) => MaybePromise<string | undefined>
  /** Judges authorization details by their types (RFC 9396 5); gives the part that is granted. @default all as frozen */
  readonly authorizeDetails?: (
    context: PolicyContext & { readonly details: readonly AuthorizationDetail[] },
  ) => MaybePromise<readonly AuthorizationDetail[]>
  /** Whether this caller may see an active token. @default a token of its own, or one whose audience it is */
  readonly authorizeIntrospection?: (context: {
    readonly caller: RegisteredClient
    readonly tokenClientId: string
    readonly audience: readonly string[]
  }) => MaybePromise<boolean>
  /**
   * Whether a client may register or change itself, and as what. @default every one, as judged, but for grants in which
   * no user decides: client_credentials, token-exchange, jwt-bearer
   */
  readonly authorizeRegistration?: (context: {
    readonly metadata: ClientMetadata
    /** Of a client that changes itself, which its registration access token has proven; absent: a new one. */
    readonly clientId?: string
    /** The bearer token that came with the request. */
    readonly accessToken?: string
    readonly clientIp?: string
  }) => MaybePromise<ClientMetadata | undefined>
  /** For jwt-bearer. */
  readonly loadAssertionIssuer?: (issuer: string) => MaybePromise<AssertionIssuer | undefined>
  /** For CIBA: the user that a hint names. */
  readonly resolveLoginHint?: (hint: LoginHint, client: RegisteredClient) => MaybePromise<LoginHintResult>
  /** Fetches a document of a client, since the core fetches nothing. */
  readonly fetchDocument?: FetchDocument
}

/** Whom a client asks for without a browser (CIBA Core 7.1). */
export interface LoginHint {
  readonly kind: 'login_hint' | 'login_hint_token' | 'id_token_hint'
  /** Of an id_token_hint its `sub`: the subject as this client knows it. */
  readonly value: string
  readonly userCode?: string
}

/** The user whom a hint means, or why there is none. */
export type LoginHintResult =
  | { readonly subject: string; readonly error?: undefined }
  | {
      readonly subject?: undefined
      readonly error:
        | 'unknown_user_id'
        | 'expired_login_hint_token'
        | 'missing_user_code'
        | 'invalid_user_code'
        | 'access_denied'
    }

/** How sender constraints are handled. */
export interface DpopSettings {
  /** Whether every client must use it. */
  readonly required: boolean
  readonly requireNonce: boolean
  readonly nonces: DpopNonceClock | undefined
  readonly algorithms: readonly string[]
}

/** What `createTokenEndpointConfig` made: checked, complete, frozen. Opaque to its users, read by the core. */
export interface TokenEndpointConfig extends TokenEndpointPolicies {
  readonly issuer: string
  readonly keys: ServerKeys
  readonly runtime: Runtime
  /** Faults of the store come as StoreError. */
  readonly store: RecordStore | undefined
  readonly clustered: boolean
  readonly grants: readonly SupportedGrant[]
  readonly audience: string
  readonly resources: readonly string[]
  readonly scopes: readonly string[] | undefined
  readonly authorizationDetailsTypes: readonly string[]
  readonly accessTokens: { readonly format: 'jwt' | 'opaque'; readonly alg: string | undefined }
  readonly refreshTokens: { readonly enabled: boolean; readonly grace: number; readonly seal: Seal | undefined }
  readonly dpop: DpopSettings | false
  readonly mtls: boolean
  readonly pkceRequired: boolean
  readonly nonceRequired: boolean
  readonly parRequired: boolean
  readonly issInResponses: boolean
  readonly httpsRequired: boolean
  readonly registration: boolean
  readonly clientMetadataDocuments: boolean
  readonly claimsParameter: boolean
  readonly realm: string
  readonly lifetimes: Lifetimes
  readonly documents: DocumentCache
}
