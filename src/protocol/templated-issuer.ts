/**
 * The quirk `templated-issuer`: an issuer whose path has the tenant in one segment. `issuer` is the address that all
 * tenants share, such as `https://login.microsoftonline.com/common/v2.0`.
 */

/** Whether a metadata document's issuer is the asked-for one with a placeholder for the tenant: `{tenantid}`. */
export function isIssuerTemplate(issuer: string, documented: unknown): boolean {
  const segment = differingSegment(issuer, documented)
  return segment !== undefined && /^\{\w+\}$/.test(segment)
}

/**
 * Whether a token's issuer is the shared one with the token's own tenant in it. A tenant that only `iss` names, and
 * the token not, is nobody's.
 */
export function isTenantIssuer(issuer: string, iss: unknown, tenant: unknown): boolean {
  const segment = differingSegment(issuer, iss)
  return segment !== undefined && segment === tenant && /^(?=.{1,255}$)[\w-]+(?:\.[\w-]+)*$/.test(segment)
}

/** The one segment of the path in which two issuers differ; undefined where that is more, less, or not in the path. */
function differingSegment(issuer: string, other: unknown): string | undefined {
  if (typeof other !== 'string') return undefined
  const [ours, theirs] = [issuer.split('/'), other.split('/')]
  if (ours.length !== theirs.length) return undefined
  const differing = ours.flatMap((segment, i) => (segment === theirs[i] ? [] : [i]))
  // The first three are the scheme, nothing, and the host.
  const [at, ...more] = differing
  return at === undefined || at < 3 || more.length > 0 ? undefined : theirs[at]
}
