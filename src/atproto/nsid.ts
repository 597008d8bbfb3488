/** A label of a domain name in reverse: letters of any case, as the name is not compared as a domain. */
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const nsid = new RegExp(`^(?![0-9])${label}(?:\\.${label})+\\.[a-zA-Z][a-zA-Z0-9]{0,62}$`)
/** Characters before the last segment; with that, of 63 at the most, the whole has no more than 317. */
const longestAuthority = 253

/**
 * Whether a text is a Namespaced Identifier, the name of a lexicon: `com.atproto.repo.getRecord`.
 *
 * @see AT Protocol NSID, "NSID Syntax"
 */
export function isNsid(text: unknown): text is string {
  return typeof text === 'string' && text.lastIndexOf('.') <= longestAuthority && nsid.test(text)
}
