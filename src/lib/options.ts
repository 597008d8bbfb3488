/** Refuses a call without its options, by name rather than by a platform's complaint about `undefined`. */
export function assertOptions(name: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`${name}: options are required`)
}

/** Refuses option keys that nobody reads: a misspelt security option must not be silently without effect. */
export function assertKnownOptions(name: string, options: object, known: readonly string[]): void {
  assertOptions(name, options)
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`${name}: unknown option "${key}"; known are ${known.join(', ')}`)
  }
}

/**
 * The text "false", which the environment gives, would switch on what it is to switch off.
 *
 * @throws TypeError for a switch that is neither true nor false nor left out
 */
export function assertSwitches<Options extends object>(
  caller: string,
  options: Options,
  switches: readonly (keyof Options & string)[],
): void {
  const wrong = switches.find((name) => options[name] !== undefined && typeof options[name] !== 'boolean')
  if (wrong !== undefined) throw new TypeError(`${caller}: "${wrong}" must be true or false`)
}
