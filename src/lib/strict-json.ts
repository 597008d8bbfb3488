/**
 * JSON that has one meaning only (RFC 8259 4, RFC 8725 2.4): no member twice, at any depth, since two
 * parsers may keep different ones; no nesting that exhausts a stack; objects without a prototype, so that
 * `__proto__` is a member like any other.
 */

export type JsonFault = 'not JSON' | 'a member twice' | 'nested too deep'

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: JsonFault }

const usualDepth = 32

/**
 * Linear in the length of the text.
 *
 * @param mostDepth how deep arrays and objects may be nested
 */
export function parseStrictJson(text: string, mostDepth: number = usualDepth): StrictJson {
  const members = countWrittenMembers(text, mostDepth)
  if (members < 0) return { ok: false, fault: 'nested too deep' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The platform's message quotes the text, which may be a secret; so it is not passed on.
    return { ok: false, fault: 'not JSON' }
  }
  // A member that was written and is not there was overwritten by one of the same name.
  if (hardenAndCount(value) !== members) return { ok: false, fault: 'a member twice' }
  return { ok: true, value }
}

/** The colons outside of strings; -1 for text nested too deep. Right for valid JSON, harmless for any other. */
function countWrittenMembers(text: string, mostDepth: number): number {
  let members = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) {
      i = endOfString(text, i)
      if (i < 0) return 0
    } else if (code === 0x3a) members++
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > mostDepth) return -1
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return members
}

/** The index of the quote that ends the string that begins at `start`; -1 where it does not end. */
function endOfString(text: string, start: number): number {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return -1
    let before = end - 1
    while (text.charCodeAt(before) === 0x5c) before--
    // After an even number of backslashes the quote is not escaped.
    if ((end - before) % 2 === 1) return end
  }
}

/** Not recursive, since the text may be nested deeper than a stack holds. */
function hardenAndCount(root: unknown): number {
  const waiting: unknown[] = [root]
  let members = 0
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Array.isArray(value)) {
      for (const item of value) waiting.push(item)
      continue
    }
    for (const name of Object.keys(value)) {
      members++
      waiting.push((value as Record<string, unknown>)[name])
    }
    Object.setPrototypeOf(value, null)
  }
  return members
}
