/** Milliseconds. */
export interface FreshnessBounds {
  readonly least: number
  readonly most: number
  /** Where the answer does not say. */
  readonly standard: number
}

const minute = 60_000
const hour = 60 * minute

/** For metadata and key sets alike: a server can neither have us ask without end nor keep us from ever asking again. */
export const documentFreshness: FreshnessBounds = { least: minute, most: 24 * hour, standard: hour }

/**
 * For how many milliseconds an answer may be used, by its cache headers within bounds.
 *
 * @see RFC 9111 4.2.1, 5.2.2
 */
export function freshFor(headers: Headers, bounds: FreshnessBounds): number {
  const lifetime = lifetimeOf(headers)
  if (lifetime === undefined) return bounds.standard
  const age = seconds(headers.get('age') ?? '') ?? 0
  return Math.min(Math.max(lifetime - age * 1000, bounds.least), bounds.most)
}

function lifetimeOf(headers: Headers): number | undefined {
  const control = headers.get('cache-control')?.toLowerCase() ?? ''
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/.test(control)) return 0
  const maxAge = seconds(/(?:^|[\s,])max-age="?(\d+)/.exec(control)?.[1] ?? '')
  if (maxAge !== undefined) return maxAge * 1000
  const expires = headers.get('expires')
  if (expires === null) return undefined
  const lifetime = Date.parse(expires) - Date.parse(headers.get('date') ?? '')
  // RFC 9111 5.3: an invalid date, "0" above all, is one in the past; without a Date nothing can be told.
  if (Number.isNaN(Date.parse(expires))) return 0
  return Number.isNaN(lifetime) ? undefined : lifetime
}

function seconds(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
