import { AtprotoError } from '../../errors/atproto.ts'
import { jsonType, printable } from '../../lib/printable.ts'

const longest = 253
const syntax = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/
/** "Additional Non-Syntax Restrictions": names that nobody can have. `.test` is for development, and leads nowhere else. */
const nobodys = /\.(?:alt|arpa|example|internal|invalid|local|localhost|onion)$/

/** Whether a text is a handle in its normal form, lower case. */
export function isHandle(text: unknown): text is string {
  return typeof text === 'string' && text.length <= longest && syntax.test(text) && !nobodys.test(text)
}

/**
 * A handle in its normal form. What people type is taken: an `@` before it, space around it, and the invisible marks
 * that come along when it is copied.
 *
 * @throws AtprotoError `invalid_handle`
 * @see AT Protocol Handle, "Handle Identifier Syntax", "Usage and Implementation Guidelines"
 */
export function parseHandle(text: unknown): string {
  const clean =
    typeof text === 'string'
      ? text
          .slice(0, 4 * longest)
          .replace(/\p{Cf}/gu, '')
          .trim()
      : undefined
  const handle = clean?.replace(/^@/, '').toLowerCase()
  if (isHandle(handle)) return handle
  const actual = typeof text === 'string' ? printable(text) : jsonType(text)
  throw new AtprotoError(
    'invalid_handle',
    `"${actual}" is no handle; expected a domain name such as alice.bsky.social`,
    {
      clause: 'AT Protocol Handle, "Handle Identifier Syntax"',
      expected: 'a handle',
      actual,
    },
  )
}
