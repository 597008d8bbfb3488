import type { Helper } from './conditions.ts'

/** Source of the helpers. Function declarations, so that a bundler drops what an application does not reach. */
const sources: Readonly<Record<Helper, string>> = {
  fail: `function fail(path: string, expected: string, value: unknown): ValidationFailure {
  const actualType = value === undefined ? 'absent' : value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return { path, expected, actualType }
}`,
  at: `function at(path: string, { path: inner, expected, actualType }: ValidationFailure): ValidationFailure {
  return { path: path + inner, expected, actualType }
}`,
  isObject: `function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}`,
  isUrl: `function isUrl(value: string): boolean {
  try {
    new URL(value)
    return true
  } catch {
    return false
  }
}`,
  equal: `function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}`,
  isUnique: `function isUnique(items: readonly unknown[]): boolean {
  const primitives = new Set<unknown>()
  const others: unknown[] = []
  for (const item of items) {
    if (typeof item !== 'object' || item === null) {
      if (primitives.has(item)) return false
      primitives.add(item)
    } else {
      if (others.some((other) => equal(item, other))) return false
      others.push(item)
    }
  }
  return true
}`,
  codePoints: `function codePoints(value: string): number {
  let count = 0
  for (const _ of value) count++
  return count
}`,
  token: `function token(key: string | number): string {
  return '/' + String(key).replace(/~/g, '~0').replace(/\\//g, '~1')
}`,
}

const needs: Readonly<Partial<Record<Helper, readonly Helper[]>>> = {
  equal: ['isObject'],
  isUnique: ['equal', 'isObject'],
}

/** The helpers that were used and what they need, in a fixed order. */
export function emitHelpers(used: ReadonlySet<Helper>): string[] {
  const all = new Set([...used].flatMap((helper) => [helper, ...(needs[helper] ?? [])]))
  return (Object.keys(sources) as Helper[]).filter((helper) => all.has(helper)).map((helper) => `${sources[helper]}\n`)
}
