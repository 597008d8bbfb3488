import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { validateAuthorizationRequest } from '../../src/server/index.ts'
import { accept, goodRequest, startAuthorization } from './authorization-rig.ts'
import { issuer, signed } from './rig.ts'

describe('signed requests', () => {
  it('count alone: what stands outside is not looked at', async () => {
    const key = await generateSigningKey('ES256')
    const rig = await startAuthorization({ jwks: { keys: [key.publicJwk] } as never })
    const now = rig.clock.now() / 1000
    const claims = { ...goodRequest, iss: 'web', aud: issuer, exp: now + 60, scope: 'read', max_age: 60 }
    const request = await signed(key, { typ: 'oauth-authz-req+jwt' }, claims)
    expect(await accept(rig, { request, scope: 'admin', state: 'other' })).toMatchObject({
      scope: ['read'],
      state: 's',
      maxAge: 60,
    })
  })

  it.each([
    ['unsigned', { alg: 'none' }, {}],
    ['for another server', {}, { aud: 'https://x.example' }],
    ['of another client', {}, { client_id: 'other' }],
    ['expired', {}, { exp: 1 }],
    ['of another type', { typ: 'at+jwt' }, {}],
    ['with a request inside', {}, { request: 'x' }],
  ])('are refused when %s', async (_name, header, change) => {
    const key = await generateSigningKey('ES256')
    const rig = await startAuthorization({ jwks: { keys: [key.publicJwk] } as never })
    const request = await signed(key, header, { ...goodRequest, iss: 'web', aud: issuer, ...change })
    const outcome = await validateAuthorizationRequest(rig.config, { params: { client_id: 'web', request } })
    expect(!outcome.ok && outcome.error.error).toBe('invalid_request_object')
  })
})
