import { describe, expect, it } from 'vitest'
import { alice, pds, plc } from '../support/atproto/fake-network.ts'
import { aResolver, bob } from './identity-rig.ts'

describe('the resolution of a DID', () => {
  it('asks the directory for did:plc, one of the user’s where it is configured', async () => {
    const { network, resolver } = aResolver({ plcDirectoryUrl: 'https://plc.own.dev/' })
    await expect(resolver.resolveDid(alice.did)).rejects.toMatchObject({ code: 'did_not_found' })
    network.set(`https://plc.own.dev/${alice.did}`, network.document())
    expect((await resolver.resolveDid(alice.did)).pds).toBe(pds)
  })

  it('asks the host for did:web', async () => {
    const { network, resolver } = aResolver()
    network.set('https://alice.dev/.well-known/did.json', { ...network.document(), id: 'did:web:alice.dev' })
    expect((await resolver.resolveDid('did:web:alice.dev')).did).toBe('did:web:alice.dev')
  })

  it.each([404, 410])('says of a %i that there is none', async (status) => {
    const { network, resolver } = aResolver()
    network.set(`${plc}/${alice.did}`, () => new Response('gone', { status }))
    await expect(resolver.resolveDid(alice.did)).rejects.toMatchObject({ code: 'did_not_found' })
  })

  it.each([
    ['an error', () => new Response('', { status: 500 }), 'unexpected_status'],
    ['a status near 200', () => Response.json({}, { status: 203 }), 'unexpected_status'],
    ['no JSON', () => new Response('<html>'), 'invalid_json'],
    ['JSON of two meanings', () => new Response(`{"id":"${alice.did}","id":"${bob}"}`), 'invalid_json'],
    ['a list', () => Response.json([]), 'invalid_did_document'],
    ['nothing of a DID', () => Response.json({}), 'invalid_did_document'],
    ['the document of another', () => Response.json({ id: bob }), 'id_mismatch'],
  ])('refuses %s', async (_, answer, code) => {
    const { network, resolver } = aResolver()
    network.set(`${plc}/${alice.did}`, answer)
    await expect(resolver.resolveDid(alice.did)).rejects.toMatchObject({ code })
  })
})
