import type { AccessToken, TokenSource } from '../http/token-source.ts'
import { createEmitter } from '../lib/emitter.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { createSerialQueue } from '../lib/serial-queue.ts'
import { createSingleFlight } from '../lib/single-flight.ts'
import type { IdTokenClaims } from '../protocol/id-token.ts'
import { createRefreshBackoff } from '../refresh/refresh-backoff.ts'
import { createRefreshEngine } from '../refresh/refresh-engine.ts'
import { assertPlace } from './assert-place.ts'
import { createBackgroundWork, createSweeper } from './background-work.ts'
import { createClaimsRecords } from './claims-records.ts'
import { type ClientInput, clientIdOf, createConnections } from './connections.ts'
import { deleteAllStored, deleteStored, revokeStored, type TokenOwnerWish } from './delete-tokens.ts'
import { type AccessTokenWish, getAccessToken } from './get-access-token.ts'
import { type ClaimsOverrides, getClaims } from './get-claims.ts'
import { type IdTokenRegistration, idTokenRegistrationNames, registerIdToken } from './id-tokens.ts'
import { introspectStored } from './introspect-stored.ts'
import type { ManagerContext } from './manager-context.ts'
import {
  normaliseManagerOptions,
  type TokenManagerOptions,
  type TokenManagerSettings,
  type TokenOverrides,
} from './manager-options.ts'
import type { SubjectClaims } from './merge-claims.ts'
import {
  type AccessTokenRegistration,
  buildAccessToken,
  buildRefreshToken,
  registerToken,
  type TokenRegistration,
} from './register-token.ts'
import type { TokenKind, TokenPlace } from './token-kind.ts'
import type { TokenMetadata } from './token-metadata.ts'
import { createTokenRecords } from './token-records.ts'
import { createTokenSource } from './token-source.ts'
import type { AccessTokenState, RefreshTokenState } from './token-state.ts'

/** What access and refresh tokens have in common. */
export interface StoredTokens<Registration extends TokenRegistration> {
  /**
   * Keeps a token. The server is asked about it first, where that is wanted or nobody says whose it is; a failure
   * there is an event, and the token is kept.
   *
   * @returns what is known of it
   * @throws StoreError
   */
  register(token: string, registration: Registration, overrides?: TokenOverrides): Promise<TokenMetadata>
  /** @throws TokenError `http_status`, `http_request`, `illegal_introspection_response`, `missing_server_metadata` */
  introspect(token: string, place: TokenPlace, overrides?: TokenOverrides): Promise<TokenMetadata>
  /** At the server only. @throws TokenError `http_status`, `http_request`, `missing_server_metadata` */
  revoke(token: string, place: TokenPlace, overrides?: TokenOverrides): Promise<void>
  /** Here, and then in the background at the server. Resolves to whether it was stored. */
  delete(token: string, place: TokenPlace, overrides?: TokenOverrides): Promise<boolean>
  /** All of a subject or of a client itself. Resolves to how many. @throws TokenError `deletion_failed` */
  deleteAll(owner: TokenOwnerWish, overrides?: TokenOverrides): Promise<number>
}

/** Access tokens by issuer, client, subject, scope and resource. */
export interface AccessTokens extends StoredTokens<AccessTokenRegistration> {
  /**
   * A token that is good now, with the key that it is bound to.
   *
   * @throws TokenError `no_suitable_access_token`, `no_suitable_refresh_token`, `scope_not_granted`, ...
   */
  get(wish: AccessTokenWish, overrides?: TokenOverrides): Promise<AccessToken>
}

/** Refresh tokens; each is named by what was registered, however often it was rotated since. */
export type RefreshTokens = StoredTokens<TokenRegistration>

/** What is known of users, by issuer and subject. */
export interface Claims {
  /**
   * Userinfo and the last id_token, merged: the newer source wins, protocol claims are left out.
   *
   * @throws TokenError `userinfo_content_type`, `userinfo_decryption`, `userinfo_verification`, ...
   */
  get(issuer: string, subject: string, overrides?: ClaimsOverrides): Promise<SubjectClaims>
  /** The last verified id_token of the subject, of one client or of any. */
  getIdToken(issuer: string, subject: string, options?: { readonly client?: ClientInput }): Promise<string | undefined>
  /** @throws TokenError `id_token_registration`, and nothing is stored */
  registerIdToken(
    idToken: string,
    registration: TokenPlace & IdTokenRegistration,
    overrides?: TokenOverrides,
  ): Promise<IdTokenClaims>
  /** Forgets what is known of a subject. Resolves to whether there was anything. */
  delete(issuer: string, subject: string): Promise<boolean>
}

/** Tokens and claims of many users at many issuers. */
export interface TokenManager {
  /** To get, keep, ask about and end access tokens. */
  readonly accessTokens: AccessTokens
  /** To keep, ask about and end refresh tokens. */
  readonly refreshTokens: RefreshTokens
  /** What issuers say of users. */
  readonly claims: Claims
  /**
   * A way to the access tokens of one wish, for `withAccessToken`. A call's own scope and resource take the place of
   * the wish's.
   */
  tokenSource(wish: AccessTokenWish, overrides?: TokenOverrides): TokenSource
  /** Resolves when what runs in the background is done: revocations and sweeps. */
  settled(): Promise<void>
}

/** `createTokenManager` without defaults for what other rooms provide; the index files give them. */
export function createTokenManagerOver(
  options: TokenManagerOptions & { readonly store: RecordStore; readonly fetch: Fetch },
): TokenManager {
  const settings = normaliseManagerOptions(options)
  const context = createContext(settings)
  const { store, runtime } = settings
  const { background, emit } = context
  const sweeper = createSweeper(store, { interval: settings.sweepInterval, runtime, background, emit })
  const get = (wish: AccessTokenWish, overrides?: TokenOverrides, rejected?: string) => {
    sweeper.touch()
    return getAccessToken(context, wish, overrides, rejected)
  }
  const access: TokenKind<AccessTokenState> = { hint: 'access_token', records: context.records.access }
  const refresh: TokenKind<RefreshTokenState> = { hint: 'refresh_token', records: context.records.refresh }
  return {
    accessTokens: {
      get: (wish, overrides) => get(wish, overrides),
      register(token, registration, overrides) {
        sweeper.touch()
        const build = buildAccessToken.bind(undefined, registration)
        return registerToken(context, access, token, registration, overrides, build)
      },
      ...commonOf(context, access),
    },
    refreshTokens: {
      register(token, registration, overrides) {
        sweeper.touch()
        return registerToken(context, refresh, token, registration, overrides, buildRefreshToken)
      },
      ...commonOf(context, refresh),
    },
    claims: claimsOf(context),
    tokenSource: (wish, overrides) => createTokenSource(get, wish, overrides),
    settled: () => background.settled(),
  }
}

function createContext(settings: TokenManagerSettings): ManagerContext {
  const { store, lock, runtime, lifetime } = settings
  const emit = createEmitter(settings.onEvent)
  return {
    settings,
    runtime,
    lock,
    emit,
    records: createTokenRecords({ store, runtime, lifetime, emit }),
    claims: createClaimsRecords({ store, runtime, lifetime }),
    connections: createConnections(settings),
    engine: createRefreshEngine({ runtime, ...(lock && { lock }) }),
    backoff: createRefreshBackoff(runtime),
    background: createBackgroundWork(),
    grants: createSingleFlight(),
    introspections: createSingleFlight(),
    userinfoFlights: createSingleFlight(),
    registrations: createSerialQueue(),
  }
}

function commonOf<State extends AccessTokenState | RefreshTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
): Omit<StoredTokens<never>, 'register'> {
  return {
    introspect: (token, place, overrides) => introspectStored(context, kind, token, place, overrides),
    revoke: (token, place, overrides) => revokeStored(context, kind, token, place, overrides),
    delete: (token, place, overrides) => deleteStored(context, kind, token, place, overrides),
    deleteAll: (owner, overrides) => deleteAllStored(context, kind, owner, overrides),
  }
}

function claimsOf(context: ManagerContext): Claims {
  return {
    get: (issuer, subject, overrides) => getClaims(context, issuer, subject, overrides),
    async getIdToken(issuer, subject, { client } = {}) {
      const { idTokens = [] } = (await context.claims.read(issuer, subject)) ?? {}
      const clientId = client === undefined ? undefined : clientIdOf(client, 'claims.getIdToken')
      return idTokens.find((one) => clientId === undefined || one.clientId === clientId)?.idToken
    },
    async registerIdToken(idToken, registration, overrides) {
      assertPlace(registration, 'claims.registerIdToken', idTokenRegistrationNames)
      const { issuer, client, ...expected } = registration
      return await registerIdToken(context, context.connections.open(issuer, client, overrides), idToken, expected)
    },
    delete: (issuer, subject) => context.claims.remove(issuer, subject),
  }
}
