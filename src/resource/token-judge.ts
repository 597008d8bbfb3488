import { sharedSources } from '../issuer/shared-caches.ts'
import { type AccessTokenSources, judgeAccessToken } from '../protocol/access-token.ts'
import type { AccessTokenClaims } from '../protocol/access-token-claims.ts'
import { judgeIntrospectedToken } from '../protocol/introspected-token.ts'
import { createKeyring } from '../protocol/jwks.ts'
import { type JwtReading, readJwt } from '../protocol/jwt.ts'
import type { TokenChecks } from '../protocol/token-checks.ts'
import { createIntrospector, type Introspector, type IntrospectorOptions } from './introspector.ts'
import type { TrustedIssuer } from './options.ts'

export interface JudgedToken {
  readonly claims: AccessTokenClaims
  readonly issuer: string
}

/** Judges tokens of all issuers that a resource trusts. */
export type TokenJudge = (token: string, checks: TokenChecks) => Promise<JudgedToken>

interface Asked {
  readonly issuer: string
  readonly introspect: Introspector
  readonly allowMissingAudience: boolean
}

type Source = { readonly kind: 'jwt'; readonly sources: AccessTokenSources } | ({ readonly kind: 'asked' } & Asked)

/** A token goes to the issuer that it names, and to no other: a JWT says whose it is, an opaque one is the asked one's. */
export function createTokenJudge(
  issuers: readonly TrustedIssuer[],
  audiences: readonly string[],
  options: IntrospectorOptions,
): TokenJudge {
  const byName = new Map(issuers.map((trusted) => [trusted.issuer, createSource(trusted, options)]))
  const opaque = [...byName.values()].find((source) => source.kind === 'asked')
  const expectationsOf = (issuer: string) => ({ issuer, audiences, now: options.runtime.now() / 1000 })

  async function ask({ introspect, issuer, allowMissingAudience }: Asked, token: string, checks: TokenChecks) {
    const answer = await introspect(token)
    const expectations = { ...expectationsOf(issuer), allowMissingAudience }
    return { issuer, claims: judgeIntrospectedToken(answer, expectations, checks) }
  }

  return async (token, checks) => {
    const reading = readJwt(token)
    const iss = reading.jwt?.claims.iss
    // No name, or no JWT at all: only an issuer that is asked can know it.
    if (opaque && iss === undefined) return await ask(opaque, token, checks)
    checkShape(reading, checks)
    const source = typeof iss === 'string' ? byName.get(iss) : undefined
    if (!source) checks.expect(false, 'iss', 'RFC 9068 4', [...byName.keys()], iss)
    if (source!.kind === 'asked') return await ask(source!, token, checks)
    const issuer = iss as string
    const claims = await judgeAccessToken(reading.jwt!, expectationsOf(issuer), source!.sources, checks)
    return { issuer, claims }
  }
}

function createSource(trusted: TrustedIssuer, options: IntrospectorOptions): Source {
  const { issuer, introspection, jwks, metadata, algorithms } = trusted
  if (introspection) {
    const introspect = createIntrospector(trusted, introspection, options)
    return { kind: 'asked', issuer, introspect, allowMissingAudience: introspection.allowMissingAudience ?? false }
  }
  const keyring = jwks && createKeyring(jwks)
  // Asked for at each use: of the shared caches the one that is used least goes first.
  const shared = () => sharedSources({ ...options, issuer, metadata }, options.fetch, options.runtime).keys
  return { kind: 'jwt', sources: { algorithms, selectKeys: (query) => (keyring ?? shared()).select(query) } }
}

function checkShape({ fault }: JwtReading, checks: TokenChecks): void {
  const { what = '', expected = 'a signed JWT', actual = expected, clause = 'RFC 9068 2' } = fault ?? {}
  checks.expect(!fault, 'shape', clause, expected, actual, () => `${what} is ${actual}; expected ${expected}`.trim())
}
