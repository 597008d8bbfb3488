/**
 * Copies of values that nobody can change, in which equal short texts are one text: the issuer, the client and the
 * scope of a hundred thousand sessions would otherwise be held a hundred thousand times.
 */
export type CopyFrozen = (value: unknown) => FrozenCopy

export interface FrozenCopy {
  readonly value: unknown
  /** Whether it holds a text of the length of a JWT, so that texts are most of its weight. */
  readonly hasLongText: boolean
}

/** Longer texts are tokens, which never repeat. */
const longestShared = 64
/** An opaque token is shorter, a JWT longer. */
const longText = 256
/** Of plain data; a value that holds itself has no end. */
const deepest = 200
/** Enough for what repeats; what does not drives it out. */
const maxShared = 512

export function createFrozenCopies(): CopyFrozen {
  const shared = new Map<string, string>()
  let hasLongText = false

  function share(text: string): string {
    if (text.length > longText) hasLongText = true
    if (text.length > longestShared) return text
    const known = shared.get(text)
    if (known !== undefined) return known
    if (shared.size === maxShared) shared.clear()
    shared.set(text, text)
    return text
  }

  /** Plain data all the way down; CryptoKeys and other platform objects are immutable by themselves. */
  function copy(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return share(value)
    if (typeof value !== 'object' || value === null) return isPlainValue(value) ? value : structuredClone(value)
    if (Array.isArray(value)) {
      const members: unknown[] = []
      for (const member of value) members.push(copy(member, deeper(depth)))
      return Object.freeze(members)
    }
    if (!isPlainObject(value)) return structuredClone(value)
    const members: Record<string, unknown> = {}
    for (const name of Object.keys(value)) {
      const member = copy((value as Record<string, unknown>)[name], deeper(depth))
      // Assigning to a member of the name `__proto__` would set the prototype; here it is data like any other.
      if (name === '__proto__') Object.defineProperty(members, name, { value: member, enumerable: true })
      else members[name] = member
    }
    return Object.freeze(members)
  }

  return (value) => {
    hasLongText = false
    const copied = copy(value, 0)
    return { value: copied, hasLongText }
  }
}

function isPlainValue(value: unknown): boolean {
  return typeof value !== 'function' && typeof value !== 'symbol'
}

/** What strict JSON is read as, such as the claims of an id_token, has no prototype. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function deeper(depth: number): number {
  if (depth > deepest) throw new TypeError('commit: a value is nested too deep, or holds itself')
  return depth + 1
}
