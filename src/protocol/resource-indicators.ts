/**
 * The `resource` parameter as the list that goes on the wire, or `undefined` for none.
 *
 * @throws TypeError for what is no absolute URI without fragment
 * @see RFC 8707 2
 */
export function normaliseResources(resource: string | readonly string[] | undefined): string[] | undefined {
  if (resource === undefined) return undefined
  const resources = typeof resource === 'string' ? [resource] : [...resource]
  for (const one of resources) {
    // RFC 8707 2: an absolute URI by RFC 3986 4.3, which has a scheme and no fragment.
    if (typeof one !== 'string' || one.includes('#') || /[\s\p{Cc}]/u.test(one) || !URL.canParse(one)) {
      throw new TypeError('"resource" must be an absolute URI without fragment, or a list of them (RFC 8707 2)')
    }
  }
  return resources.length > 0 ? [...new Set(resources)] : undefined
}
