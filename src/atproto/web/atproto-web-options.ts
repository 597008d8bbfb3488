import { assertKnownOptions, assertNumbers, assertOptions } from '../../lib/options.ts'
import type { MaybePromise } from '../../lib/signatures/types.ts'
import type { Session } from '../../sessions/session.ts'
import type { WebError } from '../../web/web-error.ts'
import { isSealingKey } from '../../web/web-options.ts'
import type { AtprotoClient, AtprotoLoginOptions } from '../atproto-client-types.ts'
import { normaliseXrpcOptions, xrpcOptionNames } from '../xrpc/xrpc-options.ts'
import type { XrpcClientOptions } from '../xrpc/xrpc-types.ts'

/** A login that has just succeeded; the browser has nothing of it yet. */
export interface AtprotoWebLogin {
  readonly session: Session
  /** The page to come back to: a path of this origin. */
  readonly returnTo: string
  readonly request: Request
}

/** A request that failed; `error.code` says at what, `error.cause` has the detail. */
export interface AtprotoWebFailure {
  readonly error: WebError
  readonly request: Request
}

/** What `createAtprotoWebHandler` takes. */
export interface AtprotoWebOptions {
  readonly client: AtprotoClient
  /** What cookies are sealed with: 32 bytes each as 43 base64url characters (`generateSealingKey`), the newest first. */
  readonly cookieKeys: readonly string[]
  /** Called for each login. Gives a page to go to, or a response; `undefined` goes to `returnTo`. What it throws ends the session. */
  readonly onLogin?: (login: AtprotoWebLogin) => MaybePromise<Response | string | undefined>
  /** Answers a request that failed. @default a line of text */
  readonly onFailure?: (failure: AtprotoWebFailure) => MaybePromise<Response | undefined>
  /** Wishes for each login. */
  readonly login?: Pick<AtprotoLoginOptions, 'scopes' | 'prompt' | 'uiLocales'>
  /** For the clients of `fromRequest`. */
  readonly xrpc?: XrpcClientOptions
  /** Milliseconds from a login until the browser must log in again. @default 7_776_000_000, 90 days */
  readonly lifetime?: number
  /** Another one keeps two applications of one origin apart. @default 'authentype' */
  readonly cookieName?: string
}

const name = 'createAtprotoWebHandler'
const optionNames = ['client', 'cookieKeys', 'onLogin', 'onFailure', 'login', 'xrpc', 'lifetime', 'cookieName']

/** @throws TypeError that names the option */
export function assertAtprotoWebOptions(options: AtprotoWebOptions): void {
  assertOptions(name, options)
  assertKnownOptions(name, options, optionNames)
  const { client, cookieKeys, lifetime = 1, login = {}, xrpc = {} } = options
  // Now rather than at each request.
  assertKnownOptions(`${name}: "login"`, login, ['scopes', 'prompt', 'uiLocales'])
  assertKnownOptions(`${name}: "xrpc"`, xrpc, xrpcOptionNames)
  normaliseXrpcOptions(`${name}: "xrpc"`, xrpc)
  if (typeof client?.handleCallback !== 'function') {
    throw new TypeError(`${name}: "client" is required; createAtprotoClient makes one`)
  }
  if (!Array.isArray(cookieKeys) || cookieKeys.length === 0 || !cookieKeys.every(isSealingKey)) {
    throw new TypeError(`${name}: "cookieKeys" must be a list of keys that generateSealingKey() made, the newest first`)
  }
  assertNumbers(name, { lifetime }, ['lifetime'])
}
