import type { ClaimsState } from './claims-records.ts'

/** Claims about a user, by their registered names. */
export type SubjectClaims = Readonly<Record<string, unknown>>

/** What an id_token and its signed kin say of themselves, and nothing of the user (OpenID Connect Core 2). */
const protocolClaims: readonly string[] = ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'azp']

interface Source {
  readonly claims: SubjectClaims
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Userinfo and the newest id_token as one: what both have is taken from the newer of them. */
export function mergeClaims({ userinfo, idTokens }: ClaimsState): SubjectClaims {
  const [newest] = idTokens
  const sources: Source[] = []
  if (newest) sources.push({ claims: newest.claims, at: newest.claims.iat * 1000 })
  if (userinfo) sources.push({ claims: userinfo.claims, at: userinfo.fetchedAt })
  const members = sources.toSorted((one, other) => one.at - other.at).flatMap(({ claims }) => Object.entries(claims))
  // Not by assignment, which would make a claim of the name `__proto__` the prototype.
  return Object.fromEntries(members.filter(([name]) => !protocolClaims.includes(name)))
}
