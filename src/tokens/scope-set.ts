import { assertScope, splitScope } from '../protocol/scope.ts'

/** Scopes as they are asked for: a list, or the space-separated text of the wire. */
export type Scopes = string | readonly string[]

/**
 * Scopes as a sorted list without repetition, since order and repetition mean nothing (RFC 6749 3.3).
 *
 * @throws TypeError for characters that no scope has
 */
export function scopeSet(scopes: Scopes): readonly string[] {
  const text = Array.isArray(scopes) ? scopes.join(' ') : (scopes as string)
  assertScope(text, 'scopes')
  const list = splitScope(text)
  return list.length < 2 ? list : list.toSorted()
}

/** Whether `granted` has everything of `wanted`. What is unknown covers nothing. */
export function covers(granted: readonly string[] | undefined, wanted: readonly string[]): boolean {
  return granted !== undefined && wanted.every((scope) => granted.includes(scope))
}
