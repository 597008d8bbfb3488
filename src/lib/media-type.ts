import { printable } from './printable.ts'

/** The media type of an answer without its parameters, lower case; empty where there is none (RFC 9110 8.3). */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

/** `application/json` and whatever ends with `+json` (RFC 6839 3.1). */
export function isJson(mediaType: string): boolean {
  return /[/+]json$/.test(mediaType)
}

/** What callers get as a string: text, markup, forms, and tokens such as `application/jwt`. */
export function isText(mediaType: string): boolean {
  return /^text\/(?!json)|^application\/(?:.+\+)?(?:jwt|xml|jose|yaml|javascript|graphql|x-ndjson|jsonl|json-seq|x-www-form-urlencoded)$/.test(
    mediaType,
  )
}

/** The value in an object, so that `null` and failure differ. The parser's error is dropped, since it quotes the text. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/**
 * The start of an error page, for `ResponseError`: only of HTML or text with an error status, never of JSON,
 * which may hold tokens, not even of JSON under a wrong name.
 */
export function excerptOf(status: number, mediaType: string, text: string): { excerpt?: string } {
  const isPage = mediaType.startsWith('text/') || mediaType === 'application/xhtml+xml'
  if (!isPage || (status >= 200 && status < 300) || /^\s*["[{]/.test(text)) return {}
  return { excerpt: printable(text) }
}
