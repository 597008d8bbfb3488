import type { Runtime } from '../../lib/runtime.ts'
import { abortable, createSingleFlight } from '../../lib/single-flight.ts'
import type { IdentityEvent, ResolveOptions } from './identity-types.ts'

/** Milliseconds: AT Protocol caches identities no longer than an hour where nothing tells of changes. */
const identityMaxAge: number = 60 * 60_000
/** Milliseconds where it decides who logs in: AT Protocol OAuth, "Identity Authentication", has ten minutes. */
export const loginMaxAge: number = 5 * 60_000

/** Entries; the one that was loaded longest ago goes. */
const most = 10_000

interface Entry<Value> {
  readonly value: Value
  readonly loadedAt: number
}

export interface IdentityCache<Value> {
  /** What is in memory and young enough, or what `load` gives; asked for once, however many wait. */
  get(name: string, options: ResolveOptions, load: () => Promise<Value>): Promise<Value>
}

/** Failures are not remembered. */
export function createIdentityCache<Value>(options: {
  readonly subject: IdentityEvent['subject']
  readonly runtime: Runtime
  readonly emit: (event: IdentityEvent) => void
}): IdentityCache<Value> {
  const { subject, runtime, emit } = options
  const entries = new Map<string, Entry<Value>>()
  const flights = createSingleFlight<Value>()

  function remember(name: string, value: Value): void {
    entries.delete(name)
    entries.set(name, { value, loadedAt: runtime.now() })
    if (entries.size > most) entries.delete(entries.keys().next().value!)
  }

  return {
    async get(name, { fresh = false, maxAge = identityMaxAge, signal }, load) {
      const entry = entries.get(name)
      const age = entry ? runtime.now() - entry.loadedAt : -1
      // A negative age is that of a clock that was set back.
      if (!fresh && entry && age >= 0 && age < Math.min(maxAge, identityMaxAge)) {
        emit({ kind: 'identity_cache_hit', subject, name })
        return entry.value
      }
      emit({ kind: 'identity_cache_miss', subject, name })
      const flight = flights.run(name, async () => {
        const value = await load()
        remember(name, value)
        return value
      })
      return await abortable(flight, signal)
    },
  }
}
