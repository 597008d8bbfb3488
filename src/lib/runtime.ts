/** The two things that a rule may not reach for by itself: the time and chance. Tests give their own. */
export interface Runtime {
  /** Milliseconds since the epoch. @default Date.now */
  readonly now: () => number
  /** Cryptographically strong random bytes. @default crypto.getRandomValues */
  readonly randomBytes: (length: number) => Uint8Array<ArrayBuffer>
  /** Resolves after so many milliseconds, and rejects with the signal's reason when that aborts. @default a timer */
  readonly delay?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

/** The machine's clock, in milliseconds since the epoch. */
export const now = (): number => Date.now()

/** The machine's clock alone: who needs no chance does not bundle its source. */
export const systemClock: Pick<Runtime, 'now'> = { now }

/** The machine's clock and random source. */
export const systemRuntime: Runtime = {
  now,
  randomBytes: drawRandomBytes,
}

/** A draw from the platform costs some microseconds whatever its length, and a token needs several short ones. */
const drawnAtOnce = 4_096
let drawn = /* @__PURE__ */ new Uint8Array(0)
let used = 0

/** Each byte is given out once, and forgotten here. */
function drawRandomBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length > drawnAtOnce / 16) return crypto.getRandomValues(new Uint8Array(length))
  if (used + length > drawn.length) {
    drawn = crypto.getRandomValues(new Uint8Array(drawnAtOnce))
    used = 0
  }
  const bytes = drawn.slice(used, used + length)
  drawn.fill(0, used, used + length)
  used += length
  return bytes
}

/** A NumericDate (RFC 7519 2): whole seconds since the epoch. */
export function epochSeconds(runtime: Runtime): number {
  return Math.floor(runtime.now() / 1000)
}

/** A module of Node, or of a runtime that has Node's; nothing where there is none. Never a static import. */
export function builtinModule(name: string): unknown {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }
  return process?.getBuiltinModule?.(name)
}
