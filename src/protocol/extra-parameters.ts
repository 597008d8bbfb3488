/**
 * Further parameters of the caller, by their wire names.
 *
 * @param own those that the library sets itself, whether or not it does in this request
 * @throws TypeError for one of these, and for what is no string
 */
export function readExtraParameters(
  extraParameters: Readonly<Record<string, string>> = {},
  own: readonly string[],
): Record<string, string> {
  for (const [name, value] of Object.entries(extraParameters)) {
    if (own.includes(name)) {
      throw new TypeError(`"extraParameters" must not set "${name}", which the library sets itself`)
    }
    if (typeof value !== 'string') throw new TypeError(`"extraParameters": "${name}" must be a string`)
  }
  return { ...extraParameters }
}
