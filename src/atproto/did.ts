/** As a part of larger patterns. */
export const didPattern = 'did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]'
const did = new RegExp(`^${didPattern}$`)
const longest = 2048

/**
 * Whether a text is a DID, of whatever method.
 *
 * @see AT Protocol DID, "AT Protocol DID Identifier Syntax"
 */
export function isDid(text: unknown): text is string {
  return typeof text === 'string' && text.length <= longest && did.test(text)
}
