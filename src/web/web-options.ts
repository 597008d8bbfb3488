import type { ClientMetadata } from '../../generated/models.ts'
import type { CreateAuthorizationUrlOptions } from '../client/create-authorization-url.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Jwk, MaybePromise } from '../lib/signatures/types.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { WebEventListener } from './web-events.ts'
import type { WebPage } from './web-page.ts'

/** What a route of the application's own may answer: a page of this origin to go to, or a whole response. */
export type WebAnswer = MaybePromise<Response | string | undefined>

/** A login that has just succeeded; the browser has nothing of it yet. */
export interface WebLogin {
  readonly session: Session
  /** The page to come back to: a path of this origin. */
  readonly returnTo: string
  readonly request: Request
}

/** A logout that is done. */
export interface WebLogout {
  readonly returnTo: string
  readonly request: Request
}

/** Where a handle leads. */
export interface ResolvedHandle {
  /** Must be one of the handler's. */
  readonly issuer: string
  /** @default the handle */
  readonly loginHint?: string
}

/** What the application may ask of the issuer, for each login anew. */
export type LoginWishes = Omit<CreateAuthorizationUrlOptions, 'browserBinding' | 'signal'>

/** What `createWebHandler` takes. */
export interface WebHandlerOptions {
  /** One for each issuer; a login goes to one of them and to no other. */
  readonly sessions: Sessions | readonly Sessions[]
  /** What cookies are sealed with: 32 bytes each as 43 base64url characters (`generateSealingKey`), the newest first. */
  readonly cookieKeys: readonly string[]
  /** Called for each login. Gives a page to go to, or a response; `undefined` goes to `returnTo`. What it throws ends the session. */
  readonly onLogin: (login: WebLogin) => WebAnswer
  /** Called for each logout. @default goes to `returnTo`, else to / */
  readonly onLogout?: (logout: WebLogout) => WebAnswer
  /** Where the routes begin. @default the folder of the redirect URI: /auth of https://app.example/auth/callback */
  readonly basePath?: string
  /** How a handle becomes an issuer; `undefined` for one that nobody has. @default handles are not taken */
  readonly resolveHandle?: (handle: string, request: Request) => MaybePromise<ResolvedHandle | undefined>
  /** Wishes for the authorization request. @default the client's own scope and nothing else */
  readonly login?: (request: Request) => MaybePromise<LoginWishes>
  /** As registered, a path of this origin: after logout the issuer's own session is ended, too. @default it is left alone */
  readonly postLogoutRedirectUri?: string
  /** What /client-metadata.json says beside what follows from the client. @default there is no such page */
  readonly clientMetadata?: ClientMetadata
  /** Keys whose public halves /jwks.json shows. @default there is no such page */
  readonly jwks?: readonly Jwk[]
  /** Where groups of sessions and logins under way are kept. @default the store of the (first) sessions */
  readonly store?: RecordStore
  /** Milliseconds from a login until the browser must log in again. @default 7_776_000_000, 90 days */
  readonly lifetime?: number
  /** Another one keeps two applications of one origin apart. @default 'authentype' */
  readonly cookieName?: string
  /** What the pages call the application. @default its host */
  readonly appName?: string
  /** Plain http to this machine, cookies without `Secure`, details on error pages. @default false */
  readonly development?: boolean
  /** Renders pages of the application's own; `undefined` leaves a page as it is. */
  readonly renderPage?: (page: WebPage, request: Request) => MaybePromise<Response | undefined>
  readonly onEvent?: WebEventListener
}

const optionNames = [
  ...['sessions', 'cookieKeys', 'onLogin', 'onLogout', 'basePath', 'resolveHandle', 'login'],
  ...['postLogoutRedirectUri', 'clientMetadata', 'jwks', 'store', 'lifetime', 'cookieName', 'appName'],
  ...['development', 'renderPage', 'onEvent'],
]

const name = 'createWebHandler'
/** RFC 6265bis 5.5: browsers keep a cookie for 400 days at most. */
const longestLifetime = 400 * 86_400_000

/** @throws TypeError that names the option */
export function assertWebOptions(options: WebHandlerOptions): void {
  assertKnownOptions(name, options, optionNames)
  if (typeof options.onLogin !== 'function') throw new TypeError(`${name}: "onLogin" is required, a function`)
  for (const hook of ['onLogout', 'resolveHandle', 'login', 'renderPage', 'onEvent'] as const) {
    if (options[hook] !== undefined && typeof options[hook] !== 'function') {
      throw new TypeError(`${name}: "${hook}" must be a function`)
    }
  }
  const { cookieKeys, cookieName = 'authentype', lifetime = 1 } = options
  if (!Array.isArray(cookieKeys) || cookieKeys.length === 0 || !cookieKeys.every(isSealingKey)) {
    throw new TypeError(`${name}: "cookieKeys" must be a list of keys that generateSealingKey() made, the newest first`)
  }
  // RFC 6265 4.1.1: a token; what is here needs no quoting anywhere.
  if (!/^[\w-]{1,50}$/.test(cookieName)) {
    throw new TypeError(`${name}: "cookieName" must be 1 to 50 letters, digits, "-" or "_"`)
  }
  if (typeof lifetime !== 'number' || !(lifetime > 0 && lifetime <= longestLifetime)) {
    throw new TypeError(`${name}: "lifetime" must be milliseconds, at most ${longestLifetime} (400 days)`)
  }
}

/** 32 bytes. */
export function isSealingKey(key: unknown): boolean {
  return typeof key === 'string' && /^[\w-]{43}$/.test(key)
}

/** @throws TypeError for none, and for several of one issuer */
export function sessionsOf({ sessions }: WebHandlerOptions): readonly [Sessions, ...Sessions[]] {
  const all = Array.isArray(sessions) ? (sessions as readonly Sessions[]) : [sessions as Sessions]
  const [first, ...rest] = all
  if (!first || all.some((each) => typeof each?.client?.issuer !== 'string')) {
    throw new TypeError(`${name}: "sessions" must be what createSessions makes, one or a list`)
  }
  const issuers = all.map(({ client }) => client.issuer)
  const twice = issuers.find((issuer, i) => issuers.indexOf(issuer) !== i)
  if (twice !== undefined) throw new TypeError(`${name}: "sessions" has ${twice} twice`)
  return [first, ...rest]
}
