/**
 * Reading untrusted structure. A document is whatever someone typed, so every look into it says what it
 * expects and goes on without what is not there.
 */
export type RawObject = Readonly<Record<string, unknown>>

export function isRawObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own property: `constructor` and `__proto__` are names like any other. */
export function own(value: unknown, key: string): unknown {
  return isRawObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function strings(value: unknown): readonly string[] {
  return list(value).filter((item): item is string => typeof item === 'string')
}

export function entries(value: unknown): readonly [string, unknown][] {
  return isRawObject(value) ? Object.entries(value) : []
}

export function oneOf<const Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value)
}

/** `{ [key]: value }`, or nothing for undefined: exact optional properties without a ladder of ifs. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value }
}
