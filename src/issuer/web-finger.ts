import { fetchJson } from '../http/json-fetch.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { buildWebFingerQuery, issuerRelation, judgeWebFingerResponse } from '../protocol/webfinger.ts'
import { observeSearch, settleThirdParty, type ThirdPartyOptions, thirdPartyOptionNames } from './third-party.ts'

/** The issuer of a user (OpenID Connect Discovery 1.0 2). */
export interface WebFingerResult {
  /** The issuer that serves the user. Make its client with `fetch: createScreenedFetch()`. */
  readonly issuer: string
  /** The identifier as it was asked for: `acct:alice@example.com`. */
  readonly resource: string
}

/**
 * Finds the issuer of a user by an identifier that they typed in: an e-mail address, a host name or a URL.
 *
 * @throws TypeError for what is no identifier
 * @throws ProtocolError `invalid_webfinger_response`, `invalid_metadata`, `insecure_endpoint`
 * @throws RequestError `address_not_allowed`
 * @throws ResponseError, NetworkError, TimeoutError
 * @see OpenID Connect Discovery 1.0 2, RFC 7033 4
 * @example
 * const { issuer } = await webFinger('alice@example.com')
 */
export async function webFinger(identifier: string, options: ThirdPartyOptions = {}): Promise<WebFingerResult> {
  assertKnownOptions('webFinger', options, thirdPartyOptionNames)
  const { fetch, timeout, allowLoopbackHttp } = settleThirdParty(options)
  const { resource, origin } = buildWebFingerQuery(identifier, allowLoopbackHttp)
  const url = new URL('/.well-known/webfinger', origin)
  url.search = new URLSearchParams({ resource, rel: issuerRelation }).toString()
  const accept = 'application/jrd+json, application/json'
  const observer = observeSearch(url.origin, options)
  return await observer.watch('identity_resolution', async () => {
    const wishes = { accept, clause: 'RFC 7033 4.2', timeout, signal: options.signal }
    const { body } = await fetchJson(observer.watchFetch(fetch), url, wishes)
    return { issuer: judgeWebFingerResponse(body, allowLoopbackHttp), resource }
  })
}
