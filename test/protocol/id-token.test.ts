import { describe, expect, it } from 'vitest'
import {
  aJws,
  aKeyPair,
  anIdToken,
  clientId,
  everyAsymmetricAlgorithm,
  issuer,
  kindOf,
  now,
} from '../support/id-token.ts'
import { check, judge, refusal } from './id-token-rig.ts'

describe('an id_token', () => {
  it('is verified, and each check reported in order', async () => {
    const { claims, header, checks } = await judge(anIdToken({ name: 'Zoë' }))
    expect(claims).toMatchObject({ iss: issuer, sub: 'user-1', name: 'Zoë' })
    expect(header.alg).toBe('ES256')
    expect(checks.map(({ name }) => name)).toEqual([
      ...['encryption', 'shape', 'crit', 'b64', 'typ', 'alg', 'key', 'signature', 'kind', 'iss', 'aud', 'azp', 'sub'],
      ...[
        'exp',
        'nbf',
        'iat',
        'token_age',
        'auth_time',
        'max_age',
        'nonce',
        'acr',
        'at_hash',
        'c_hash',
        's_hash',
        'refresh',
      ],
    ])
    for (const one of checks) {
      if (one.outcome === 'not_applicable') expect(one.reason).toBeTruthy()
      else expect(one.outcome).toBe('passed')
    }
  })

  it.each(everyAsymmetricAlgorithm)('is verified when signed by %s', async (alg) => {
    await expect(judge(anIdToken({}, { alg }))).resolves.toBeDefined()
    const other = aKeyPair(kindOf(alg), 'other').privateKey
    expect(await check({}, {}, { alg, key: other })).toBe('signature')
  })

  it('of another shape is refused before anything else', async () => {
    const { check: name, message } = await refusal('e30.e30.e30.e30.e30')
    expect(name).toBe('shape')
    expect(message).toBe('id_token is 5 parts; expected 3 parts (RFC 7515 7.1)')
  })
})

it('cannot be another kind of JWT', async () => {
  const key = aKeyPair('P-256').privateKey
  const common = { iss: issuer, aud: clientId, iat: now, exp: now + 60, jti: 'j', sub: 'user-1', nonce: 'n-1' }
  const accessToken = aJws(
    { alg: 'ES256', kid: 'P-256', typ: 'at+jwt' },
    { ...common, client_id: clientId },
    key,
    'ES256',
  )
  expect((await refusal(accessToken)).check).toBe('typ')
  const logoutToken = aJws({ alg: 'ES256', kid: 'P-256' }, { ...common, events: {} }, key, 'ES256')
  expect((await refusal(logoutToken)).check).toBe('kind')
})
