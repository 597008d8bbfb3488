import { describe, expect, it } from 'vitest'
import { assertClientIdSupported, buildClientMetadataDocument } from '../../src/protocol/client-metadata-document.ts'

const clientId = 'https://app.example/client.json'
const metadata = { redirect_uris: ['https://app.example/callback'] }

describe('buildClientMetadataDocument', () => {
  it('names the client by its URL, and a public one unless it says how it authenticates', () => {
    const document = buildClientMetadataDocument(clientId, metadata)
    expect(document).toEqual({ ...metadata, client_id: clientId, token_endpoint_auth_method: 'none' })
    const signed = buildClientMetadataDocument(clientId, { ...metadata, token_endpoint_auth_method: 'private_key_jwt' })
    expect(signed.token_endpoint_auth_method).toBe('private_key_jwt')
  })

  it.each([
    'http://app.example/client.json',
    'https://app.example',
    'https://app.example?x=1',
    'https://app.example/a/../client.json',
    'https://app.example/%2e%2E/client.json',
    'https://app.example/client.json#me',
    'https://user:pw@app.example/client.json',
    'my-app',
    '',
  ])('refuses %s', (url) => {
    expect(() => buildClientMetadataDocument(url, metadata)).toThrow(/"clientId" must be an https URL/)
  })

  it('publishes no secret', () => {
    for (const more of [{ client_secret: 's' }, { token_endpoint_auth_method: 'client_secret_basic' }]) {
      expect(() => buildClientMetadataDocument(clientId, { ...metadata, ...more })).toThrow(TypeError)
    }
  })
})

describe('assertClientIdSupported', () => {
  const supporting = { client_id_metadata_document_supported: true }
  const none = { method: 'none' }

  it('takes what the server can look up, and clients that were registered', () => {
    assertClientIdSupported(supporting, clientId, none)
    assertClientIdSupported(supporting, 'my-app', { method: 'client_secret_basic' })
    assertClientIdSupported({}, clientId, { method: 'client_secret_basic' })
    assertClientIdSupported({ client_id_metadata_document_supported: false }, 'my-app', none)
  })

  it('refuses what it cannot', () => {
    expect(() => assertClientIdSupported({ client_id_metadata_document_supported: false }, clientId, none)).toThrow(
      /URL/,
    )
    expect(() => assertClientIdSupported(supporting, 'https://app.example', none)).toThrow(/with a path/)
    expect(() => assertClientIdSupported(supporting, clientId, { method: 'client_secret_jwt' })).toThrow(/no secret/)
  })
})
