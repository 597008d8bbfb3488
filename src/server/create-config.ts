import { systemRuntime } from '../lib/runtime.ts'
import type { TokenEndpointConfig, TokenEndpointPolicies } from './config.ts'
import {
  assertCallbacks,
  assertFields,
  assertIssuer,
  assertKeys,
  assertStores,
  callbacks,
} from './config-assertions.ts'
import {
  resolveAccessTokens,
  resolveAudience,
  resolveDpop,
  resolveGrants,
  resolveRealm,
  resolveRefreshTokens,
  resolveResources,
  resolveScopes,
  resolveSwitches,
  resolveTypes,
} from './config-resolution.ts'
import { createDocumentCache } from './documents.ts'
import { guardStore } from './guard-store.ts'
import { resolveLifetimes } from './lifetimes.ts'
import type { TokenEndpointOptions } from './options.ts'

/**
 * Checks a token endpoint's whole configuration at start: what would fail at a request refuses to start.
 *
 * @throws TypeError that names the field
 * @example
 * const config = createTokenEndpointConfig({
 *   issuer: 'https://issuer.example',
 *   keys: await createServerKeys([privateJwk]),
 *   store: createMemoryStore(),
 *   loadClient: (id) => clients.get(id),
 *   verifyClientSecret: (client, secret) => secrets.matches(client.clientId, secret),
 *   loadPrincipal: (subject) => users.get(subject),
 * })
 */
export function createTokenEndpointConfig(options: TokenEndpointOptions): TokenEndpointConfig {
  assertFields(options)
  const httpsRequired = options.httpsRequired ?? true
  assertIssuer(options.issuer, httpsRequired)
  assertCallbacks(options)
  assertKeys(options)
  const runtime = options.runtime ?? systemRuntime
  const lifetimes = resolveLifetimes(options.lifetimes)
  const grants = resolveGrants(options)
  const dpop = resolveDpop(options, lifetimes, runtime)
  assertStores(options, grants, dpop)
  const policies = Object.fromEntries(callbacks.filter((name) => options[name]).map((name) => [name, options[name]]))
  return Object.freeze({
    ...(policies as unknown as TokenEndpointPolicies),
    ...resolveSwitches(options),
    issuer: options.issuer,
    keys: options.keys,
    runtime,
    store: options.store && guardStore(options.store),
    grants,
    audience: resolveAudience(options.audience, options.issuer),
    resources: resolveResources(options.resources),
    scopes: resolveScopes(options.scopes),
    authorizationDetailsTypes: resolveTypes(options.authorizationDetailsTypes),
    accessTokens: resolveAccessTokens(options),
    refreshTokens: resolveRefreshTokens(options.refreshTokens, grants, runtime),
    dpop,
    realm: resolveRealm(options.realm),
    lifetimes,
    documents: createDocumentCache(options.fetchDocument, lifetimes.jwksCache, runtime),
  })
}
