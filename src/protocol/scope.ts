/** What was granted beside what was asked for, scope by scope; order and repetition mean nothing (RFC 6749 3.3). */
export interface ScopeDifference {
  /** Granted, not asked for. */
  readonly added: readonly string[]
  /** Asked for, not granted. */
  readonly missing: readonly string[]
}

/** The scopes of a space-separated list, each once, in their order. */
export function splitScope(scope: string): readonly string[] {
  return [...new Set(scope.split(' ').filter((token) => token !== ''))]
}

/** Whether every scope of the list is made of the characters that RFC 6749 A.4 allows. An empty list is one, too. */
export function isScope(value: string): boolean {
  // RFC 6749 A.4: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
  return /^[ \x21\x23-\x5b\x5d-\x7e]*$/.test(value)
}

/** @throws TypeError for characters that no scope has */
export function assertScope(value: string, name = 'scope'): void {
  if (typeof value !== 'string' || !isScope(value)) {
    throw new TypeError(`"${name}" must be scopes separated by spaces, without quotes and backslashes (RFC 6749 A.4)`)
  }
}

export function hasScope(scope: string | undefined, wanted: string): boolean {
  return scope !== undefined && splitScope(scope).includes(wanted)
}

/** Scopes are case-sensitive (RFC 6749 3.3). */
export function compareScopes(requested: string, granted: string): ScopeDifference {
  const asked = new Set(splitScope(requested))
  const given = new Set(splitScope(granted))
  return {
    added: [...given].filter((token) => !asked.has(token)),
    missing: [...asked].filter((token) => !given.has(token)),
  }
}
