/**
 * Milliseconds to wait, from `Retry-After` in either form; nothing for what is neither. A date is one of the server's
 * clock, so the wait is counted from the answer's own `Date`, where it has one and comes from no cache (`Age`).
 *
 * @param now milliseconds since the epoch, for a date in an answer that does not tell its own
 * @see RFC 9110 10.2.3, 6.6.1
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  const field = headers.get('retry-after') ?? ''
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000
  // An HTTP date begins with the name of a day; Date.parse alone would take "1" and "-5" for dates.
  const date = /^[A-Z]/i.test(field) && Date.parse(field)
  const sentAt = !headers.has('age') && Date.parse(headers.get('date') ?? '')
  // False and NaN, like the beginning of the epoch, are no time that a server could mean.
  return date ? Math.max(0, date - (sentAt || now)) : undefined
}
