/** The two things that a rule may not reach for by itself: the time and chance. Tests give their own. */
export interface Runtime {
  /** Milliseconds since the epoch. @default Date.now */
  readonly now: () => number
  /** Cryptographically strong random bytes. @default crypto.getRandomValues */
  readonly randomBytes: (length: number) => Uint8Array<ArrayBuffer>
}

/** The machine's clock and random source. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

/** A NumericDate (RFC 7519 2): whole seconds since the epoch. */
export function epochSeconds(runtime: Runtime): number {
  return Math.floor(runtime.now() / 1000)
}
