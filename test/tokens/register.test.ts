import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { hints, kinds, known, read } from './registered-rig.ts'
import { alice, aRig, client, place, theClient } from './rig.ts'

describe.each(kinds)('%s.register', (kind) => {
  it('asks the server first, with the hint of its kind, and keeps what it says', async () => {
    const rig = aRig({ autoIntrospect: true })
    rig.issuer.answer('introspect', () =>
      Response.json({ active: true, sub: 'alice', scope: 'read write', username: 'Alice' }),
    )
    const metadata = await rig.manager[kind].register('t', { ...place, metadata: { aud: 'api' } })
    expect(metadata).toMatchObject({
      sub: 'alice',
      scope: ['read', 'write'],
      username: 'Alice',
      aud: 'api',
      active: true,
    })
    expect(rig.issuer.of('introspect').map(({ form }) => form)).toEqual([{ token: 't', token_type_hint: hints[kind] }])
    expect(await known(rig.manager, kind, 't')).toEqual(metadata)
  })

  it('keeps one record of a token that is registered any number of times at once', async () => {
    const rig = aRig()
    const registration = { ...place, metadata: { sub: 'alice', scope: 'read' } }
    await Promise.all(Array.from({ length: 50 }, () => rig.manager[kind].register('t', registration)))
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('asks nobody where that is turned off and the subject is known', async () => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice' } }, { autoIntrospect: false })
    await manager[kind].register('u', { ...place, subject: alice }, { autoIntrospect: false })
    expect(issuer.requests).toEqual([])
  })

  it('asks all the same where nobody says whose it is', async () => {
    const { manager, issuer } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice', scope: 'read' }))
    expect(await manager[kind].register('t', place)).toMatchObject({ sub: 'alice' })
    expect(issuer.of('introspect')).toHaveLength(1)
  })

  it.each([
    ['is down', () => new Response(null, { status: 503 }), 'http_status'],
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed')), 'http_request'],
    ['answers with nonsense', () => Response.json({ active: 'yes' }), 'illegal_introspection_response'],
  ])('keeps the token when introspection %s, and tells', async (_, answer, error) => {
    const rig = aRig({ autoIntrospect: true })
    rig.issuer.answer('introspect', answer)
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    expect(rig.events).toMatchObject([{ kind: 'introspection_failed', token: hints[kind], error }])
    rig.issuer.answer('introspect')
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('keeps the token where the server has no introspection', async () => {
    const rig = aRig({ autoIntrospect: true })
    rig.issuer.metadata.introspection_endpoint = undefined
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    expect(rig.events).toMatchObject([{ kind: 'introspection_failed', error: 'missing_server_metadata' }])
  })

  it('keeps a token of which nobody can say whose it is, and finds its owner later', async () => {
    const rig = aRig()
    rig.issuer.answer('introspect', () => new Response(null, { status: 503 }))
    await rig.manager[kind].register('t', place)
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: theClient, client })).toBe(0)
    rig.issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice', scope: 'read' }))
    await rig.manager[kind].introspect('t', place)
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('keeps the token of who would not wait for the server', async () => {
    const rig = aRig({ autoIntrospect: true })
    const controller = new AbortController()
    rig.issuer.answer('introspect', () => {
      controller.abort(new Error('enough'))
      return new Promise(() => {})
    })
    const registration = { ...place, metadata: { sub: 'alice', scope: 'read' } }
    const { signal } = controller
    await expect(rig.manager[kind].register('t', registration, { signal })).rejects.toThrow('enough')
    await expect(rig.manager[kind].register('late', registration, { signal })).rejects.toThrow('enough')
    expect(rig.events).toMatchObject([{ kind: 'introspection_failed', token: hints[kind] }])
    expect(await rig.manager[kind].delete('t', place)).toBe(true)
    expect(await rig.manager[kind].delete('late', place)).toBe(false)
  })

  it('keeps a token once, however often it is registered', async () => {
    const { manager } = aRig()
    const register = (scope: string) => manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope } })
    await Promise.all(Array.from({ length: 10 }, () => register('read')))
    expect(await register('read write')).toMatchObject({ scope: ['read', 'write'] })
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('makes a list of the scopes and sets the members that are undefined aside', async () => {
    const { manager } = aRig()
    const metadata = { sub: 'alice', scope: ' write  read write ', exp: undefined } as never
    expect(await manager[kind].register('t', { ...place, metadata })).toEqual({
      sub: 'alice',
      scope: ['write', 'read'],
    })
  })

  it.each([
    ['an empty token', '', place, /non-empty string/],
    ['a token with a line break', 'a\nb', place, /printable ASCII \(RFC 6749/],
    ['an unknown member', 't', { ...place, scope: 'read' }, /unknown option "scope"/],
    ['a subject of another form', 't', { ...place, subject: 'alice' }, /"subject" must be/],
  ])('refuses %s', async (_, token, registration, message) => {
    await expect(aRig().manager[kind].register(token, registration as never)).rejects.toThrow(message)
  })
})

describe('accessTokens.register', () => {
  it('takes a token without a sub for the client’s own, once the server has said that it is good', async () => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'sync', client_id: client.client_id }))
    await manager.accessTokens.register('t', place)
    const wish = { ...place, subject: theClient, scopes: ['sync'] }
    expect((await manager.accessTokens.get(wish)).value).toBe('t')
  })

  it('keeps what the caller says of whose it is, whatever sub the server gives it', async () => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    // There are servers that name a client by a `sub` of its own.
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'sync', sub: client.client_id }))
    await manager.accessTokens.register('t', { ...place, subject: theClient })
    const wish = { ...place, subject: theClient, scopes: ['sync'] }
    expect((await manager.accessTokens.get(wish)).value).toBe('t')
  })

  it.each([alice, theClient])('gives none that the server issued to another client, to %o', async (subject) => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'read', client_id: 'another' }))
    await manager.accessTokens.register('t', { ...place, subject })
    await manager.refreshTokens.register('r', { ...place, subject: alice, metadata: { scope: 'openid read' } })
    issuer.answer('token', () => Response.json({ access_token: 'own', token_type: 'Bearer', scope: 'read' }))
    const found = manager.accessTokens.get({ ...place, subject, scopes: 'read' })
    if (subject === theClient) expect((await found).value).toBe('own')
    else await expect(found).rejects.toMatchObject({ code: 'no_suitable_refresh_token', reason: 'none_with_scope' })
    await expect(manager.claims.get(place.issuer, 'alice')).rejects.toMatchObject({ reason: 'none_with_scope' })
  })

  it('does not give out one of which the server says that it is not active', async () => {
    const { manager } = aRig({ autoIntrospect: true })
    await manager.accessTokens.register('unknown there', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    await expect(manager.accessTokens.get(read)).rejects.toMatchObject({ reason: 'none_with_scope' })
  })

  it('gives a DPoP token with its key, and takes none without', async () => {
    const { manager } = aRig()
    const dpopKey = await generateSigningKey('ES256', { extractable: true })
    const metadata = { sub: 'alice', scope: 'read' }
    await expect(manager.accessTokens.register('t', { ...place, metadata, tokenType: 'DPoP' })).rejects.toThrow(
      /needs the "dpopKey"/,
    )
    await manager.accessTokens.register('t', { ...place, metadata, tokenType: 'DPoP', dpopKey })
    const token = await manager.accessTokens.get(read)
    expect(token).toMatchObject({ kind: 'dpop', key: { thumbprint: dpopKey.thumbprint } })
  })
})
