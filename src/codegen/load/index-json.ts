/**
 * Where each object and array of a JSON text begins. Walks the text and its parsed value side by side, only
 * when the first warning needs a place, so that documents without faults never pay for it.
 */
export function indexJson(text: string, root: unknown): WeakMap<object, number> {
  const offsets = new WeakMap<object, number>()
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
    for (skipSpace(); text[at] !== '}'; skipSpace()) {
      const key = JSON.parse(skipString()) as string
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
  return offsets
}
