import { describe, expect, it } from 'vitest'
import { createIdentityResolver } from '../../src/atproto/index.ts'
import { alice, pds, plc } from '../support/atproto/fake-network.ts'
import { aResolver, bob } from './identity-rig.ts'

describe('the resolution of an account', () => {
  it('checks the handle in both directions', async () => {
    const { resolver } = aResolver()
    expect(await resolver.resolve(alice.handle)).toMatchObject({ did: alice.did, handle: alice.handle, pds })
    expect(await resolver.resolve(alice.did)).toMatchObject({ did: alice.did, handle: alice.handle, pds })
  })

  it('refuses a handle that the DID does not claim, and one that claims to be somebody’s', async () => {
    const { network, resolver } = aResolver()
    network.txt.set('_atproto.mallory.dev', [`did=${alice.did}`])
    await expect(resolver.resolve('mallory.dev')).rejects.toMatchObject({
      code: 'handle_mismatch',
      actual: alice.handle,
    })
    network.set(`${plc}/${alice.did}`, network.document({ alsoKnownAs: [] }))
    await expect(resolver.resolve(alice.handle, { fresh: true })).rejects.toMatchObject({
      code: 'handle_mismatch',
      actual: 'none',
    })
  })

  it('leaves a handle out that does not point back, where a DID was asked for', async () => {
    const { network, resolver } = aResolver()
    network.txt.set(`_atproto.${alice.handle}`, [`did=${bob}`])
    expect(await resolver.resolve(alice.did)).not.toHaveProperty('handle')
    network.txt.clear()
    expect(await resolver.resolve(alice.did, { fresh: true })).not.toHaveProperty('handle')
  })
})

describe('what was found', () => {
  it('is kept for an hour, told of, and passed over where fresh is asked for', async () => {
    const { resolver, events, clock, network } = aResolver()
    await resolver.resolveDid(alice.did)
    clock.advance(60 * 60_000 - 1)
    await resolver.resolveDid(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(1)
    await resolver.resolveDid(alice.did, { fresh: true })
    clock.advance(60 * 60_000)
    await resolver.resolveDid(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(3)
    expect(events.map(({ kind }) => kind)).toEqual([
      'identity_cache_miss',
      'identity_cache_hit',
      'identity_cache_miss',
      'identity_cache_miss',
    ])
    expect(events[0]).toEqual({ kind: 'identity_cache_miss', subject: 'did', name: alice.did })
  })

  it('serves no longer than the caller allows', async () => {
    const { resolver, clock, network } = aResolver()
    await resolver.resolveHandle(alice.handle)
    clock.advance(1001)
    network.txt.set(`_atproto.${alice.handle}`, [`did=${bob}`])
    expect(await resolver.resolveHandle(alice.handle, { maxAge: 2000 })).toBe(alice.did)
    expect(await resolver.resolveHandle(alice.handle, { maxAge: 1000 })).toBe(bob)
  })

  it('is not used when the clock was set back, and failures are not kept', async () => {
    const { resolver, clock, network } = aResolver()
    await resolver.resolveDid(alice.did)
    clock.advance(-1)
    await resolver.resolveDid(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(2)
    network.down('plc.directory')
    await expect(resolver.resolveDid(alice.did, { fresh: true })).rejects.toMatchObject({ code: 'network_error' })
    network.up('plc.directory')
    await resolver.resolveDid(alice.did, { fresh: true })
  })

  it('is asked for once by all who wait, of whom one may leave', async () => {
    const { resolver, network } = aResolver()
    const controller = new AbortController()
    const leaving = resolver.resolveDid(alice.did, { signal: controller.signal })
    const staying = resolver.resolveDid(alice.did)
    controller.abort(new Error('left'))
    await expect(leaving).rejects.toThrow('left')
    expect((await staying).did).toBe(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(1)
  })
})

describe('createIdentityResolver', () => {
  it.each([
    ['an unknown option', { plcDirectory: 'https://plc.dev' }],
    ['an unknown strategy', { handleStrategy: 'dns' }],
    ['a directory without TLS', { plcDirectoryUrl: 'http://plc.dev' }],
    ['a resolver without TLS', { dnsOverHttpsUrl: 'http://dns.dev' }],
  ])('refuses %s', (_, options) => {
    expect(() => createIdentityResolver(options as never)).toThrow(TypeError)
  })

  it('takes a directory on this machine in development', () => {
    expect(() =>
      createIdentityResolver({ plcDirectoryUrl: 'http://localhost:2582', allowLoopbackHttp: true }),
    ).not.toThrow()
  })
})
