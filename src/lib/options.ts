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

/**
 * Every comparison with NaN is false: a limit of NaN, as `Number(undefined)` gives it, would be none at all.
 *
 * @param least 'above 0' for limits, which who wants none may set to Infinity; '0 or more' for what must be finite
 * @throws TypeError for what is no such number and is not left out
 */
export function assertNumbers<Options extends object>(
  caller: string,
  options: Options,
  names: readonly (keyof Options & string)[],
  least: 'above 0' | '0 or more' = 'above 0',
): void {
  for (const name of names) {
    const value: unknown = options[name]
    if (value === undefined) continue
    if (typeof value === 'number' && (least === 'above 0' ? value > 0 : value >= 0 && value !== Infinity)) continue
    throw new TypeError(`${caller}: "${name}" must be a number, ${least}`)
  }
}
