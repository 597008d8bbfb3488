import { describe, expect, it } from 'vitest'
import * as profiles from '../../src/protocol/jwt-profiles.ts'

const { findClaimsFault, isTypeOf, ...constants } = profiles
const kinds = Object.entries(constants)

/** The least that makes each kind. */
const samples: Readonly<Record<string, { typ?: string; claims: Record<string, unknown> }>> = {
  idTokenProfile: { claims: { iss: 'i', sub: 's', aud: 'c', exp: 2, iat: 1, nonce: 'n' } },
  accessTokenProfile: {
    typ: 'at+jwt',
    claims: { iss: 'i', exp: 2, aud: 'r', sub: 's', client_id: 'c', iat: 1, jti: 'j' },
  },
  logoutTokenProfile: {
    typ: 'logout+jwt',
    claims: { iss: 'i', sub: 's', aud: 'c', iat: 1, exp: 2, jti: 'j', events: {} },
  },
  introspectionResponseProfile: {
    typ: 'token-introspection+jwt',
    claims: { iss: 'i', aud: 'r', iat: 1, token_introspection: {} },
  },
  requestObjectProfile: { typ: 'oauth-authz-req+jwt', claims: { client_id: 'c', iss: 'c', aud: 'i' } },
  dpopProofProfile: { typ: 'dpop+jwt', claims: { jti: 'j', htm: 'GET', htu: 'u', iat: 1 } },
  clientAssertionProfile: {
    typ: 'client-authentication+jwt',
    claims: { iss: 'c', sub: 'c', aud: 'i', exp: 2, jti: 'j' },
  },
  assertionGrantProfile: {
    typ: 'authorization-grant+jwt',
    claims: { iss: 'i', sub: 's', aud: 'i', exp: 2, jti: 'j' },
  },
  authorizationResponseProfile: { claims: { iss: 'i', aud: 'c', exp: 2, code: 'x' } },
  userinfoResponseProfile: { claims: { iss: 'i', aud: 'c', sub: 's' } },
  backchannelRequestProfile: {
    typ: 'oauth-authz-req+jwt',
    claims: { iss: 'c', aud: 'i', exp: 2, iat: 1, nbf: 1, jti: 'j' },
  },
  aggregatedClaimsProfile: { claims: { iss: 'i', name: 'Alice' } },
}

const unmarked: readonly string[] = ['userinfoResponseProfile', 'aggregatedClaimsProfile']

describe('JWT kinds', () => {
  it.each(kinds)('%s takes its own', (name, profile) => {
    const { typ, claims } = samples[name]!
    expect(isTypeOf(profile, typ)).toBe(true)
    expect(findClaimsFault(profile, claims)).toBeUndefined()
  })

  it.each(kinds)('%s takes no other kind', (name, profile) => {
    for (const [other, { typ, claims }] of Object.entries(samples)) {
      // These have no mark of their own: an id_token without nonce would do for one, and they for each other.
      if (other === name || unmarked.includes(name)) continue
      const passes = isTypeOf(profile, typ) && findClaimsFault(profile, claims) === undefined
      expect(passes, `${other} as ${name}`).toBe(false)
    }
  })

  it('keeps logout tokens and proofs of old servers, which have no typ, from being id_tokens', () => {
    const logout = { ...samples.logoutTokenProfile!.claims, events: {} }
    expect(findClaimsFault(profiles.idTokenProfile, logout)).toMatchObject({ claim: 'events', expected: 'absent' })
    expect(findClaimsFault(profiles.logoutTokenProfile, { ...logout, nonce: 'n' })).toMatchObject({ claim: 'nonce' })
  })

  it.each(['JWT', 'jwt', 'application/jwt', 'Application/JWT', undefined])('takes typ %s for an id_token', (typ) => {
    expect(isTypeOf(profiles.idTokenProfile, typ)).toBe(true)
  })

  it.each([
    'at+jwt',
    'application/at+jwt',
    'logout+jwt',
    'dpop+jwt',
    'JOSE',
    '',
    'jwt ',
    'text/jwt',
    'application/application/jwt',
  ])('refuses typ %j for an id_token', (typ) => {
    expect(isTypeOf(profiles.idTokenProfile, typ)).toBe(false)
  })
})
