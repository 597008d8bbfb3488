import type { JwtClaims } from './jwt.ts'

type Party = 'issuer' | 'client' | 'resource' | 'none'

/** A kind of JWT. One kind must never pass as another (RFC 8725 2.8, 3.11, 3.12). */
export interface JwtProfile {
  /** Whose name `iss` holds. */
  readonly iss: Party
  /** Whose name `aud` holds. */
  readonly aud: Party
  /** Media subtypes that `typ` may name, lower case; `undefined`: it may be absent. */
  readonly types: readonly (string | undefined)[]
  readonly required: readonly string[]
  /**
   * Claims by which other kinds are known. They matter where `typ` may be absent, by old and common use:
   * `events` of a security event token, `htm` of a proof, `token_introspection`.
   */
  readonly forbidden: readonly string[]
  /** Where the kind is defined. */
  readonly clause: string
}

// Each kind is a constant of its own, so that a bundle holds only those that it judges.

export const idTokenProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'client',
  types: ['jwt', undefined],
  required: ['iss', 'sub', 'aud', 'exp', 'iat'],
  forbidden: ['events', 'token_introspection', 'htm', 'htu'],
  clause: 'OIDC Core 2',
}

export const accessTokenProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'resource',
  types: ['at+jwt'],
  required: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
  forbidden: ['events', 'token_introspection', 'nonce', 'htm', 'htu'],
  clause: 'RFC 9068 2',
}

export const logoutTokenProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'client',
  types: ['logout+jwt', 'jwt', undefined],
  required: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
  forbidden: ['nonce', 'token_introspection', 'htm', 'htu'],
  clause: 'OIDC Back-Channel Logout 2.4',
}

export const introspectionResponseProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'resource',
  types: ['token-introspection+jwt'],
  required: ['iss', 'aud', 'iat', 'token_introspection'],
  forbidden: ['sub', 'exp', 'events'],
  clause: 'RFC 9701 5',
}

export const requestObjectProfile: JwtProfile = {
  iss: 'client',
  aud: 'issuer',
  types: ['oauth-authz-req+jwt', 'jwt', undefined],
  required: ['client_id'],
  forbidden: ['request', 'request_uri', 'sub', 'events', 'htm', 'htu'],
  clause: 'RFC 9101 4',
}

export const backchannelRequestProfile: JwtProfile = {
  iss: 'client',
  aud: 'issuer',
  types: ['oauth-authz-req+jwt', 'jwt', undefined],
  required: ['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'],
  forbidden: ['request', 'request_uri', 'sub', 'events', 'htm', 'htu'],
  clause: 'CIBA Core 7.1.1',
}

export const dpopProofProfile: JwtProfile = {
  iss: 'none',
  aud: 'none',
  types: ['dpop+jwt'],
  required: ['jti', 'htm', 'htu', 'iat'],
  forbidden: [],
  clause: 'RFC 9449 4.2',
}

export const clientAssertionProfile: JwtProfile = {
  iss: 'client',
  aud: 'issuer',
  types: ['client-authentication+jwt', 'jwt', undefined],
  required: ['iss', 'sub', 'aud', 'exp', 'jti'],
  forbidden: ['events', 'token_introspection', 'htm', 'htu', 'nonce'],
  clause: 'RFC 7523 3',
}

export const assertionGrantProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'issuer',
  types: ['authorization-grant+jwt', 'jwt', undefined],
  required: ['iss', 'sub', 'aud', 'exp', 'jti'],
  forbidden: ['events', 'token_introspection', 'htm', 'htu', 'nonce'],
  clause: 'RFC 7523 3',
}

export const authorizationResponseProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'client',
  types: ['jwt', undefined],
  required: ['iss', 'aud', 'exp'],
  forbidden: ['sub', 'events', 'token_introspection', 'htm', 'htu'],
  clause: 'JARM 2.1',
}

export const userinfoResponseProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'client',
  types: ['jwt', undefined],
  // "If signed, the UserInfo Response MUST contain the Claims iss (issuer) and aud (audience) as members."
  required: ['iss', 'aud', 'sub'],
  forbidden: ['events', 'token_introspection', 'htm', 'htu', 'nonce', 'at_hash', 'c_hash'],
  clause: 'OIDC Core 5.3.2',
}

/** Claims of another provider about the user, inside of a userinfo answer or an id_token. */
export const aggregatedClaimsProfile: JwtProfile = {
  iss: 'issuer',
  aud: 'client',
  types: ['jwt', undefined],
  required: ['iss'],
  forbidden: ['events', 'token_introspection', 'htm', 'htu', 'nonce', 'at_hash', 'c_hash', 'code', 'state'],
  clause: 'OIDC Core 5.6.2',
}

/** A claim that a kind must have and this JWT has not, or the other way round. */
export interface JwtProfileFault {
  readonly claim: string
  readonly clause: string
  readonly expected: 'present' | 'absent'
}

/** Whether the header's `typ` fits the kind: compared without case and without `application/` (RFC 7515 4.1.9). */
export function isTypeOf(profile: JwtProfile, typ: string | undefined): boolean {
  return profile.types.includes(typ?.toLowerCase().replace(/^application\//, ''))
}

/** Whether the claims that make a kind are there, and none that makes another. */
export function findClaimsFault(profile: JwtProfile, claims: JwtClaims): JwtProfileFault | undefined {
  const missing = profile.required.find((name) => claims[name] === undefined)
  if (missing !== undefined) return { claim: missing, clause: profile.clause, expected: 'present' }
  const strange = profile.forbidden.find((name) => claims[name] !== undefined)
  return strange === undefined ? undefined : { claim: strange, clause: 'RFC 8725 3.12', expected: 'absent' }
}
