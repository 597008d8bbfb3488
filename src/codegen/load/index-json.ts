import type { DuplicateKey } from './source.ts'

export interface JsonIndex {
  /** Where each object and array begins in the text. */
  readonly offsets: WeakMap<object, number>
  readonly duplicateKeys: readonly DuplicateKey[]
}

/**
 * What `JSON.parse` does not tell of a text. Walks the text and its parsed value side by side, only when the first
 * warning needs a place or a key came twice, so that documents without faults never pay for it.
 */
export function indexJson(text: string, root: unknown): JsonIndex {
  const offsets = new WeakMap<object, number>()
  const duplicateKeys: DuplicateKey[] = []
  let at = 0

  const skipSpace = (): void => {
    while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  }
  const skipString = (): string => {
    const start = at++
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    at++
    return text.slice(start, at)
  }

  function visit(value: unknown): void {
    skipSpace()
    const first = text[at]
    if (typeof value === 'object' && value !== null && (first === '{' || first === '[')) offsets.set(value, at)
    if (first === '{') visitMembers(value)
    else if (first === '[') visitItems(value)
    else if (first === '"') skipString()
    else while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at++
  }

  function visitMembers(value: unknown): void {
    at++
    const keys = new Set<string>()
    for (skipSpace(); text[at] !== '}'; skipSpace()) {
      const key = JSON.parse(skipString()) as string
      if (keys.has(key) && isMapping(value)) duplicateKeys.push({ key, mapping: value })
      keys.add(key)
      skipSpace()
      at++ // the colon
      visit((value as Record<string, unknown> | undefined)?.[key])
      skipSpace()
      if (text[at] === ',') at++
    }
    at++
  }

  function visitItems(value: unknown): void {
    at++
    let index = 0
    for (skipSpace(); text[at] !== ']'; skipSpace()) {
      visit((value as readonly unknown[] | undefined)?.[index++])
      skipSpace()
      if (text[at] === ',') at++
    }
    at++
  }

  visit(root)
  return { offsets, duplicateKeys }
}

/** Whether some key of a JSON text came twice: then the text has more of them than its parsed value. */
export function hasDuplicateKeys(text: string, root: unknown): boolean {
  return keysOfText(text) > keysOfValue(root)
}

/** Strings with a colon behind them. Jumps from quote to quote, since this is asked of every document. */
function keysOfText(text: string): number {
  let count = 0
  for (let open = text.indexOf('"'); open !== -1; ) {
    let close = text.indexOf('"', open + 1)
    while (isEscaped(text, close)) close = text.indexOf('"', close + 1)
    let next = close + 1
    while (text.charCodeAt(next) <= 0x20) next++
    if (text[next] === ':') count++
    open = text.indexOf('"', next)
  }
  return count
}

/** An odd number of backslashes stands in front. */
function isEscaped(text: string, at: number): boolean {
  let start = at
  while (text[start - 1] === '\\') start--
  return (at - start) % 2 === 1
}

function keysOfValue(root: unknown): number {
  let count = 0
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
    if (!Array.isArray(value)) count += members.length
    for (const member of members) open.push(member)
  }
  return count
}

const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
