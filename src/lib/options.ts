/** Refuses a call without its options, by name rather than by a platform's complaint about `undefined`. */
export function assertOptions(name: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`${name}: options are required`)
}

/** Refuses option keys that nobody reads: a misspelt security option must not be silently without effect. */
export function assertKnownOptions(name: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`${name}: unknown option "${key}"; known are ${known.join(', ')}`)
  }
}
