import { AuthentypeError } from '../errors/base.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { ResponseError } from '../errors/response.ts'
import { withLimits } from '../http/limits.ts'
import { withoutQuery } from '../http/network-errors.ts'
import { withoutRedirects } from '../http/redirects.ts'
import { mediaTypeOf } from '../lib/media-type.ts'
import { assertKnownOptions, assertSwitches } from '../lib/options.ts'
import { type ClaimSource, judgeSourceJwt, readClaimSources, readSourceIssuer } from '../protocol/claim-sources.ts'
import { assertEndpointUrl } from '../protocol/url-rules.ts'
import { sharedSources } from './shared-caches.ts'
import { settleThirdParty, type ThirdPartyOptions, thirdPartyOptionNames } from './third-party.ts'

/** Whose claims are believed, and whether distributed ones are fetched (OIDC Core 5.6.2). */
export interface ResolveClaimSourcesOptions extends ThirdPartyOptions {
  /** Claims providers whose word counts, by their issuer identifiers. */
  readonly trustedIssuers: readonly string[]
  /** The client's identifier: the `aud` of a source's JWT, where it has one. */
  readonly clientId?: string
  /**
   * Also fetches claims from where the answer says that they are, with the token that it has for that. It makes
   * another party decide where this process sends requests. @default false
   */
  readonly distributed?: boolean
}

/** A claim and whose word it is. */
export interface SourcedClaim {
  readonly value: unknown
  /** The claims provider that signed it. */
  readonly issuer: string
}

/** Claims by who vouches for them. */
export interface ResolvedClaims {
  /** By claim name, without a prototype; only what a trusted claims provider has signed. */
  readonly claims: Readonly<Record<string, SourcedClaim>>
  /** Sources that gave nothing, and why: one that fails takes no login down. */
  readonly unresolved: readonly UnresolvedSource[]
}

/** A source of claims that was not believed or not reached. */
export interface UnresolvedSource {
  readonly claims: readonly string[]
  /** `absent`: its JWT is good and has no such claim. */
  readonly reason: 'distributed_not_allowed' | 'failed' | 'absent'
  readonly error?: AuthentypeError
}

const optionNames = [...thirdPartyOptionNames, 'trustedIssuers', 'clientId', 'distributed']
const jwtTypes = ['application/jwt', 'application/jose']

/**
 * Verifies aggregated claims, and distributed ones where they are asked for: claims that a userinfo answer or an
 * id_token passes on as the word of other providers.
 *
 * @param claims verified ones, with `_claim_names` and `_claim_sources`
 * @throws ProtocolError `invalid_claim_source` where names and sources do not fit together
 * @throws TypeError
 * @see OpenID Connect Core 5.6.2
 * @example
 * const { claims } = await resolveClaimSources(userInfo, { trustedIssuers: ['https://bank.example'] })
 */
export async function resolveClaimSources(
  claims: Readonly<Record<string, unknown>>,
  options: ResolveClaimSourcesOptions,
): Promise<ResolvedClaims> {
  assertKnownOptions('resolveClaimSources', options, optionNames)
  assertSwitches('resolveClaimSources', options, ['distributed'])
  if (!Array.isArray(options.trustedIssuers)) throw new TypeError('resolveClaimSources: "trustedIssuers" is required')
  const resolved = Object.create(null) as Record<string, SourcedClaim>
  const unresolved: UnresolvedSource[] = []
  for (const source of readClaimSources(claims)) {
    if (source.kind === 'distributed' && options.distributed !== true) {
      unresolved.push({ claims: source.claims, reason: 'distributed_not_allowed' })
      continue
    }
    try {
      Object.assign(resolved, await resolveSource(source, options))
      const absent = source.claims.filter((name) => !(name in resolved))
      if (absent.length > 0) unresolved.push({ claims: absent, reason: 'absent' })
    } catch (error) {
      options.signal?.throwIfAborted()
      // What is no error of ours is a mistake, here or in the options.
      if (!(error instanceof AuthentypeError)) throw error
      unresolved.push({ claims: source.claims, reason: 'failed', error })
    }
  }
  return { claims: resolved, unresolved }
}

async function resolveSource(
  source: ClaimSource,
  options: ResolveClaimSourcesOptions,
): Promise<Readonly<Record<string, SourcedClaim>>> {
  const settled = settleThirdParty(options)
  const jwt = source.kind === 'aggregated' ? source.jwt : await fetchSource(source, options)
  const issuer = readSourceIssuer(jwt, options.trustedIssuers)
  const { metadata, keys } = sharedSources({ ...settled, issuer }, settled.fetch, settled.runtime)
  const init = options.signal ? { signal: options.signal } : {}
  const { id_token_signing_alg_values_supported: serverAlgorithms } = await metadata.get(init)
  const found = await judgeSourceJwt(
    jwt,
    source.claims,
    { issuer, audience: options.clientId, serverAlgorithms, now: settled.runtime.now() / 1000 },
    { selectKeys: (query) => keys.select(query, init) },
  )
  const sourced = Object.create(null) as Record<string, SourcedClaim>
  for (const [name, value] of found) sourced[name] = { value, issuer }
  return sourced
}

/** OpenID Connect Core 5.6.2.2: a GET with the source's token, answered with a JWT. */
async function fetchSource(
  { endpoint, accessToken }: Extract<ClaimSource, { readonly kind: 'distributed' }>,
  options: ResolveClaimSourcesOptions,
): Promise<string> {
  const { fetch, timeout, allowLoopbackHttp } = settleThirdParty(options)
  const url = assertEndpointUrl(endpoint, { field: 'endpoint of a claim source', allowLoopbackHttp })
  const headers = new Headers({ accept: 'application/jwt' })
  if (accessToken !== undefined) headers.set('authorization', `Bearer ${accessToken}`)
  // A token goes to the place that it is for, and nowhere on.
  const send = withoutRedirects(withLimits(fetch, { timeout, maxBytes: 128 * 1024 }))
  const response = await send(new Request(url, { headers, signal: options.signal ?? null }))
  const text = await response.text()
  if (response.status !== 200) throw unexpected(url, response, 'unexpected_status', 'status 200')
  const type = mediaTypeOf(response.headers)
  if (!jwtTypes.includes(type)) throw unexpected(url, response, 'unexpected_content_type', jwtTypes[0]!)
  if (text.length === 0) {
    throw new ProtocolError('invalid_claim_source', 'a claim source answered with nothing', {
      clause: 'OIDC Core 5.6.2',
      expected: 'a JWT',
      actual: 'nothing',
    })
  }
  return text.trim()
}

function unexpected(
  url: URL,
  response: Response,
  code: 'unexpected_status' | 'unexpected_content_type',
  expected: string,
): ResponseError {
  const { status } = response
  const where = withoutQuery(url)
  const contentType = mediaTypeOf(response.headers)
  const actual = `status ${status} with ${contentType || 'no content type'}`
  const message = `the claim source ${where} answered ${actual}; expected ${expected}`
  const clause = 'OIDC Core 5.6.2'
  return new ResponseError(code, message, { url: where, status, contentType, clause, expected, actual, response })
}
