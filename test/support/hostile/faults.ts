import type { KeyName } from './keys.ts'
import type { FaultContext, JsonObject, Patch } from './patch.ts'

/** The answers that can go wrong. Each grant has its own, so that a login can be honest and its refresh not. */
export type AnswerName =
  | 'discovery'
  | 'jwks'
  | 'par'
  | 'token'
  | 'refresh'
  | 'client_credentials'
  | 'introspection'
  | 'revocation'
  | 'userinfo'
  | 'device_authorization'
  | 'device_token'
  | 'backchannel_authentication'
  | 'backchannel_token'
  | 'token_exchange'

/** How an answer departs from the honest one. The parts are applied in this order. */
export interface AnswerFault {
  /** Only this many answers are at fault, the later ones honest. @default all */
  readonly times?: number
  /** This many honest answers come first. @default 0 */
  readonly after?: number
  /** The provider does not act on the request: no code is spent, no token rotated. Give `status` or `body`. */
  readonly unprocessed?: true
  readonly status?: number
  /** `null` takes a header away. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** Members of the JSON object, wherever it is one. */
  readonly json?: Patch
  /** In place of the body, or made from the honest one. */
  readonly body?: string | Uint8Array | ((honest: string, context: FaultContext) => string | Uint8Array)
  /** Sends the client elsewhere this many times, and then answers. */
  readonly redirect?: { readonly status: number; readonly hops: number; readonly to: 'same-origin' | 'other-origin' }
  /** Sends headers and then this many bytes at a time. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number }
  /** Resets the connection after so many bytes of the body. */
  readonly cutAfter?: number
  /** Takes the request and never answers. */
  readonly hang?: true
  /** Resets the connection instead of answering. */
  readonly reset?: true
}

/** How an id_token departs from the honest one. */
export interface IdTokenFault {
  readonly header?: Patch
  readonly claims?: Patch
  /** The JSON texts, for what no JSON writer would write. */
  readonly headerText?: (json: string) => string | Uint8Array
  readonly claimsText?: (json: string) => string | Uint8Array
  /** @default the published key of the algorithm */
  readonly key?: KeyName | 'client-secret' | 'public-key-as-secret' | 'embedded-jwk'
  readonly signature?: 'none' | 'der' | 'short' | 'long' | 'zeros' | 'flipped' | 'pss-salt-0' | 'of-another-token'
  /** The compact serialisation, last of all. */
  readonly compact?: (token: string, context: FaultContext) => string
}

/** How an encrypted token departs from the honest one: by dir with A128GCM, a signed JWT inside. */
export interface EncryptionFault {
  readonly header?: Patch
  /** Sent as it was signed, not encrypted. */
  readonly plain?: true
  /** Encrypted to a key of somebody else. */
  readonly stranger?: true
  readonly content?: (token: string) => string
  /** The compact serialisation, last of all. */
  readonly compact?: (token: string) => string
}

/** How the redirect back to the client departs from the honest one. */
export interface CallbackFault {
  /** Parameters that take the place of the honest ones, or go (`absent`). */
  readonly set?: Patch
  /** Parameters sent once more, with another value. */
  readonly add?: Patch
  /** An error in place of a code. */
  readonly error?: string
  /** Where the answer travels, whatever was asked for. */
  readonly carrier?: 'query' | 'fragment' | 'form_post'
  /** The JWT of a JARM answer. */
  readonly jwt?: IdTokenFault
  /** Parameters that stand beside the JWT of a JARM answer. */
  readonly beside?: Patch
  /** A plain answer where JARM was asked for. */
  readonly plain?: true
}

/** How the server's DPoP nonces misbehave (RFC 9449 8, 9). Honest: demanded once, stable. */
export interface DpopFault {
  /** Demanded again whatever the proof holds. */
  readonly endless?: true
  /** Sent in place of an honest nonce; `null`: none is sent with the demand. */
  readonly nonce?: string | null
  /** A new nonce with every answer, the old one void at once. */
  readonly rotate?: true
  /** The nonces of one kind of server only. @default both */
  readonly at?: 'authorization server' | 'resource server'
}

/** A provider is honest but for this. */
export interface Faults {
  readonly answers?: Readonly<Partial<Record<AnswerName, AnswerFault>>>
  /** Members of the metadata document. */
  readonly metadata?: Patch
  /** Where metadata is found. @default both well-known addresses */
  readonly wellKnown?: 'openid-configuration' | 'oauth-authorization-server'
  /** The published keys; honest: those that sign. */
  readonly jwks?: (keys: readonly JsonObject[]) => readonly unknown[]
  /** What signs id_tokens. @default es256 */
  readonly signingKey?: KeyName
  readonly callback?: CallbackFault
  /** The userinfo answer, where the client is registered for a signed one. */
  readonly userinfoJwt?: IdTokenFault
  /** The introspection answer, where the client is registered for a signed one. */
  readonly introspectionJwt?: IdTokenFault
  readonly logoutToken?: IdTokenFault
  /** The id_token of the code grant, the device flow and CIBA. */
  readonly idToken?: IdTokenFault
  /** The id_token that comes with the code. */
  readonly frontIdToken?: IdTokenFault
  /** Of whatever is encrypted. */
  readonly encryption?: EncryptionFault
  /** The id_token of the refresh grant; honest: as at login, without nonce. */
  readonly refreshIdToken?: IdTokenFault
  readonly dpop?: DpopFault
  /** @default true */
  readonly rotatesRefreshTokens?: boolean
}
