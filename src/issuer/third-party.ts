import { createObserver, type Observer } from '../http/observer.ts'
import { createScreenedFetch } from '../http/screened-fetch.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertNumbers, assertSwitches } from '../lib/options.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { ClientEventListener } from '../protocol/client-event.ts'

/** What is asked of a server that another party has named. */
export interface ThirdPartyOptions {
  /** Sends it; a plain one is not safe here. @default createScreenedFetch() */
  readonly fetch?: Fetch
  /** @default the machine's clock and random source */
  readonly runtime?: Runtime
  /** Milliseconds for each request. @default 10000 */
  readonly timeout?: number
  /** `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean
  readonly signal?: AbortSignal
  /** Told of what is asked and found, without whom it was about. @default nobody */
  readonly onEvent?: ClientEventListener
}

export const thirdPartyOptionNames: readonly string[] = [
  ...['fetch', 'runtime', 'timeout', 'allowLoopbackHttp', 'signal', 'onEvent'],
]

// One of each, so that what is cached by fetch is found again.
let screened: Fetch | undefined
let screenedWithLoopback: Fetch | undefined

/** Watches a search for an issuer; `origin` is where it is asked. */
export function observeSearch(origin: string, { onEvent, runtime = systemRuntime }: ThirdPartyOptions): Observer {
  return createObserver({ issuer: origin, runtime, onEvent })
}

/** The options with every default filled in. */
export function settleThirdParty(options: ThirdPartyOptions): {
  readonly fetch: Fetch
  readonly runtime: Runtime
  readonly timeout: number
  readonly allowLoopbackHttp: boolean
} {
  assertSwitches('options', options, ['allowLoopbackHttp'])
  assertNumbers('options', options, ['timeout'])
  const { runtime = systemRuntime, timeout = 10_000, allowLoopbackHttp = false } = options
  return { fetch: options.fetch ?? defaultFetch(allowLoopbackHttp), runtime, timeout, allowLoopbackHttp }
}

function defaultFetch(allowLoopbackHttp: boolean): Fetch {
  if (!allowLoopbackHttp) {
    screened ??= createScreenedFetch()
    return screened
  }
  screenedWithLoopback ??= createScreenedFetch({ allowLoopbackHttp })
  return screenedWithLoopback
}
