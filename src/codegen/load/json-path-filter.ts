import type { Location, Segment } from './json-path.ts'

/** Whether a node passes, asked of the node and the root. */
export type Filter = (node: unknown, root: unknown) => boolean

/** What is left of a path's text. White space between tokens means nothing. */
export interface Tokens {
  take(token: string): boolean
  expect(token: string): void
  expectEnd(): void
  /** A member's name in dot notation. */
  name(): string
  string(): string | undefined
  integer(): number | undefined
  match(pattern: RegExp): string | undefined
  unexpected(expected: string): SyntaxError
}

export function tokenise(path: string): Tokens {
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(`\\s*(?:${pattern.source})`, 'uy')
    sticky.lastIndex = at
    const found = sticky.exec(path)?.[0]
    if (found !== undefined) at += found.length
    return found?.trim()
  }
  const unexpected = (expected: string): SyntaxError => new SyntaxError(`expected ${expected} at character ${at + 1}`)
  const literally = (token: string): RegExp => new RegExp(token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const take = (token: string): boolean => match(literally(token)) !== undefined
  return {
    take,
    match,
    unexpected,
    expect(token) {
      if (!take(token)) throw unexpected(`"${token}"`)
    },
    expectEnd() {
      if (path.slice(at).trim() !== '') throw unexpected('the end')
    },
    name() {
      const found = match(/[\p{L}_][\p{L}\p{N}_-]*/u)
      if (found === undefined) throw unexpected('a name')
      return found
    },
    string() {
      const found = match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/)
      return found === undefined ? undefined : unquote(found, unexpected)
    },
    integer() {
      const found = match(/-?(?:0|[1-9]\d{0,14})/)
      return found === undefined ? undefined : Number(found)
    },
  }
}

/** RFC 9535 2.3.1.2: JSON's escapes, and that of the quote in use. */
function unquote(quoted: string, unexpected: (expected: string) => SyntaxError): string {
  const inner = quoted.slice(1, -1).replace(/\\.|"/gsu, (part) => (part === "\\'" ? "'" : part === '"' ? '\\"' : part))
  try {
    return JSON.parse(`"${inner}"`) as string
  } catch {
    throw unexpected('a string with the escapes of JSON')
  }
}

type ParseSegments = (tokens: Tokens) => Segment[]
type SelectNodes = (root: unknown, segments: readonly Segment[], start?: unknown) => Location[]

/** A value of either side of a comparison: `undefined` for a query that finds nothing. */
type Operand = (node: unknown, root: unknown) => unknown

/** RFC 9535 2.3.5: tests of existence and comparisons, joined by `&&`, `||`, `!` and parentheses. */
export function parseFilter(tokens: Tokens, parseSegments: ParseSegments, selectNodes: SelectNodes): Filter {
  const either = (): Filter => {
    const parts = [both()]
    while (tokens.take('||')) parts.push(both())
    return (node, root) => parts.some((part) => part(node, root))
  }
  const both = (): Filter => {
    const parts = [single()]
    while (tokens.take('&&')) parts.push(single())
    return (node, root) => parts.every((part) => part(node, root))
  }
  const single = (): Filter => {
    if (tokens.match(/!(?!=)/) !== undefined) {
      const inner = single()
      return (node, root) => !inner(node, root)
    }
    if (tokens.take('(')) {
      const inner = either()
      tokens.expect(')')
      return inner
    }
    return comparison()
  }
  const comparison = (): Filter => {
    const left = operand()
    const operator = tokens.match(/==|!=|<=|>=|<|>/)
    if (operator === undefined) return (node, root) => left(node, root) !== undefined
    const right = operand()
    return (node, root) => compare(left(node, root), operator, right(node, root))
  }
  const operand = (): Operand => {
    const origin = tokens.match(/[@$]/)
    if (origin !== undefined) {
      const segments = parseSegments(tokens)
      return (node, root) => {
        const start = origin === '@' ? node : root
        const [location] = selectNodes(root, segments, start)
        return location?.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], start)
      }
    }
    const quoted = tokens.string()
    if (quoted !== undefined) return () => quoted
    const literal = tokens.match(/true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)
    if (literal === undefined) throw tokens.unexpected('a query or a value (functions are not known here)')
    const value = JSON.parse(literal) as unknown
    return () => value
  }
  return either()
}

/** RFC 9535 2.3.5.2.2: order is known for two numbers or two strings; what is not there equals only its like. */
function compare(left: unknown, operator: string, right: unknown): boolean {
  const equal = left === right || (isObject(left) && isObject(right) && JSON.stringify(left) === JSON.stringify(right))
  const less = (a: unknown, b: unknown): boolean =>
    (typeof a === 'number' && typeof b === 'number' && a < b) ||
    (typeof a === 'string' && typeof b === 'string' && a < b)
  switch (operator) {
    case '==':
      return equal
    case '!=':
      return !equal
    case '<':
      return less(left, right)
    case '>':
      return less(right, left)
    case '<=':
      return less(left, right) || equal
    default:
      return less(right, left) || equal
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
