import { describe, expect, it } from 'vitest'
import { getAuthorizationServer, getAuthorizationServerMetadata } from '../../src/atproto/index.ts'
import { metadataOf } from '../support/atproto/fake-authorization-server.ts'
import { createFakeNetwork, issuer, pds } from '../support/atproto/fake-network.ts'

const resourceUrl = `${pds}/.well-known/oauth-protected-resource`
const serverUrl = `${issuer}/.well-known/oauth-authorization-server`

function aNetwork() {
  const network = createFakeNetwork()
  return { network, options: { fetch: network.fetch, runtime: network.clock } }
}

describe('the authorization server of a PDS', () => {
  it('is the one that it names', async () => {
    const { options } = aNetwork()
    expect(await getAuthorizationServer(pds, options)).toBe(issuer)
    expect(await getAuthorizationServer(`${pds}/`, options)).toBe(issuer)
  })

  it('is asked for once an hour, or anew', async () => {
    const { network, options } = aNetwork()
    await getAuthorizationServer(pds, options)
    await getAuthorizationServer(pds, options)
    expect(network.sentTo(resourceUrl)).toHaveLength(1)
    await getAuthorizationServer(pds, { ...options, fresh: true })
    network.clock.advance(60 * 60_000)
    await getAuthorizationServer(pds, options)
    expect(network.sentTo(resourceUrl)).toHaveLength(3)
  })

  it('is not kept longer than an hour, whatever the PDS says', async () => {
    const { network, options } = aNetwork()
    const body = { resource: pds, authorization_servers: [issuer] }
    network.set(resourceUrl, () => Response.json(body, { headers: { 'cache-control': 'max-age=86400' } }))
    await getAuthorizationServer(pds, options)
    network.clock.advance(60 * 60_000)
    await getAuthorizationServer(pds, options)
    expect(network.sentTo(resourceUrl)).toHaveLength(2)
  })

  it.each([
    ['none', undefined, 'invalid_issuer'],
    ['an empty list', [], 'invalid_issuer'],
    ['two', [issuer, 'https://auth2.hoster.dev'], 'invalid_issuer'],
    ['one with a path', [`${issuer}/oauth`], 'invalid_issuer'],
    ['one with a slash', [`${issuer}/`], 'invalid_issuer'],
    ['one with a default port', ['https://auth.hoster.dev:443'], 'invalid_issuer'],
    ['one in capitals', ['https://AUTH.hoster.dev'], 'invalid_issuer'],
    ['one without TLS', ['http://auth.hoster.dev'], 'invalid_metadata'],
    ['one on this machine', ['http://localhost:2583'], 'invalid_metadata'],
    ['a number', [42], 'invalid_metadata'],
    ['a text for the list', issuer, 'invalid_metadata'],
  ])('is refused where the PDS names %s', async (_, authorization_servers, code) => {
    const { network, options } = aNetwork()
    network.set(resourceUrl, { resource: pds, authorization_servers })
    await expect(getAuthorizationServer(pds, options)).rejects.toMatchObject({ code })
  })

  it('is refused where the document is about another resource', async () => {
    const { network, options } = aNetwork()
    network.set(resourceUrl, { resource: 'https://pds.elsewhere.dev', authorization_servers: [issuer] })
    await expect(getAuthorizationServer(pds, options)).rejects.toMatchObject({ code: 'invalid_metadata' })
  })

  it.each([`${pds}/xrpc`, 'http://pds.hoster.dev', 'pds.hoster.dev', 'https://u@pds.hoster.dev', ''])(
    'of %j is none',
    async (text) => {
      const { network, options } = aNetwork()
      await expect(getAuthorizationServer(text, options)).rejects.toMatchObject({ code: 'invalid_pds' })
      expect(network.sent).toHaveLength(0)
    },
  )
})

describe.each([
  ['a PDS', resourceUrl, (options: object) => getAuthorizationServer(pds, options)],
  ['an authorization server', serverUrl, (options: object) => getAuthorizationServerMetadata(issuer, options)],
])('the document of %s', (_, url, get) => {
  const good = url === resourceUrl ? { resource: pds, authorization_servers: [issuer] } : metadataOf(issuer)

  it.each([
    [
      'a redirect, even within the origin',
      () => new Response(null, { status: 302, headers: { location: `${url}/` } }),
      'redirect_refused',
    ],
    ['a status near 200', () => Response.json(good, { status: 201 }), 'unexpected_status'],
    ['an error', () => Response.json(good, { status: 500 }), 'unexpected_status'],
    [
      'another media type',
      () => new Response(JSON.stringify(good), { headers: { 'content-type': 'text/html' } }),
      'unexpected_content_type',
    ],
    ['no JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } }), 'invalid_json'],
    ['a list', () => Response.json([good]), 'invalid_metadata'],
  ])('is not taken from %s', async (__, answer, code) => {
    const { network, options } = aNetwork()
    network.set(url, answer)
    await expect(get(options)).rejects.toMatchObject({ code })
  })

  it('is not remembered where it failed, and unknown options are refused', async () => {
    const { network, options } = aNetwork()
    network.set(url, () => new Response('', { status: 503 }))
    await expect(get(options)).rejects.toMatchObject({ status: 503 })
    network.set(url, good)
    await get(options)
    await expect(get({ ...options, cache: false })).rejects.toThrow(TypeError)
  })
})

describe('the metadata of an authorization server', () => {
  it('is taken with all that the profile demands, and may do without revocation', async () => {
    const { network, options } = aNetwork()
    expect(await getAuthorizationServerMetadata(issuer, options)).toMatchObject({ issuer })
    network.set(serverUrl, { ...metadataOf(issuer), revocation_endpoint: undefined })
    expect(await getAuthorizationServerMetadata(issuer, { ...options, fresh: true })).not.toHaveProperty(
      'revocation_endpoint',
    )
  })

  it.each([
    ['another issuer', { issuer: 'https://auth.elsewhere.dev' }],
    ['a slash at the issuer’s end', { issuer: `${issuer}/` }],
    ['no issuer', { issuer: undefined }],
    ['no authorization endpoint', { authorization_endpoint: undefined }],
    ['no token endpoint', { token_endpoint: undefined }],
    ['no PAR endpoint', { pushed_authorization_request_endpoint: undefined }],
    ['an endpoint without TLS', { token_endpoint: 'http://auth.hoster.dev/token' }],
    ['a script for an endpoint', { authorization_endpoint: 'javascript:alert(1)' }],
    ['no response type code', { response_types_supported: ['token'] }],
    ['no response types', { response_types_supported: undefined }],
    ['no refresh', { grant_types_supported: ['authorization_code'] }],
    ['no grant types', { grant_types_supported: undefined }],
    ['plain PKCE', { code_challenge_methods_supported: ['plain'] }],
    ['no PKCE', { code_challenge_methods_supported: undefined }],
    ['no public clients', { token_endpoint_auth_methods_supported: ['private_key_jwt'] }],
    ['no confidential clients', { token_endpoint_auth_methods_supported: ['none'] }],
    ['no ES256 assertions', { token_endpoint_auth_signing_alg_values_supported: ['RS256'] }],
    ['unsigned assertions', { token_endpoint_auth_signing_alg_values_supported: ['ES256', 'none'] }],
    ['no atproto scope', { scopes_supported: ['openid'] }],
    ['a scope that only looks like it', { scopes_supported: ['atproto2'] }],
    ['no scopes', { scopes_supported: undefined }],
    ['no iss in callbacks', { authorization_response_iss_parameter_supported: undefined }],
    ['iss in callbacks denied', { authorization_response_iss_parameter_supported: false }],
    ['iss in callbacks in words', { authorization_response_iss_parameter_supported: 'true' }],
    ['optional PAR', { require_pushed_authorization_requests: false }],
    ['nothing said of PAR', { require_pushed_authorization_requests: undefined }],
    ['no DPoP', { dpop_signing_alg_values_supported: undefined }],
    ['DPoP without ES256', { dpop_signing_alg_values_supported: ['RS256'] }],
    ['no client metadata documents', { client_id_metadata_document_supported: false }],
    ['nothing said of client metadata documents', { client_id_metadata_document_supported: undefined }],
    ['unregistered request URIs', { require_request_uri_registration: false }],
    ['a list that is a text', { scopes_supported: 'atproto' }],
  ])('with %s is refused', async (_, changes) => {
    const { network, options } = aNetwork()
    network.set(serverUrl, { ...metadataOf(issuer), ...changes })
    await expect(getAuthorizationServerMetadata(issuer, options)).rejects.toMatchObject({ code: 'invalid_metadata' })
  })

  it.each([`${issuer}/`, `${issuer}/oauth`, 'http://auth.hoster.dev', 'auth.hoster.dev', `${issuer}?a`, 42])(
    'of %j is not asked for',
    async (text) => {
      const { network, options } = aNetwork()
      await expect(getAuthorizationServerMetadata(text as string, options)).rejects.toMatchObject({
        code: 'invalid_issuer',
      })
      expect(network.sent).toHaveLength(0)
    },
  )
})
