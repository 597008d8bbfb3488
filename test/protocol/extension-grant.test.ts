import { describe, expect, it } from 'vitest'
import { buildExtensionGrantRequest, buildJwtBearerRequest } from '../../src/protocol/extension-grant.ts'

describe('a JWT as a grant', () => {
  it('is sent with what is asked for (RFC 7523 2.1)', () => {
    expect(buildJwtBearerRequest('a.b.c', { scope: 'read', extraParameters: { requested_token_use: 'x' } })).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: 'a.b.c',
      scope: 'read',
      requested_token_use: 'x',
    })
    expect(buildJwtBearerRequest('a..c.d.e', {}).assertion).toBe('a..c.d.e')
  })

  it.each(['', 'a.b', 'a.b.c.d', 'a b.c.d', '{"a":1}', 'a.b.c.d.e.f'])('is refused as %j', (assertion) => {
    expect(() => buildJwtBearerRequest(assertion, {})).toThrow(TypeError)
  })
})

describe('an extension grant', () => {
  it('is named by its URI and has its own parameters (RFC 6749 4.5)', () => {
    const options = { scope: 'read', resource: 'https://api.example' }
    expect(buildExtensionGrantRequest('urn:x:y', { voucher: 'v', item: ['a', 'b'] }, options)).toEqual({
      grant_type: 'urn:x:y',
      voucher: 'v',
      item: ['a', 'b'],
      scope: 'read',
      resource: ['https://api.example'],
    })
  })

  it.each(['password', 'implicit', '', 'urn:with space', '/relative'])('is not named %j', (grantType) => {
    expect(() => buildExtensionGrantRequest(grantType, {}, {})).toThrow(TypeError)
  })

  it.each([
    ['client_secret', 'x'],
    ['client_id', 'x'],
    ['grant_type', 'x'],
    ['scope', 'x'],
    ['client_assertion', ['x']],
    ['number', 7 as unknown as string],
    ['list', [7] as unknown as string[]],
  ])('has no parameter "%s" %j', (name, value) => {
    expect(() => buildExtensionGrantRequest('urn:x:y', { [name]: value }, {})).toThrow(TypeError)
  })
})
