// What a call says wrongly is a TypeError before anything is looked up, sent or stored.
import { expect, it } from 'vitest'
import type { TokenManager } from '../../src/tokens/index.ts'
import { alice, aRig, client, place } from './rig.ts'

const { issuer } = place

it.each<[string, (manager: TokenManager) => Promise<unknown>, RegExp]>([
  [
    'a token under no issuer',
    ({ accessTokens }) => accessTokens.register('t', { client } as never),
    /"issuer" must be/,
  ],
  ['an issuer that is no URL', ({ claims }) => claims.get('op.example', 'alice'), /"issuer" must be/],
  [
    'a lookup at no issuer',
    ({ accessTokens }) => accessTokens.get({ client, subject: alice } as never),
    /"issuer" must/,
  ],
  [
    'a misspelt client, which must not mean every client',
    ({ accessTokens }) => accessTokens.deleteAll({ issuer, subject: alice, clientId: 'my-app' } as never),
    /unknown option "clientId"/,
  ],
  [
    'an override among the place, which would be without effect',
    ({ accessTokens }) => accessTokens.delete('t', { ...place, revokeOnDelete: false } as never),
    /unknown option "revokeOnDelete"/,
  ],
  [
    'the same of a revocation',
    ({ refreshTokens }) => refreshTokens.revoke('t', { ...place, signal: undefined } as never),
    /unknown option "signal"/,
  ],
  [
    'the same of an introspection',
    ({ refreshTokens }) => refreshTokens.introspect('t', { ...place, minIntrospectInterval: 0 } as never),
    /unknown option "minIntrospectInterval"/,
  ],
  [
    'a list of resources, under which no token is kept',
    ({ accessTokens }) => accessTokens.get({ ...place, subject: alice, resource: ['https://api.example'] as never }),
    /"resource" must be one absolute URI/,
  ],
  [
    'a misspelt nonce, which must not mean that none is compared',
    ({ claims }) => claims.registerIdToken('a.b.c', { ...place, nonc: 'n' } as never),
    /unknown option "nonc"/,
  ],
  [
    'a type of token that nobody can use',
    ({ accessTokens }) => accessTokens.register('t', { ...place, subject: alice, tokenType: 'mac' as never }),
    /"tokenType" must be/,
  ],
  [
    'scopes that are none',
    ({ accessTokens }) => accessTokens.get({ ...place, subject: alice, scopes: 5 as never }),
    /"scopes"/,
  ],
])('refuses %s', async (_, call, message) => {
  const { manager, issuer, store } = aRig()
  await expect(call(manager)).rejects.toThrow(TypeError)
  await expect(call(manager)).rejects.toThrow(message)
  expect(issuer.requests).toEqual([])
  expect(await store.find('access-token-owner', JSON.stringify([place.issuer, 'sub', 'alice']))).toEqual([])
})

it.each<[string, object]>([
  ['"issuers"', { issuers: null }],
  ['"issuers"', { issuers: { [issuer]: null } }],
  ['"decorators" must be', { issuers: { [issuer]: { decorators: [1] } } }],
  ['"decorators" must be', { decorators: 'x' }],
  ['"clients" must be', { clients: {} }],
  ['each client needs', { clients: [client] }],
  ['"onEvent" must be', { onEvent: 'log' }],
  ['"fetch" must be', { fetch: 'fetch' }],
  ['"revokeOnDelete" must be', { revokeOnDelete: 'false' }],
])('refuses options where %s, %o', (message, options) => {
  expect(() => aRig(options)).toThrow(message)
})

it.each([
  ['"revokeOnDelete" must be', { revokeOnDelete: 'false' }],
  ['"decorators" must be', { decorators: [1] }],
  ['options are required', null],
])('refuses overrides where %s, %o', async (message, overrides) => {
  const { manager } = aRig()
  await manager.accessTokens.register('t', { ...place, subject: alice })
  await expect(manager.accessTokens.delete('t', place, overrides as never)).rejects.toThrow(message)
})

it.each([
  ['exp', Number.NaN],
  ['exp', '1800000000'],
  ['exp', Number.POSITIVE_INFINITY],
  ['iat', -1],
  ['nbf', 'tomorrow'],
  ['active', 'true'],
  ['sub', 42],
  ['scope', 42],
  ['scope', 'a "quoted" one'],
])('refuses metadata whose %s is %o', async (name, value) => {
  const metadata = { sub: 'alice', [name]: value } as never
  await expect(aRig().manager.refreshTokens.register('t', { ...place, metadata })).rejects.toThrow(`metadata.${name}"`)
})

it('reads scopes in a list as the wire would have them', async () => {
  const { manager } = aRig()
  const metadata = { sub: 'alice', scope: ['read write', 'read'] }
  expect(await manager.accessTokens.register('t', { ...place, metadata })).toMatchObject({ scope: ['read', 'write'] })
})
