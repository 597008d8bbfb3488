import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { judgeResourceMetadata, readResourceMetadataUrl } from '../../src/protocol/resource-discovery.ts'
import { caught } from '../support/caught.ts'

const resource = 'https://api.example/orders'
const honest = { resource, authorization_servers: ['https://op.example', 'https://other.example/tenant'] }
const judge = (body: unknown) => judgeResourceMetadata(body, { resource })

describe('the metadata of a protected resource', () => {
  it('names its authorization servers', () => {
    expect(judge({ ...honest, jwks_uri: 'https://api.example/jwks', anything: 1 })).toMatchObject(honest)
    expect(judge({ resource }).authorization_servers).toBeUndefined()
  })

  it.each([
    ['no object', [], 'invalid_resource_metadata'],
    ['another resource', { ...honest, resource: 'https://api.example' }, 'invalid_resource_metadata'],
    ['another by a slash', { ...honest, resource: `${resource}/` }, 'invalid_resource_metadata'],
    ['no resource', { authorization_servers: [] }, 'invalid_resource_metadata'],
    [
      'servers that are no list',
      { ...honest, authorization_servers: 'https://op.example' },
      'invalid_resource_metadata',
    ],
    ['a server that is no text', { ...honest, authorization_servers: [{}] }, 'invalid_resource_metadata'],
    ['an http server', { ...honest, authorization_servers: ['http://op.example'] }, 'insecure_endpoint'],
    ['a javascript: server', { ...honest, authorization_servers: ['javascript:x'] }, 'insecure_endpoint'],
    ['a server with a query', { ...honest, authorization_servers: ['https://op.example?x'] }, 'invalid_metadata'],
    ['a server with a fragment', { ...honest, authorization_servers: ['https://op.example#x'] }, 'invalid_metadata'],
    ['an http jwks_uri', { ...honest, jwks_uri: 'http://api.example/jwks' }, 'insecure_endpoint'],
    ['a javascript: policy', { ...honest, resource_policy_uri: 'javascript:x' }, 'insecure_endpoint'],
  ])('is refused with %s (RFC 9728 2, 3.3)', (_name, body, code) => {
    expect(caught(ProtocolError, () => judge(body)).code).toBe(code)
  })
})

describe('the challenge of a resource', () => {
  it('says where its metadata is (RFC 9728 5.1)', () => {
    const headers = new Headers({ 'www-authenticate': 'Basic realm="x", DPoP resource_metadata="https://a.example/m"' })
    expect(readResourceMetadataUrl(headers)).toBe('https://a.example/m')
    expect(readResourceMetadataUrl(new Headers())).toBeUndefined()
  })
})
