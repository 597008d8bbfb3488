/** The type and subtype of a media type or range, without parameters (RFC 9110 8.3.1); undefined where it is none. */
export function parseMediaType(text: string): string | undefined {
  const mediaType = text.split(';', 1)[0]!.trim().toLowerCase()
  return /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+$/.test(mediaType) ? mediaType : undefined
}

/** Ranges count as JSON: where a document says that any type may come, its schema describes the JSON that comes. */
export function isJson(mediaType: string): boolean {
  return /^[^/]+\/(json|.+\+json)$/.test(mediaType) || mediaType === '*/*' || mediaType === 'application/*'
}

export const isUrlEncoded = (mediaType: string): boolean => mediaType === 'application/x-www-form-urlencoded'

export const isMultipart = (mediaType: string): boolean => mediaType.startsWith('multipart/')

/** What a caller sees as a string: text, markup, forms, and tokens such as `application/jwt`. */
export function isText(mediaType: string): boolean {
  return (
    /^text\/|^application\/(.+\+)?(jwt|xml|jose|yaml|javascript|graphql)$|^application\/(x-ndjson|jsonl|json-seq)$/.test(
      mediaType,
    ) || isUrlEncoded(mediaType)
  )
}
