import { describe, expect, it } from 'vitest'
import { isTokenValid } from '../../src/tokens/index.ts'
import { aJws, aKeyPair } from '../support/id-token.ts'
import { hints, kinds } from './registered-rig.ts'
import { alice, aRig, place } from './rig.ts'

describe.each(kinds)('%s.introspect', (kind) => {
  it('asks the server at most every 30 seconds for a token that is registered', async () => {
    const { manager, issuer, clock } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'read', iat: clock.now() / 1000 }))
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    const first = await manager[kind].introspect('t', place)
    expect(first).toMatchObject({ active: true, scope: ['read'], sub: 'alice' })
    clock.advance(29_999)
    expect(await manager[kind].introspect('t', place)).toEqual(first)
    expect(issuer.of('introspect')).toHaveLength(1)
    clock.advance(1)
    expect((await manager[kind].introspect('t', place)).iat).not.toBe(first.iat)
    expect(await manager[kind].introspect('t', place, { minIntrospectInterval: 0 })).toBeDefined()
    expect(issuer.of('introspect').map(({ form }) => form.token_type_hint)).toEqual(Array(3).fill(hints[kind]))
  })

  it('asks once for all who ask at the same time, and an impatient one ends nothing', async () => {
    const { manager, issuer } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice' }))
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    const controller = new AbortController()
    const impatient = manager[kind].introspect('t', place, { signal: controller.signal })
    const patient = Array.from({ length: 50 }, () => manager[kind].introspect('t', place))
    controller.abort(new Error('enough'))
    await expect(impatient).rejects.toThrow('enough')
    expect(await Promise.all(patient)).toEqual(Array(50).fill({ active: true, sub: 'alice' }))
    expect(issuer.of('introspect')).toHaveLength(1)
  })

  it('takes a signed answer where one was registered, and no other', async () => {
    const { manager, issuer, clock } = aRig()
    const client = { ...place.client, introspection_signed_response_alg: 'ES256' }
    const times = { iat: clock.now() / 1000 }
    const signed = (token_introspection: object) =>
      aJws(
        { alg: 'ES256', kid: 'P-256', typ: 'token-introspection+jwt' },
        { iss: place.issuer, aud: client.client_id, ...times, token_introspection },
        aKeyPair('P-256').privateKey,
        'ES256',
      )
    const headers = { 'content-type': 'application/token-introspection+jwt' }
    issuer.answer('introspect', () => new Response(signed({ active: true, sub: 'alice', scope: 'read' }), { headers }))
    const signedPlace = { issuer: place.issuer, client }
    expect(await manager[kind].introspect('t', signedPlace)).toMatchObject({ sub: 'alice', scope: ['read'] })
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice' }))
    await expect(manager[kind].introspect('t', signedPlace)).rejects.toMatchObject({
      code: 'illegal_introspection_response',
    })
  })

  it('waits no longer than it may', async () => {
    const { manager, issuer } = aRig({ timeout: 20 })
    await manager[kind].introspect('t', place)
    issuer.answer('introspect', () => new Promise(() => {}))
    await expect(manager[kind].introspect('t', place)).rejects.toMatchObject({
      code: 'http_request',
      cause: { code: 'timeout' },
    })
  })

  it('stores nothing of a token that is not registered', async () => {
    const { manager, issuer } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice', scope: 'read' }))
    expect(await manager[kind].introspect('t', place)).toMatchObject({ sub: 'alice' })
    await manager[kind].introspect('t', place)
    expect(issuer.of('introspect')).toHaveLength(2)
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(0)
  })

  it('keeps what is known when the server says that it is not active, but that', async () => {
    const { manager } = aRig()
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    const metadata = await manager[kind].introspect('t', place)
    expect(metadata).toMatchObject({ active: false, sub: 'alice', scope: ['read'] })
    expect(isTokenValid(metadata)).toBe(false)
  })

  it.each([
    [() => new Response(null, { status: 500 }), { code: 'http_status', endpoint: 'introspection', status: 500 }],
    [() => Response.json({ error: 'invalid_client' }, { status: 401 }), { code: 'http_status', status: 401 }],
    [() => Promise.reject(new TypeError('fetch failed')), { code: 'http_request', endpoint: 'introspection' }],
    [() => Response.json({ active: true, exp: -1 }), { code: 'illegal_introspection_response' }],
  ])('fails with its own error, and keeps what is stored (%#)', async (answer, failure) => {
    const { manager, issuer } = aRig()
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    issuer.answer('introspect', answer)
    await expect(manager[kind].introspect('t', place)).rejects.toMatchObject({ name: 'TokenError', ...failure })
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })
})
