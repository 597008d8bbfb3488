/**
 * Copies of values that nobody can change, in which equal short texts are one text: the issuer, the client and the
 * scope of a hundred thousand sessions would otherwise be held a hundred thousand times.
 */
export type CopyFrozen = <T>(value: T) => T

/** Longer texts are tokens, which never repeat. */
const longestShared = 64
/** Enough for what repeats; what does not drives it out. */
const maxShared = 512

export function createFrozenCopies(): CopyFrozen {
  const shared = new Map<string, string>()

  function share(text: string): string {
    if (text.length > longestShared) return text
    const known = shared.get(text)
    if (known !== undefined) return known
    if (shared.size === maxShared) shared.clear()
    shared.set(text, text)
    return text
  }

  /** Plain data all the way down; CryptoKeys and other platform objects are immutable by themselves. */
  function settle(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== Array.prototype) return
    for (const [name, member] of Object.entries(value)) {
      // A member of the name `__proto__` is data here, and assigning to it would not be.
      if (typeof member === 'string' && name !== '__proto__') (value as Record<string, string>)[name] = share(member)
      else if (typeof member === 'object' && member !== null && !Object.isFrozen(member)) settle(member)
    }
    Object.freeze(value)
  }

  return (value) => {
    const copy = structuredClone(value)
    if (typeof copy === 'object' && copy !== null) settle(copy)
    return copy
  }
}
