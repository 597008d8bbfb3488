import { describe, expect, it } from 'vitest'
import { operationsOf } from '../support/store-operations.ts'
import { hints, kinds } from './registered-rig.ts'
import { alice, aRig, client, place, theClient } from './rig.ts'

describe.each(kinds)('%s.revoke', (kind) => {
  it('tells the server, with the hint, and changes nothing here', async () => {
    const { manager, issuer } = aRig()
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    await manager[kind].revoke('t', place)
    expect(issuer.of('revoke').map(({ form }) => form)).toEqual([{ token: 't', token_type_hint: hints[kind] }])
    expect(await manager[kind].delete('t', place)).toBe(true)
  })

  it.each([
    ['http_status', () => new Response(null, { status: 500 })],
    ['http_request', () => Promise.reject(new TypeError('fetch failed'))],
  ])('fails with %s', async (code, answer) => {
    const { manager, issuer } = aRig()
    issuer.answer('revoke', answer)
    await expect(manager[kind].revoke('t', place)).rejects.toMatchObject({ code, endpoint: 'revocation' })
  })

  it('needs a server that can', async () => {
    const { manager, issuer } = aRig()
    issuer.metadata.revocation_endpoint = undefined
    await expect(manager[kind].revoke('t', place)).rejects.toMatchObject({
      code: 'missing_server_metadata',
      field: 'revocation_endpoint',
    })
  })
})

describe.each(kinds)('%s.delete', (kind) => {
  it('forgets the token at once and revokes it in the background', async () => {
    const rig = aRig()
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    let answered = () => {}
    rig.issuer.answer('revoke', () => new Promise((resolve) => (answered = () => resolve(new Response(null)))))
    expect(await rig.manager[kind].delete('t', place)).toBe(true)
    expect(await rig.manager[kind].delete('t', place)).toBe(false)
    expect(rig.events).toEqual([])
    await expect.poll(() => rig.issuer.of('revoke').length).toBe(1)
    answered()
    await rig.manager.settled()
    expect(rig.events).toMatchObject([{ kind: 'token_revoked', token: hints[kind], clientId: client.client_id }])
  })

  it('tells of a revocation that failed, and stays deleted', async () => {
    const rig = aRig()
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    rig.issuer.answer('revoke', () => new Response(null, { status: 500 }))
    await rig.manager[kind].delete('t', place)
    await rig.manager.settled()
    expect(rig.events).toMatchObject([{ kind: 'revocation_failed', token: hints[kind], error: 'http_status' }])
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(0)
  })

  it('revokes nothing where that is turned off', async () => {
    const rig = aRig({ revokeOnDelete: false })
    for (const token of ['t', 'u']) await rig.manager[kind].register(token, { ...place, metadata: { sub: 'alice' } })
    await rig.manager[kind].delete('t', place)
    await rig.manager[kind].delete('u', place, { revokeOnDelete: true })
    await rig.manager.settled()
    expect(rig.issuer.revoked).toEqual(['u'])
  })
})

describe.each(kinds)('%s.deleteAll', (kind) => {
  it('deletes and revokes all tokens of a subject, at one client or at all', async () => {
    const other = { ...client, client_id: 'other' }
    const rig = aRig({
      clients: [
        { ...client, issuer: place.issuer },
        { ...other, issuer: place.issuer },
      ],
    })
    const register = (token: string, sub: string, where: object = place) =>
      rig.manager[kind].register(token, { ...place, ...where, metadata: { sub, scope: token } })
    await Promise.all([
      register('a1', 'alice'),
      register('a2', 'alice'),
      register('a3', 'alice', { client: other }),
      register('b1', 'bob'),
      register('elsewhere', 'alice', { issuer: 'https://other.example' }),
    ])
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice, client: other })).toBe(1)
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(2)
    await rig.manager.settled()
    expect(rig.issuer.revoked.toSorted()).toEqual(['a1', 'a2', 'a3'])
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: { kind: 'sub', sub: 'bob' } })).toBe(1)
  })

  it('revokes all of many, twenty at a time', async () => {
    const { manager, issuer } = aRig()
    for (let i = 0; i < 100; i++) await manager.accessTokens.register(`t${i}`, { ...place, subject: alice })
    let underWay = 0
    let most = 0
    issuer.answer('revoke', async () => {
      most = Math.max(most, ++underWay)
      await new Promise((resolve) => setTimeout(resolve, 1))
      underWay--
      return new Response(null, { status: 200 })
    })
    expect(await manager.accessTokens.deleteAll({ issuer: place.issuer, subject: alice })).toBe(100)
    await manager.settled()
    expect(issuer.of('revoke')).toHaveLength(100)
    expect(most).toBe(20)
  })

  it('of a client itself leaves the user alone whose sub is the client id', async () => {
    const { manager } = aRig()
    const user = { kind: 'sub', sub: client.client_id } as const
    await manager[kind].register('of the client', { ...place, subject: theClient })
    await manager[kind].register('of the user', { ...place, subject: user })
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: theClient, client })).toBe(1)
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: user })).toBe(1)
    const nobody = { issuer: place.issuer, subject: theClient }
    await expect(manager[kind].deleteAll(nobody)).rejects.toThrow(/"client" is needed/)
  })

  it('attempts all and rejects with every failure', async () => {
    let failing = 0
    const rig = aRig({
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit(changes) {
          if (changes[0]?.kind === 'delete' && failing-- > 0) return Promise.reject(new Error('no'))
          return store.commit(changes)
        },
      }),
    })
    for (const token of ['a', 'b', 'c', 'd']) {
      await rig.manager[kind].register(token, { ...place, metadata: { sub: 'alice' } })
    }
    failing = 2
    const all = rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })
    await expect(all).rejects.toMatchObject({
      code: 'deletion_failed',
      failures: [{ code: 'store_unavailable' }, { code: 'store_unavailable' }],
    })
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(2)
  })
})
