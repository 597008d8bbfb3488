/** JSON Pointer (RFC 6901) in a URI fragment, to its tokens; undefined where it is no pointer. */
export function parsePointer(fragment: string): string[] | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(fragment)
  } catch {
    // A stray percent sign: taken literally, as most tools do.
    decoded = fragment
  }
  if (decoded === '') return []
  if (!decoded.startsWith('/')) return undefined
  return decoded
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function formatPointer(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** What the tokens lead to; undefined where there is nothing. Own properties only. */
export function follow(root: unknown, tokens: readonly string[]): unknown {
  let node = root
  for (const token of tokens) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, token)) return undefined
    node = (node as Record<string, unknown>)[token]
  }
  return node
}
