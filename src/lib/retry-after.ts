/**
 * Milliseconds to wait, from `Retry-After` in either form; nothing for what is neither.
 *
 * @param now milliseconds since the epoch
 * @see RFC 9110 10.2.3
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  const field = headers.get('retry-after')?.trim()
  if (!field) return undefined
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000
  // An HTTP date begins with the name of a day; Date.parse alone would take "1" and "-5" for dates.
  const date = /^[A-Z]/i.test(field) ? Date.parse(field) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
