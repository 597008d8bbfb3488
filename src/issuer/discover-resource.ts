import type { ProtectedResourceMetadata } from '../../generated/models.ts'
import { fetchJson } from '../http/json-fetch.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { protectedResourceMetadataUrl } from '../protocol/protected-resource-metadata.ts'
import { judgeResourceMetadata, readResourceMetadataUrl } from '../protocol/resource-discovery.ts'
import { assertEndpointUrl } from '../protocol/url-rules.ts'
import { observeSearch, settleThirdParty, type ThirdPartyOptions, thirdPartyOptionNames } from './third-party.ts'

/** How a resource's metadata is looked up (RFC 9728 3.1). */
export interface DiscoverResourceOptions extends ThirdPartyOptions {
  /** The answer by which the resource refused: it may say where its metadata is. */
  readonly response?: Response
}

/** What a resource says of itself (RFC 9728 3.2). */
export interface DiscoveredResource {
  /** For the `resource` parameter (RFC 8707). */
  readonly resource: string
  /** Issuer identifiers, as the resource names them. Whether they are trusted is for the application to say. */
  readonly authorizationServers: readonly string[]
  readonly metadata: ProtectedResourceMetadata
}

/**
 * Finds the authorization servers of a resource. Both URL and answer are other parties' words: requests go through
 * `createScreenedFetch`, and a client made for a server that is found here should, too.
 *
 * @param resource the URL that is to be called
 * @throws ProtocolError `invalid_resource_metadata`, `invalid_metadata`, `insecure_endpoint`
 * @throws RequestError `insecure_url`, `address_not_allowed`
 * @throws ResponseError, NetworkError, TimeoutError
 * @see RFC 9728 3, 5
 * @example
 * const { resource, authorizationServers } = await discoverResource('https://api.example/orders')
 */
export async function discoverResource(
  resource: string,
  options: DiscoverResourceOptions = {},
): Promise<DiscoveredResource> {
  assertKnownOptions('discoverResource', options, [...thirdPartyOptionNames, 'response'])
  const { fetch, timeout, allowLoopbackHttp } = settleThirdParty(options)
  const named = options.response && readResourceMetadataUrl(options.response.headers)
  const url = protectedResourceMetadataUrl(resource, allowLoopbackHttp)
  if (named !== undefined) assertEndpointUrl(named, { field: 'resource_metadata', allowLoopbackHttp })
  const observer = observeSearch(new URL(url).origin, options)
  return await observer.watch('identity_resolution', async () => {
    const send = observer.watchFetch(fetch)
    const wishes = { clause: 'RFC 9728 3.2', timeout, signal: options.signal }
    const { body } = await fetchJson(send, named ?? url, wishes)
    const metadata = judgeResourceMetadata(body, { resource, allowLoopbackHttp })
    return { resource, authorizationServers: metadata.authorization_servers ?? [], metadata }
  })
}
