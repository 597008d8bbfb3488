import type { NoticeCode } from './notice.ts'
import type { Quirk } from './quirks.ts'

/** What a client does, from its call to its outcome. */
export type ClientOperation =
  /** The metadata document is fetched and judged. */
  | 'discovery'
  /** The issuer's key set is fetched. */
  | 'jwks'
  /** A login begins, a pushed request included. */
  | 'authorization_url'
  /** A login ends: callback, code, every check of the id_token. */
  | 'code_exchange'
  | 'token_refresh'
  | 'token_revocation'
  /** Any other grant: client credentials, device code, CIBA, token exchange, ... */
  | 'token_request'
  /** A user's or a resource's issuer is looked for; `issuer` is then the origin that is asked. */
  | 'identity_resolution'

/** Where an operation or a request stands. The three of one operation have the same `id`. */
export type EventPhase<Outcome extends object = object> =
  | { readonly phase: 'start' }
  /** `duration` in milliseconds. */
  | ({ readonly phase: 'stop'; readonly duration: number } & Outcome)
  /** `error` is the code of the error, such as `issuer_mismatch` or `invalid_grant`; never its message. */
  | { readonly phase: 'error'; readonly duration: number; readonly error: string }

interface EventSource {
  readonly issuer: string
  /** Unique in the process. */
  readonly id: number
}

/** Beginning, end or failure of something that a client does. */
export type OperationEvent = { readonly kind: ClientOperation } & EventSource & EventPhase

/** One request to the issuer, or by a session to an API. `url` is without its query, which may hold a secret. */
export type RequestEvent = { readonly kind: 'request'; readonly method: string; readonly url: string } & EventSource &
  EventPhase<{ readonly status: number }>

/**
 * What happens in a client, without a token, secret, claim or query in it: the union is closed, and its texts are
 * names, codes and addresses only. On `diagnostics_channel`, where the runtime has it, the same events come on
 * `authentype:` and their `kind`.
 */
export type ClientEvent =
  | OperationEvent
  | RequestEvent
  /** Something was let pass although it is not as it should be; the result's `notices` have the details. */
  | { readonly kind: 'notice'; readonly issuer: string; readonly code: NoticeCode; readonly clause: string }
  /** A quirk of the configuration took effect. */
  | { readonly kind: 'quirk'; readonly issuer: string; readonly quirk: Quirk }
  /**
   * A server's clock was seen to be `skew` milliseconds ahead of ours. Not `applied` beyond five minutes: such a
   * clock is wrong, and following it would help nobody.
   */
  | {
      readonly kind: 'clock_skew'
      readonly issuer: string
      readonly origin: string
      readonly skew: number
      readonly applied: boolean
    }

/** Is told what a client does; what it throws changes nothing. */
export type ClientEventListener = (event: ClientEvent) => void
