import type { Jwt } from './jwt.ts'

/** What a JWT can be. One kind must never pass as another (RFC 8725 2.8, 3.11, 3.12). */
export type JwtKind =
  | 'id_token'
  | 'access_token'
  | 'logout_token'
  | 'introspection_response'
  | 'request_object'
  | 'dpop_proof'
  | 'authorization_response'
  | 'userinfo_response'

type Party = 'issuer' | 'client' | 'resource' | 'none'

export interface JwtProfile {
  /** Whose name `iss` holds. */
  readonly iss: Party
  /** Whose name `aud` holds. */
  readonly aud: Party
  /** Media subtypes that `typ` may name, lower case. */
  readonly types: readonly string[]
  /** Whether `typ` may be absent. */
  readonly untyped: boolean
  readonly required: readonly string[]
  readonly forbidden: readonly string[]
  /** Where the kind is defined. */
  readonly clause: string
}

/**
 * The kinds, as data. Where old and common use leaves `typ` out, the forbidden claims are those by which the
 * other kinds are known: `events` of a security event token, `htm` of a proof, `token_introspection`.
 */
export const jwtProfiles: Readonly<Record<JwtKind, JwtProfile>> = {
  id_token: {
    iss: 'issuer',
    aud: 'client',
    types: ['jwt'],
    untyped: true,
    required: ['iss', 'sub', 'aud', 'exp', 'iat'],
    forbidden: ['events', 'token_introspection', 'htm', 'htu'],
    clause: 'OIDC Core 2',
  },
  access_token: {
    iss: 'issuer',
    aud: 'resource',
    types: ['at+jwt'],
    untyped: false,
    required: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    forbidden: ['events', 'token_introspection', 'nonce', 'htm', 'htu'],
    clause: 'RFC 9068 2',
  },
  logout_token: {
    iss: 'issuer',
    aud: 'client',
    types: ['logout+jwt', 'jwt'],
    untyped: true,
    required: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
    forbidden: ['nonce', 'token_introspection', 'htm', 'htu'],
    clause: 'OIDC Back-Channel Logout 2.4',
  },
  introspection_response: {
    iss: 'issuer',
    aud: 'resource',
    types: ['token-introspection+jwt'],
    untyped: false,
    required: ['iss', 'aud', 'iat', 'token_introspection'],
    forbidden: ['sub', 'exp', 'events'],
    clause: 'RFC 9701 5',
  },
  request_object: {
    iss: 'client',
    aud: 'issuer',
    types: ['oauth-authz-req+jwt', 'jwt'],
    untyped: true,
    required: ['client_id'],
    forbidden: ['request', 'request_uri', 'sub', 'events', 'htm', 'htu'],
    clause: 'RFC 9101 4',
  },
  dpop_proof: {
    iss: 'none',
    aud: 'none',
    types: ['dpop+jwt'],
    untyped: false,
    required: ['jti', 'htm', 'htu', 'iat'],
    forbidden: [],
    clause: 'RFC 9449 4.2',
  },
  authorization_response: {
    iss: 'issuer',
    aud: 'client',
    types: ['jwt'],
    untyped: true,
    required: ['iss', 'aud', 'exp'],
    forbidden: ['sub', 'events', 'token_introspection', 'htm', 'htu'],
    clause: 'JARM 2.1',
  },
  userinfo_response: {
    iss: 'issuer',
    aud: 'client',
    types: ['jwt'],
    untyped: true,
    required: ['sub'],
    forbidden: ['events', 'token_introspection', 'htm', 'htu', 'nonce', 'at_hash', 'c_hash'],
    clause: 'OIDC Core 5.3.2',
  },
}

/** Where a JWT departs from its profile. */
export interface JwtProfileFault {
  readonly part: 'typ' | 'claims'
  readonly message: string
  readonly clause: string
  readonly expected: string
  readonly actual: string
}

/** Whether the header's `typ` fits the kind: compared without case and without `application/` (RFC 7515 4.1.9). */
export function findTypeFault(typ: string | undefined, kind: JwtKind): JwtProfileFault | undefined {
  const { types, untyped } = jwtProfiles[kind]
  if (typ === undefined ? untyped : types.includes(mediaSubtype(typ))) return undefined
  const expected = [...types.map((type) => `"${type}"`), ...(untyped ? ['absent'] : [])].join(' or ')
  const actual = typ === undefined ? 'absent' : `"${typ.slice(0, 60)}"`
  const message = `${kind} header "typ" is ${actual}; expected ${expected}`
  return { part: 'typ', message, clause: 'RFC 8725 3.11', expected, actual }
}

/** Whether the claims that make a kind are there, and none that makes another. */
export function findClaimsFault(claims: Jwt['claims'], kind: JwtKind): JwtProfileFault | undefined {
  const { required, forbidden, clause } = jwtProfiles[kind]
  for (const name of required) {
    if (claims[name] === undefined) return claimFault(kind, name, 'present', 'absent', clause)
  }
  for (const name of forbidden) {
    if (claims[name] !== undefined) return claimFault(kind, name, 'absent', 'present', 'RFC 8725 3.12')
  }
  return undefined
}

function claimFault(kind: JwtKind, name: string, expected: string, actual: string, clause: string): JwtProfileFault {
  const message = `${kind} claim "${name}" is ${actual}; expected it ${expected}`
  return { part: 'claims', message, clause, expected: `"${name}" ${expected}`, actual }
}

function mediaSubtype(typ: string): string {
  const lower = typ.toLowerCase()
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower
}
