import type { Jwk } from './types.ts'

/** The members that a thumbprint takes, in lexicographic order (RFC 7638 3.2, RFC 8037 2). */
const members: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

const privateMembers: Readonly<Record<string, readonly string[]>> = {
  EC: ['d'],
  OKP: ['d'],
  RSA: ['d', 'p', 'q', 'dp', 'dq', 'qi'],
}

/** The public half of a key and nothing else: no `kid`, no `alg`, nothing private. */
export function toPublicJwk(jwk: Jwk): Jwk {
  return pick(jwk, members[jwk.kty] ?? [])
}

/** Both halves of a key and nothing else. */
export function toPrivateJwk(jwk: Jwk): Jwk {
  return pick(jwk, [...(members[jwk.kty] ?? []), ...(privateMembers[jwk.kty] ?? [])])
}

/** What is hashed for a thumbprint (RFC 7638 3.1): `toPublicJwk` has the members in their order. */
export function thumbprintInput(jwk: Jwk): string {
  return JSON.stringify(toPublicJwk(jwk))
}

function pick(jwk: Jwk, names: readonly string[]): Jwk {
  return Object.fromEntries(names.map((name) => [name, jwk[name]])) as unknown as Jwk
}
