/** One challenge of a `WWW-Authenticate` field. */
export interface Challenge {
  /** Lower case: schemes are case-insensitive (RFC 9110 11.1). */
  readonly scheme: string
  /** What stands in the place of parameters, for `Negotiate` and its like. */
  readonly token68?: string
  /** By lower-case name; of a repeated one the first. Without a prototype. */
  readonly parameters: Readonly<Record<string, string>>
}

// Sticky, and each with one way to match, so that the whole parse is linear in the length of the field.
const separators = /[ \t,]*/y
const spaces = /[ \t]*/y
const token = /[!#$%&'*+.^_`|~\w-]+/y
const token68 = /[\w.~+/-]+=*(?=[ \t]*(?:,|$))/y
const quotedString = /"([^"\\]*(?:\\.[^"\\]*)*)"?/sy
// Not only tokens: servers leave URLs unquoted.
const bareValue = /[^ \t,"]*/y

/**
 * All challenges of a field, or of several that `Headers` has joined with commas. Never throws: junk between
 * challenges is passed over, an unended quoted string ends with the field.
 *
 * @see RFC 9110 11.6.1, 5.6.4
 */
export function parseChallenges(field: string | null): Challenge[] {
  const challenges: Challenge[] = []
  const text = field ?? ''
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at = pattern.lastIndex
    return match
  }
  let parameters: Record<string, string> | undefined
  while (take(separators) && at < text.length) {
    const name = take(token)?.[0].toLowerCase()
    if (name === undefined) {
      if (!take(quotedString)) at++
      continue
    }
    const gap = take(spaces)![0]
    if (text[at] === '=' && parameters) {
      at++
      take(spaces)
      const quoted = take(quotedString)
      const value = quoted ? quoted[1]!.replace(/\\(.)/gs, '$1') : take(bareValue)![0]
      parameters[name] ??= value
      continue
    }
    parameters = Object.create(null) as Record<string, string>
    const blob = gap === '' ? null : take(token68)
    challenges.push({ scheme: name, ...(blob && { token68: blob[0] }), parameters })
  }
  return challenges
}

/**
 * The first challenge that names this error, or any.
 *
 * @see RFC 6750 3; RFC 9449 7.1
 */
export function findChallengeError(headers: Headers, error?: string): Challenge | undefined {
  return parseChallenges(headers.get('www-authenticate')).find(({ parameters }) => {
    const { error: given } = parameters
    return error === undefined ? given : given === error
  })
}

/**
 * One challenge as a field value, its parameters as quoted strings; those that are undefined are left out.
 *
 * @throws TypeError for a value that no field can hold
 * @see RFC 9110 11.6.1, 5.6.4
 */
export function formatChallenge(scheme: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const pairs: string[] = []
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new TypeError(`challenge parameter "${name}": expected printable ASCII`)
    pairs.push(`${name}="${value.replace(/["\\]/g, '\\$&')}"`)
  }
  return pairs.length > 0 ? `${scheme} ${pairs.join(', ')}` : scheme
}
