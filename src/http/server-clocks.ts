import type { Fetch } from '../lib/fetch.ts'
import type { Runtime } from '../lib/runtime.ts'

/**
 * What is known of the servers' clocks, by origin. It serves what we say of the time ourselves, in proofs and
 * assertions, and tells what a server's own times are by our clock, for the schedule of refreshes; no token is accepted
 * by it, since whoever sends a `Date` would then decide how long a token lives.
 */
export interface ServerClocks {
  /** The runtime with the clock of the server at this URL, as far as it is known. */
  runtimeFor(url: string | URL): Runtime
  /** Milliseconds by which the clock of the server at this URL is ahead of ours; 0 where that is unknown or too much. */
  skewOf(url: string | URL): number
  /** A transport that learns from each answer. */
  learnFrom(fetch: Fetch): Fetch
}

export interface ServerClocksOptions {
  readonly runtime: Runtime
  /** Told when what is known of a clock has changed. `skew` in milliseconds, positive where the server is ahead. */
  readonly onLearned?: (origin: string, skew: number, applied: boolean) => void
}

/** Milliseconds by which a clock is at least and at most ahead of ours, by all that was heard of it. */
interface Bounds {
  readonly least: number
  readonly most: number
}

interface Known extends Bounds {
  /** The last `Date` field, which changes once a second. */
  readonly field: string
  /** The best guess within the bounds, in milliseconds. */
  readonly skew: number
  /** The runtime with that skew; the plain one where it is none, or too much. */
  readonly runtime: Runtime
}

/** Milliseconds. A clock that is further off is wrong, and with it the server's idea of any proof. */
const mostSkew = 5 * 60_000
/** `Date` is given in whole seconds (RFC 9110 5.6.7). */
const resolution = 1000
/** Beyond this the one that was heard of longest ago goes. */
const mostServers = 50

export function createServerClocks({ runtime, onLearned }: ServerClocksOptions): ServerClocks {
  const clocks = new Map<string, Known>()
  /** Whether any clock is not ours: most are, and then no address is taken apart for it. */
  let isAnyShifted = false
  let last = { url: '', field: '' }

  function learn(url: string, { headers }: Response, sentAt: number): void {
    const field = headers.get('date')
    if (field === null || (field === last.field && url === last.url)) return
    // An answer with an Age comes from a cache, and its Date from long ago (RFC 9111 5.1).
    if (headers.has('age')) return
    last = { url, field }
    const { origin } = new URL(url)
    const known = clocks.get(origin)
    if (known?.field === field) return
    const heard = boundsOf(field, sentAt, runtime.now())
    if (!heard) return
    const before = known?.skew ?? 0
    const bounds = join(known, heard)
    const skew = nearest(before, bounds)
    const applied = Math.abs(skew) <= mostSkew
    clocks.delete(origin)
    clocks.set(origin, { ...bounds, field, skew, runtime: applied && skew !== 0 ? shifted(runtime, skew) : runtime })
    if (clocks.size > mostServers) clocks.delete(clocks.keys().next().value!)
    isAnyShifted = [...clocks.values()].some((clock) => clock.runtime !== runtime)
    // What comes closer to the truth by less than a second is nothing new.
    if (Math.abs(skew - before) >= resolution) onLearned?.(origin, skew, applied)
  }

  return {
    runtimeFor: (url) => (isAnyShifted ? (clocks.get(new URL(url).origin)?.runtime ?? runtime) : runtime),
    skewOf(url) {
      const known = isAnyShifted ? clocks.get(new URL(url).origin) : undefined
      return known && known.runtime !== runtime ? known.skew : 0
    },
    learnFrom: (fetch) => async (request) => {
      const sentAt = runtime.now()
      const response = await fetch(request)
      learn(request.url, response, sentAt)
      return response
    },
  }
}

/** The server wrote its `Date` between our sending and our receiving, and up to a second after the time that it names. */
function boundsOf(field: string, sentAt: number, receivedAt: number): Bounds | undefined {
  const date = Date.parse(field)
  // A clock that was set back meanwhile tells nothing.
  if (Number.isNaN(date) || receivedAt < sentAt) return undefined
  return { least: date - receivedAt, most: date + resolution - sentAt }
}

/** What both leave open; where that is nothing, one of the clocks was set, and only the newer one counts. */
function join(known: Bounds | undefined, heard: Bounds): Bounds {
  const least = Math.max(known?.least ?? heard.least, heard.least)
  const most = Math.min(known?.most ?? heard.most, heard.most)
  return least <= most ? { least, most } : heard
}

/** What is believed stays while it can; else the middle is the best guess. */
function nearest(believed: number, { least, most }: Bounds): number {
  return believed >= least && believed <= most ? believed : Math.round((least + most) / 2)
}

/** Member by member: those of a class instance are not its own, and would be lost in a copy. */
function shifted(runtime: Runtime, skew: number): Runtime {
  return {
    now: () => runtime.now() + skew,
    randomBytes: (length) => runtime.randomBytes(length),
    ...(runtime.delay && { delay: (milliseconds, signal) => runtime.delay!(milliseconds, signal) }),
  }
}
