/** Characters of a pattern, and of what one without an anchor takes. */
const longest = 500

/**
 * Whether a regular expression runs in linear time on any string. A document's `pattern` is untrusted, and one
 * like `(a+)+$` would let a server hang its client. Only plain sequences are let through in which what a
 * repeated part takes can never be what the next part needs; groups, look-arounds, back-references and
 * alternatives are not analysed and count as unsafe.
 */
export function isLinearPattern(pattern: string): boolean {
  if (pattern.length > longest) return false
  const anchored = pattern.startsWith('^')
  const body = pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  const terms = parseTerms(body)
  if (!terms || !isPattern(pattern)) return false
  // Without an anchor a repetition is tried from each position: quadratic, or the text's length times its own.
  if (!anchored)
    return terms.every((term) => term.min === term.max) && terms.reduce((sum, { max }) => sum + max, 0) <= longest
  return terms.every((term, index) => term.min === term.max || isSeparated(term, terms.slice(index + 1)))
}

/** Whether it is a regular expression at all (ECMA-262, as JSON Schema 6.4 asks for). */
export function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u')
    return true
  } catch {
    return false
  }
}

/** ASCII code points, and at 128 all others. */
type CharacterSet = ReadonlySet<number>

interface Term {
  readonly set: CharacterSet
  readonly min: number
  readonly max: number
}

/** No term up to the next one that must match can take a character of this term. */
function isSeparated(term: Term, following: readonly Term[]): boolean {
  for (const next of following) {
    for (const character of next.set) if (term.set.has(character)) return false
    if (next.min > 0) return true
  }
  return true
}

const token = /\[\^?(?:\\.|[^\]\\])*\]|\\.|[^\\[\](){}|^$*+?]/uy
const quantifier = /\{(\d{1,4})(,(\d{0,4}))?\}|[*+?]/y

function parseTerms(body: string): Term[] | undefined {
  const terms: Term[] = []
  for (let at = 0; at < body.length; ) {
    token.lastIndex = at
    const found = token.exec(body)?.[0]
    const set = found === undefined ? undefined : found.startsWith('[') ? classSet(found) : atomSet(found)
    if (found === undefined || !set) return undefined
    at += found.length
    quantifier.lastIndex = at
    const repeat = quantifier.exec(body)
    at += repeat?.[0].length ?? 0
    if (body[at] === '?' && repeat) return undefined
    terms.push({ set, ...bounds(repeat) })
  }
  return terms
}

function bounds(repeat: RegExpExecArray | null): { min: number; max: number } {
  if (!repeat) return { min: 1, max: 1 }
  if (repeat[0] === '?') return { min: 0, max: 1 }
  if (repeat[0] === '*') return { min: 0, max: Infinity }
  if (repeat[0] === '+') return { min: 1, max: Infinity }
  const min = Number(repeat[1])
  return { min, max: repeat[2] === undefined ? min : repeat[3] === '' ? Infinity : Number(repeat[3]) }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
const everything: CharacterSet = new Set(range(0, 128))
const without = (set: CharacterSet): CharacterSet => new Set([...everything].filter((character) => !set.has(character)))
const digits: CharacterSet = new Set(range(48, 57))
const words: CharacterSet = new Set([...digits, ...range(65, 90), ...range(97, 122), 95])
const spaces: CharacterSet = new Set([9, 10, 11, 12, 13, 32, 128])
const shorthands: Readonly<Record<string, CharacterSet>> = {
  d: digits,
  D: without(digits),
  w: words,
  W: without(words),
  s: spaces,
  // Non-ASCII characters are on both sides.
  S: new Set([...without(spaces), 128]),
}
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 }

function atomSet(atom: string): CharacterSet | undefined {
  if (atom === '.') return without(new Set([10, 13]))
  if (!atom.startsWith('\\')) return new Set([Math.min(atom.codePointAt(0)!, 128)])
  const letter = atom.slice(1)
  const shorthand = shorthands[letter]
  if (shorthand) return shorthand
  const control = controls[letter]
  if (control !== undefined) return new Set([control])
  // \b, \1, \p{...}, \x..: not analysed.
  return /[A-Za-z0-9]/.test(letter) ? undefined : new Set([Math.min(letter.codePointAt(0)!, 128)])
}

function classSet(text: string): CharacterSet | undefined {
  const negated = text.startsWith('[^')
  const parts = [...text.slice(negated ? 2 : 1, -1).matchAll(/\\.|[^\\]/gu)].map(([part]) => part)
  const set = new Set<number>()
  for (let index = 0; index < parts.length; index++) {
    const from = atomSetInClass(parts[index]!)
    const to = parts[index + 1] === '-' && index + 2 < parts.length ? atomSetInClass(parts[index + 2]!) : undefined
    if (!from) return undefined
    if (to && from.size === 1 && to.size === 1) {
      for (const character of range([...from][0]!, [...to][0]!)) set.add(character)
      index += 2
    } else for (const character of from) set.add(character)
  }
  return negated ? new Set([...without(set), 128]) : set
}

const atomSetInClass = (part: string): CharacterSet | undefined => (part === '.' ? new Set([46]) : atomSet(part))
