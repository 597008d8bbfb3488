import { partsOf } from '../client/client-parts.ts'
import { reachStore } from '../lib/reach-store.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createKeyRing } from '../protocol/key-ring.ts'
import { carrierOf } from '../protocol/response-mode.ts'
import { assertRedirectUri, isLoopbackHost } from '../protocol/url-rules.ts'
import { createSessionGroups, type SessionGroups } from '../sessions/session-group.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { type BrowserLogins, browserLifetime, createBrowserLogins } from './browser-logins.ts'
import { createSealedCookie, type SealedCookie } from './cookies.ts'
import { createWebEmitter, type WebEventListener } from './web-events.ts'
import { assertWebOptions, sessionsOf, type WebHandlerOptions } from './web-options.ts'

/** What every request of one handler shares. */
export interface WebContext {
  readonly options: WebHandlerOptions
  /** Where browsers see the application: that of the redirect URI, whatever a proxy calls it. */
  readonly origin: string
  readonly paths: WebPaths
  readonly all: readonly [Sessions, ...Sessions[]]
  readonly groups: SessionGroups
  readonly browsers: BrowserLogins
  readonly cookies: WebCookies
  readonly runtime: Runtime
  readonly store: RecordStore
  readonly emit: WebEventListener
}

/** What it takes to know whose browser asks. */
export interface BrowserSessions {
  readonly groups: SessionGroups
  readonly cookies: Pick<WebCookies, 'session'>
}

export interface WebPaths {
  readonly login: string
  /** Each client's; several issuers may share one, or have their own (RFC 9700 4.4). */
  readonly callbacks: readonly string[]
  readonly logout: string
  /** Where the issuer's logout page leads back to. */
  readonly loggedOut: string | undefined
  readonly backChannelLogout: string
  readonly frontChannelLogout: string
  readonly accounts: string
  readonly switch: string
  readonly clientMetadata: string
  readonly jwks: string
}

export interface WebCookies {
  /** Which browser it is, while it logs in. */
  readonly browser: SealedCookie
  /** The id of its group of sessions. */
  readonly session: SealedCookie
  /** The state of a logout at the issuer. */
  readonly logout: SealedCookie
}

const name = 'createWebHandler'
const defaultLifetime = 90 * 86_400_000

/** @throws TypeError that names the option */
export function createWebContext(options: WebHandlerOptions): WebContext {
  assertWebOptions(options)
  const all = sessionsOf(options)
  const [{ client, store: firstStore }] = all
  const { lifetime = defaultLifetime } = options
  const store = reachable(options.store ?? firstStore)
  const { runtime } = client
  const origin = originOf(all, options.development ?? false)
  return {
    options,
    origin,
    paths: pathsOf(options, all, origin),
    all,
    store,
    runtime,
    groups: createSessionGroups({ sessions: all, store, lifetime, runtime }),
    browsers: createBrowserLogins(store, runtime),
    cookies: cookiesOf(options, all, lifetime),
    emit: createWebEmitter(options.onEvent),
  }
}

/** Whatever a store throws comes as a StoreError, which has an answer of its own. */
function reachable(store: RecordStore): RecordStore {
  return {
    get: (key) => reachStore('read', 'web', () => store.get(key)),
    find: (index, value) => reachStore('search', 'web', () => store.find(index, value)),
    commit: (changes) => reachStore('write', 'web', () => store.commit(changes)),
    sweep: () => reachStore('sweep', 'web', () => store.sweep()),
  }
}

function cookiesOf(options: WebHandlerOptions, all: readonly Sessions[], lifetime: number): WebCookies {
  const { cookieName = 'authentype', development = false } = options
  const common = { ring: createKeyRing(options.cookieKeys), development, sameSite: 'Lax' } as const
  return {
    browser: createSealedCookie({
      ...common,
      name: `${cookieName}-login`,
      lifetime: browserLifetime,
      sameSite: all.some(isAnsweredByForm) ? 'None' : 'Lax',
    }),
    session: createSealedCookie({ ...common, name: `${cookieName}-session`, lifetime }),
    logout: createSealedCookie({ ...common, name: `${cookieName}-logout`, lifetime: browserLifetime }),
  }
}

/** The answer is then a POST from the issuer's page, with which no `Lax` cookie comes. */
function isAnsweredByForm({ client }: Sessions): boolean {
  const { responseMode, responseType } = partsOf(client, name).settings.frontChannel
  return carrierOf(responseMode, responseType) === 'form_post'
}

/** The redirect URIs are what the issuers know, so they say where the application is; a Host header does not. */
function originOf(all: readonly Sessions[], development: boolean): string {
  const origins = all.map(({ client: { redirectUri, issuer } }) => {
    if (redirectUri !== undefined) return new URL(redirectUri).origin
    throw new TypeError(`${name}: the client of ${issuer} has no "redirectUri"`)
  })
  const [origin] = origins
  if (origins.some((other) => other !== origin)) {
    throw new TypeError(
      `${name}: all redirect URIs must have one origin; they have ${[...new Set(origins)].join(', ')}`,
    )
  }
  const { protocol, hostname } = new URL(origin!)
  if (protocol === 'https:') return origin!
  if (protocol === 'http:' && isLoopbackHost(hostname) && development) return origin!
  throw new TypeError(
    `${name}: the redirect URI ${origin} must be https; plain http to this machine needs "development: true"`,
  )
}

function pathsOf(options: WebHandlerOptions, [first, ...rest]: WebContext['all'], origin: string): WebPaths {
  const callbacks = [first, ...rest].map(({ client }) => new URL(client.redirectUri!).pathname)
  const base = basePathOf(options.basePath, callbacks[0]!)
  return {
    login: `${base}/login`,
    callbacks,
    logout: `${base}/logout`,
    loggedOut: loggedOutPath(options.postLogoutRedirectUri, origin),
    backChannelLogout: `${base}/backchannel-logout`,
    frontChannelLogout: `${base}/frontchannel-logout`,
    accounts: `${base}/accounts`,
    switch: `${base}/switch`,
    clientMetadata: `${base}/client-metadata.json`,
    jwks: `${base}/jwks.json`,
  }
}

function basePathOf(given: string | undefined, callback: string): string {
  const path = given ?? callback.slice(0, callback.lastIndexOf('/'))
  if (path === '' || path === '/') return ''
  if (/^(?:\/[\w.~-]+)+$/.test(path) && new URL(path, 'https://app.example').pathname === path) return path
  throw new TypeError(`${name}: "basePath" must be a path without a slash at its end, for example "/auth"`)
}

function loggedOutPath(uri: string | undefined, origin: string): string | undefined {
  if (uri === undefined) return undefined
  assertRedirectUri(uri, 'postLogoutRedirectUri')
  const url = new URL(uri)
  if (url.origin !== origin) throw new TypeError(`${name}: "postLogoutRedirectUri" must be of ${origin}`)
  return url.pathname
}
