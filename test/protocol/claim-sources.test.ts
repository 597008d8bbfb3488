import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { judgeSourceJwt, readClaimSources, readSourceIssuer } from '../../src/protocol/claim-sources.ts'
import { createKeyring } from '../../src/protocol/jwks.ts'
import { caught } from '../support/caught.ts'
import { aJws, aKeyPair, clientId, issuer, issuerKeys, now } from '../support/id-token.ts'

describe('the sources of claims', () => {
  it('are read, each with the claims that it has (OIDC Core 5.6.2)', () => {
    const sources = readClaimSources({
      sub: 'alice',
      _claim_names: { address: 'a', phone_number: 'a', score: 'b' },
      _claim_sources: { a: { JWT: 'x.y.z' }, b: { endpoint: 'https://b.example/claims', access_token: 'tok' }, c: {} },
    })
    expect(sources).toEqual([
      { name: 'a', claims: ['address', 'phone_number'], kind: 'aggregated', jwt: 'x.y.z' },
      { name: 'b', claims: ['score'], kind: 'distributed', endpoint: 'https://b.example/claims', accessToken: 'tok' },
    ])
    expect(readClaimSources({ sub: 'alice' })).toEqual([])
  })

  it('have no say in what the provider says itself', () => {
    const claims = { sub: 'alice', email: 'a@b.c', _claim_names: { email: 'a', sub: 'a' }, _claim_sources: { a: {} } }
    expect(readClaimSources(claims)).toEqual([])
  })

  it.each([
    ['names that are no object', { _claim_names: [] }],
    ['sources that are no object', { _claim_sources: 'x' }],
    ['a name of no source', { _claim_names: { a: 'x' } }],
    ['a name by inheritance', { _claim_names: { a: 'toString' }, _claim_sources: {} }],
    ['a name that is no text', { _claim_names: { a: 7 }, _claim_sources: {} }],
    ['a source with nothing in it', { _claim_names: { a: 'x' }, _claim_sources: { x: {} } }],
    [
      'a token with a line break',
      { _claim_names: { a: 'x' }, _claim_sources: { x: { endpoint: 'e', access_token: 'a\r\nb' } } },
    ],
    [
      'sources without end',
      { _claim_names: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, `s${i}`])) },
    ],
  ])('are refused with %s', (_name, claims) => {
    expect(caught(ProtocolError, () => readClaimSources(claims)).code).toBe('invalid_claim_source')
  })
})

describe('the JWT of a source', () => {
  const keyring = createKeyring(issuerKeys())
  const rules = { issuer, audience: clientId, serverAlgorithms: ['ES256'], now }
  const aSource = (claims: object = {}, header: object = {}) =>
    aJws(
      { alg: 'ES256', kid: 'P-256', ...header },
      { iss: issuer, aud: clientId, address: 'Home', ...claims },
      aKeyPair('P-256').privateKey,
      'ES256',
    )
  const judge = (token: string) =>
    judgeSourceJwt(token, ['address', 'phone'], rules, { selectKeys: (query) => keyring.select(query) })

  it('gives what it was named for, and nothing else', async () => {
    expect([...(await judge(aSource({ score: 7, __proto__: null })))]).toEqual([['address', 'Home']])
  })

  it.each([
    ['another issuer', { iss: 'https://evil.example' }, {}],
    ['another audience', { aud: 'other' }, {}],
    ['an exp past', { exp: now - 100 }, {}],
    ['a nonce, so an id_token', { nonce: 'n' }, {}],
    ['another kind', {}, { typ: 'at+jwt' }],
  ])('is refused with %s', async (_name, claims, header) => {
    await expect(judge(aSource(claims, header))).rejects.toMatchObject({ code: 'invalid_claim_source' })
  })

  it('is asked for keys only of those who are trusted', () => {
    expect(readSourceIssuer(aSource(), [issuer])).toBe(issuer)
    expect(caught(ProtocolError, () => readSourceIssuer(aSource(), ['https://x.example'])).code).toBe(
      'invalid_claim_source',
    )
  })
})
