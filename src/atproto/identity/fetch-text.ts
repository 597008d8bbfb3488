import { ResponseError } from '../../errors/response.ts'
import { withLimits } from '../../http/limits.ts'
import { withoutQuery } from '../../http/network-errors.ts'
import { discard, isRedirect, refused, sendManually, withoutRedirects } from '../../http/redirects.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { mediaTypeOf } from '../../lib/media-type.ts'

export interface FetchTextOptions {
  readonly accept: string
  /** Bytes, decoded. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
  /** Takes any success, and follows up to three redirects, each of them https. @default false: status 200 exactly, none */
  readonly lenient?: boolean
}

const mostRedirects = 3

/**
 * GETs a short text.
 *
 * @throws ResponseError `unexpected_status`, `redirect_refused`, `body_too_large`; NetworkError, TimeoutError, RequestError
 */
export async function fetchText(fetch: Fetch, url: string, options: FetchTextOptions): Promise<string> {
  const { accept, maxBytes, timeout, signal = null, lenient = false } = options
  const follow = lenient ? withHttpsRedirects : withoutRedirects
  const send = withLimits(follow(fetch), { maxBytes, timeout })
  const response = await send(new Request(url, { headers: { accept }, signal }))
  if (lenient ? response.ok : response.status === 200) return await response.text()
  const where = withoutQuery(url)
  throw new ResponseError('unexpected_status', `GET ${where}: expected status 200, got ${response.status}`, {
    url: where,
    status: response.status,
    contentType: mediaTypeOf(response.headers),
    expected: 'status 200',
    actual: `status ${response.status}`,
    response,
  })
}

/** A server's word that there is nothing: what was there may be gone for good, too. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ResponseError && (error.status === 404 || error.status === 410)
}

/** Wherever they lead: each is a request of its own, which a screened fetch screens. */
function withHttpsRedirects(fetch: Fetch): Fetch {
  return async (original) => {
    let request = original
    let response = await sendManually(fetch, request)
    for (let followed = 0; isRedirect(response); followed++) {
      const location = response.headers.get('location') ?? ''
      const target = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined
      const isFollowed = target?.protocol === 'https:' && target.username === '' && target.password === ''
      if (!isFollowed || followed === mostRedirects)
        throw refused(response, request, 'a redirect too many, or not of https')
      discard(response)
      request = new Request(target, original)
      response = await sendManually(fetch, request)
    }
    return response
  }
}
