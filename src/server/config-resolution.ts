import { assertKnownOptions } from '../lib/options.ts'
import type { Runtime } from '../lib/runtime.ts'
import { isAsymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { createDpopNonceClock } from '../protocol/dpop-nonce-clock.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { isScope } from '../protocol/scope.ts'
import { clientAlgorithms } from './client-keys.ts'
import type { DpopSettings, TokenEndpointConfig } from './config.ts'
import { type SwitchName, switches } from './config-assertions.ts'
import {
  cibaGrant,
  defaultGrants,
  isSupportedGrant,
  jwtBearerGrant,
  type SupportedGrant,
  supportedGrants,
} from './grant-types.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { RefreshTokenOptions, TokenEndpointOptions } from './options.ts'
import { createSeal } from './secrets.ts'
import { serverAlgorithms } from './server-keys.ts'

// Each reads one option: its default, its form, or a TypeError that names it.

const leastSecretBytes = 32

export function resolveGrants(options: TokenEndpointOptions): readonly SupportedGrant[] {
  const grants = options.grants ?? defaultGrants
  if (!Array.isArray(grants) || grants.length === 0) throw new TypeError('grants: expected a list of grant types')
  for (const grant of grants) {
    if (!isSupportedGrant(grant)) throw new TypeError(`grants: expected some of ${supportedGrants.join(', ')}`)
  }
  if (grants.includes(jwtBearerGrant) && !options.loadAssertionIssuer) {
    throw new TypeError('loadAssertionIssuer: required by the grant jwt-bearer')
  }
  if (grants.includes(cibaGrant) && !options.resolveLoginHint) {
    throw new TypeError('resolveLoginHint: required by the grant CIBA')
  }
  return Object.freeze([...new Set(grants)])
}

export function resolveDpop(
  { dpop = {} }: TokenEndpointOptions,
  lifetimes: Lifetimes,
  runtime: Runtime,
): DpopSettings | false {
  if (dpop === false) return false
  assertKnownOptions('dpop', dpop, ['required', 'nonceSecret', 'requireNonce', 'algorithms'])
  const { nonceSecret, requireNonce = false } = dpop
  assertSecret('dpop.nonceSecret', nonceSecret)
  if (requireNonce && !nonceSecret) throw new TypeError('dpop.nonceSecret: required by "dpop.requireNonce"')
  const algorithms = dpop.algorithms ?? clientAlgorithms
  if (algorithms.length === 0 || !algorithms.every(isAsymmetricAlgorithm)) {
    throw new TypeError('dpop.algorithms: expected registered asymmetric JWS algorithms')
  }
  const nonces = nonceSecret && createDpopNonceClock(nonceSecret, lifetimes.dpopNonce, runtime)
  return Object.freeze({ required: dpop.required ?? false, requireNonce, nonces, algorithms })
}

export function resolveSwitches(options: TokenEndpointOptions): Record<SwitchName, boolean> {
  const resolved: Record<string, boolean> = {}
  for (const [name, byDefault] of Object.entries(switches) as [SwitchName, boolean][]) {
    const value = options[name] ?? (name === 'clustered' ? options.store?.partitioned : undefined) ?? byDefault
    if (typeof value !== 'boolean') throw new TypeError(`${name}: expected true or false`)
    resolved[name] = value
  }
  if (options.store?.partitioned && !resolved.clustered) {
    throw new TypeError('clustered: this store commits within one partition alone, so it cannot be false')
  }
  return resolved as Record<SwitchName, boolean>
}

export function resolveAudience(audience: string | undefined, issuer: string): string {
  if (audience === undefined) return issuer
  if (typeof audience !== 'string' || audience === '') throw new TypeError('audience: expected a non-empty string')
  return audience
}

export function resolveResources(resources: readonly string[] | undefined): readonly string[] {
  try {
    return Object.freeze(normaliseResources(resources) ?? [])
  } catch (cause) {
    throw new TypeError('resources: expected absolute URIs without fragment (RFC 8707 2)', { cause })
  }
}

export function resolveScopes(scopes: readonly string[] | undefined): readonly string[] | undefined {
  if (scopes === undefined) return undefined
  const fits = Array.isArray(scopes) && scopes.every((scope) => scope !== '' && !scope.includes(' ') && isScope(scope))
  if (!fits) throw new TypeError('scopes: expected a list of scope tokens (RFC 6749 A.4)')
  return Object.freeze([...new Set(scopes)])
}

export function resolveTypes(types: readonly string[] = []): readonly string[] {
  const fits = Array.isArray(types) && types.every((type) => typeof type === 'string' && type !== '')
  if (!fits) throw new TypeError('authorizationDetailsTypes: expected a list of non-empty strings')
  return Object.freeze([...types])
}

export function resolveAccessTokens({
  accessTokens = {},
  keys,
}: TokenEndpointOptions): TokenEndpointConfig['accessTokens'] {
  assertKnownOptions('accessTokens', accessTokens, ['format', 'alg'])
  const { format = 'jwt', alg } = accessTokens
  if (format !== 'jwt' && format !== 'opaque') throw new TypeError('accessTokens.format: expected "jwt" or "opaque"')
  if (alg !== undefined && !(serverAlgorithms as readonly string[]).includes(alg)) {
    throw new TypeError(`accessTokens.alg: expected one of ${serverAlgorithms.join(', ')}`)
  }
  if (alg !== undefined && !keys.signingKey(alg)) throw new TypeError(`accessTokens.alg: no key for ${alg}`)
  return Object.freeze({ format, alg })
}

export function resolveRefreshTokens(
  options: RefreshTokenOptions = {},
  grants: readonly SupportedGrant[],
  runtime: Runtime,
): TokenEndpointConfig['refreshTokens'] {
  assertKnownOptions('refreshTokens', options, ['enabled', 'grace', 'sealKey'])
  const { sealKey } = options
  assertSecret('refreshTokens.sealKey', sealKey)
  const grace = options.grace ?? (sealKey ? 60 : 0)
  if (!Number.isSafeInteger(grace) || grace < 0) {
    throw new TypeError('refreshTokens.grace: expected a number of whole seconds')
  }
  if (grace > 0 && !sealKey) throw new TypeError('refreshTokens.sealKey: required by "refreshTokens.grace"')
  const enabled = options.enabled ?? grants.includes('refresh_token')
  if (enabled && !grants.includes('refresh_token')) {
    throw new TypeError('refreshTokens.enabled: the grant refresh_token is not enabled')
  }
  return Object.freeze({ enabled, grace, seal: sealKey && createSeal(sealKey, runtime) })
}

export function resolveRealm(realm = 'OAuth'): string {
  // It stands in a quoted string of a header field.
  if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(realm))
    throw new TypeError('realm: expected printable ASCII without quotes')
  return realm
}
function assertSecret(field: string, secret: Uint8Array | undefined): void {
  if (secret === undefined) return
  if (!(secret instanceof Uint8Array) || secret.length < leastSecretBytes) {
    throw new TypeError(`${field}: expected at least ${leastSecretBytes} bytes`)
  }
}
