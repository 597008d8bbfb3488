import { ResponseError } from '../errors/response.ts'
import type { Fetch } from '../lib/fetch.ts'
import { isJson, mediaTypeOf } from '../lib/media-type.ts'
import { parseStrictJson } from '../lib/strict-json.ts'
import { withoutQuery } from './network-errors.ts'

/**
 * Refuses a success whose JSON has a member twice, since two readers may take different ones of them. It reads each
 * answer, so it stands around what limits their size. What is no JSON at all is for those to say who know what it
 * should be.
 *
 * @throws ResponseError invalid_json
 * @see RFC 6749 3.2 ("Request and response parameters MUST NOT be included more than once"), RFC 8259 4
 */
export function withStrictJson(fetch: Fetch): Fetch {
  return async (request) => {
    const response = await fetch(request)
    const contentType = mediaTypeOf(response.headers)
    // What comes under no name at all may be read as JSON, too.
    if (!response.ok || (contentType !== '' && !isJson(contentType))) return response
    const json = parseStrictJson(await response.clone().text(), Number.POSITIVE_INFINITY)
    if (json.ok || json.fault === 'not JSON') return response
    const url = withoutQuery(request.url)
    throw new ResponseError('invalid_json', `${request.method} ${url}: the JSON has ${json.fault}`, {
      ...{ url, status: response.status, contentType, response },
      clause: 'RFC 8259 4',
      expected: 'JSON of one meaning',
      actual: json.fault,
    })
  }
}
