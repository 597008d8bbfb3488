import { ProtocolError } from '../errors/protocol.ts'
import { jsonType } from '../lib/printable.ts'
import { type JwtClaims, parseJwt } from './jwt.ts'
import { aggregatedClaimsProfile } from './jwt-profiles.ts'
import { refuseJwt, type SignedJwtRules, type SignedJwtSources, verifySignedJwt } from './signed-jwt.ts'

/** A source of claims that are another provider's word. */
export type ClaimSource = {
  /** Its name inside of the answer, and nowhere else. */
  readonly name: string
  /** The claims that it has. */
  readonly claims: readonly string[]
} & (
  | { readonly kind: 'aggregated'; readonly jwt: string }
  | { readonly kind: 'distributed'; readonly endpoint: string; readonly accessToken?: string }
)

const clause = 'OIDC Core 5.6.2'
const refusal = { code: 'invalid_claim_source', noun: 'JWT of a claim source' } as const
/** So that an answer cannot make the client work without end. */
const mostSources = 20

/**
 * Reads where the claims of other providers are.
 *
 * @param claims of userinfo or of an id_token, verified
 * @throws ProtocolError `invalid_claim_source`
 * @see OpenID Connect Core 5.6.2
 */
export function readClaimSources(claims: Readonly<Record<string, unknown>>): readonly ClaimSource[] {
  const { _claim_names: names = {}, _claim_sources: sources = {} } = claims
  if (jsonType(names) !== 'object') throw refuse('"_claim_names"', 'an object', jsonType(names))
  if (jsonType(sources) !== 'object') throw refuse('"_claim_sources"', 'an object', jsonType(sources))
  const wanted = new Map<string, string[]>()
  for (const [claim, source] of Object.entries(names as object)) {
    if (typeof source !== 'string') throw refuse('a member of "_claim_names"', 'the name of a source', jsonType(source))
    // What the provider says itself is its own word; a source has none in it.
    if (!Object.hasOwn(claims, claim)) wanted.set(source, [...(wanted.get(source) ?? []), claim])
  }
  if (wanted.size > mostSources) throw refuse('"_claim_sources"', `at most ${mostSources} sources`, 'more')
  return [...wanted].map(([name, list]) => readSource(name, list, sources as Readonly<Record<string, unknown>>))
}

/**
 * Verifies the JWT of a source and takes the claims that the source was named for; others in it are dropped.
 *
 * @throws ProtocolError `invalid_claim_source`, `invalid_jwt`
 * @see OpenID Connect Core 5.6.2
 */
export async function judgeSourceJwt(
  token: string,
  wanted: readonly string[],
  rules: Omit<SignedJwtRules, 'profile' | 'noun' | 'code'>,
  sources: SignedJwtSources,
): Promise<ReadonlyMap<string, unknown>> {
  const jwt = await verifySignedJwt(token, { ...rules, ...refusal, profile: aggregatedClaimsProfile }, sources)
  const { claims } = jwt
  return new Map(wanted.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]]))
}

/**
 * Whose word a JWT claims to be, unverified: to find the keys, and only among those who are trusted.
 *
 * @throws ProtocolError `invalid_claim_source`, `invalid_jwt`
 */
export function readSourceIssuer(token: string, trusted: readonly string[]): string {
  const { iss }: JwtClaims = parseJwt(token, refusal.noun).claims
  if (typeof iss === 'string' && trusted.includes(iss)) return iss
  throw refuseJwt(refusal, 'claim "iss"', 'OIDC Core 5.6.2', 'a trusted issuer', iss)
}

function readSource(name: string, claims: readonly string[], all: Readonly<Record<string, unknown>>): ClaimSource {
  const source = Object.hasOwn(all, name) ? all[name] : undefined
  if (jsonType(source) !== 'object') throw refuse('a source that "_claim_names" names', 'an object', jsonType(source))
  const { JWT: jwt, endpoint, access_token: accessToken } = source as Readonly<Record<string, unknown>>
  if (typeof jwt === 'string') return { name, claims, kind: 'aggregated', jwt }
  if (typeof endpoint !== 'string') throw refuse('a source', 'one with "JWT" or "endpoint"', 'one with neither')
  if (accessToken === undefined) return { name, claims, kind: 'distributed', endpoint }
  if (typeof accessToken === 'string' && /^[A-Za-z0-9\-._~+/]+=*$/.test(accessToken)) {
    return { name, claims, kind: 'distributed', endpoint, accessToken }
  }
  throw refuse('"access_token" of a source', 'a b64token (RFC 6750 2.1)', jsonType(accessToken))
}

function refuse(what: string, expected: string, actual: string): ProtocolError {
  const message = `${what} must be ${expected}; it is ${actual}`
  return new ProtocolError('invalid_claim_source', message, { clause, expected, actual })
}
