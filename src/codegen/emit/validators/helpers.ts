/** Helpers that the emitted code calls; only those that it calls are emitted. */
export type Helper = 'fail' | 'at' | 'isObject' | 'isUrl' | 'equal' | 'isUnique' | 'isMultiple' | 'codePoints' | 'token'

/** Stands before a helper's name until a file is whole. No text of a document holds it: literals escape it. */
const mark = '\u0001'

/** The name of a helper, in statements that may yet be left out. */
export const helper = (name: Helper): string => mark + name

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
  isMultiple: `function isMultiple(value: number, of: number): boolean {
  const times = value / of
  return !(Math.abs(times - Math.round(times)) > 4 * Number.EPSILON * Math.abs(times))
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

/** The statements as they are written, and behind them the helpers that they call, in a fixed order. */
export function withHelpers(parts: readonly string[]): string[] {
  const names = Object.keys(sources) as Helper[]
  const called = names.filter((name) => parts.some((part) => part.includes(`${mark}${name}(`)))
  const all = new Set(called.flatMap((name) => [name, ...(needs[name] ?? [])]))
  const helpers = names.filter((name) => all.has(name)).map((name) => `${sources[name]}\n`)
  return [...parts.map((part) => part.replaceAll(mark, '')), ...helpers]
}
