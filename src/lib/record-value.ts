/**
 * The value of a record as JSON text, for stores that keep text. What JSON would silently turn into something
 * else (a CryptoKey becomes `{}`, NaN becomes `null`) is refused: a login must not be lost by writing it down.
 *
 * @throws TypeError that names the place in the value, never what stands there
 */
export function stringifyRecordValue(value: unknown): string {
  assertJson(value, 'value')
  return JSON.stringify(value)
}

const deepestValue = 200

function assertJson(value: unknown, path: string, depth = 0): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value !== 'object') throw refusal(path, typeof value === 'number' ? String(value) : `a ${typeof value}`)
  if (depth > deepestValue) throw refusal(path, `nested more than ${deepestValue} deep`)
  if (Array.isArray(value)) {
    for (const [i, member] of value.entries()) assertJson(member, `${path}[${i}]`, depth + 1)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw refusal(path, `a ${(prototype as { constructor?: { name?: string } }).constructor?.name ?? 'class instance'}`)
  }
  for (const [name, member] of Object.entries(value)) {
    // JSON leaves out a member that is undefined, which reads back the same.
    if (member !== undefined) assertJson(member, `${path}.${name}`, depth + 1)
  }
}

function refusal(path: string, actual: string): TypeError {
  return new TypeError(
    `commit: ${path} is ${actual}; this store keeps JSON. A non-extractable key needs the memory or the browser store`,
  )
}
