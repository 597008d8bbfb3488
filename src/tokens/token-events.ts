import type { RevocableToken } from '../protocol/revocation.ts'

/** What happens to tokens, without a token, a subject or a claim in it. `error` is a code, never a message. */
export type TokenEvent =
  /** A refresh gave a token; `stored` is false while it is kept in memory because the store did not answer. */
  | { readonly kind: 'token_refreshed'; readonly issuer: string; readonly clientId: string; readonly stored: boolean }
  /** The client credentials grant gave a token. */
  | { readonly kind: 'client_token_issued'; readonly issuer: string; readonly clientId: string }
  /** A refresh failed, and the refresh token is kept. */
  | { readonly kind: 'refresh_failed'; readonly issuer: string; readonly clientId: string; readonly error: string }
  /** The server refused a refresh token for good; only that is remembered of it. */
  | { readonly kind: 'refresh_refused'; readonly issuer: string; readonly clientId: string; readonly error: string }
  /** A token was stored without what introspection would have said of it. */
  | {
      readonly kind: 'introspection_failed'
      readonly issuer: string
      readonly clientId: string
      readonly token: RevocableToken
      readonly error: string
    }
  /** A deleted token was revoked at the server. */
  | {
      readonly kind: 'token_revoked'
      readonly issuer: string
      readonly clientId: string
      readonly token: RevocableToken
    }
  /** A deleted token could not be revoked at the server: it lives there until it expires. */
  | {
      readonly kind: 'revocation_failed'
      readonly issuer: string
      readonly clientId: string
      readonly token: RevocableToken
      readonly error: string
    }
  /** An id_token that came with a refresh was not stored. */
  | { readonly kind: 'id_token_refused'; readonly issuer: string; readonly clientId: string; readonly error: string }
  /** A record in the store is not as this library writes it; lookups leave it out. */
  | { readonly kind: 'invalid_record'; readonly record: string }
  | { readonly kind: 'sweep_failed'; readonly error: string }

/** Is told what the manager does; what it throws changes nothing. */
export type TokenEventListener = (event: TokenEvent) => void
