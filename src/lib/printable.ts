/**
 * Untrusted text made fit for a message: control and format characters (line breaks, escape sequences,
 * bidirectional overrides, lone surrogates) become spaces, runs of white space one, and it ends after `limit` characters.
 *
 * @param limit UTF-16 units, the ellipsis not counted. @default 200
 */
export function printable(text: string, limit = 200): string {
  // Cut twice: first so that a megabyte costs nothing, then to the length that was asked for.
  const cut = text.slice(0, limit * 4)
  const clean = cut
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const short = clean.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '')
  return short.length < clean.length || cut.length < text.length ? `${short}…` : short
}

/** The JSON type of a value, for messages about values that must not be quoted. */
export function jsonType(value: unknown): string {
  if (value === undefined) return 'absent'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
