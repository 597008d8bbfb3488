import type { ProtectedResourceMetadata } from '../../generated/models.ts'
import { assertEndpointUrl } from './url-rules.ts'

/**
 * Where a resource's metadata is: the well-known path goes between its host and its path.
 *
 * @param resource the resource identifier
 * @throws ProtocolError `invalid_metadata` or `insecure_endpoint` for what cannot be one
 * @see RFC 9728 3.1
 */
export function protectedResourceMetadataUrl(resource: string, allowLoopbackHttp = false): string {
  const { origin, pathname, search } = assertEndpointUrl(resource, { field: 'resource', allowLoopbackHttp })
  // RFC 9728 3.1: a terminating slash that follows the host is removed first.
  const path = pathname === '/' ? '' : pathname
  return `${origin}/.well-known/oauth-protected-resource${path}${search}`
}

/** What a resource takes, as far as its configuration knows. */
export interface ProtectedResourceFacts {
  /** The resource identifier. */
  readonly resource: string
  readonly issuers: readonly string[]
  /** Algorithms of DPoP proofs; empty: DPoP is not taken. */
  readonly dpopAlgorithms: readonly string[]
  readonly dpopRequired: boolean
  readonly mtls: boolean
  /** Members of the owner's own: name, documentation, policies, scopes. */
  readonly more?: Partial<ProtectedResourceMetadata> | undefined
}

/**
 * The metadata document of a resource. What the configuration enforces cannot be said otherwise by `more`.
 *
 * @see RFC 9728 2
 */
export function buildProtectedResourceMetadata(facts: ProtectedResourceFacts): ProtectedResourceMetadata {
  const { resource, issuers, dpopAlgorithms, dpopRequired, mtls, more } = facts
  const document = {
    ...more,
    resource,
    authorization_servers: issuers,
    // RFC 9728 2: the Authorization header, and neither body nor query.
    bearer_methods_supported: ['header'],
    ...(dpopAlgorithms.length > 0 && { dpop_signing_alg_values_supported: dpopAlgorithms }),
    ...(dpopRequired && { dpop_bound_access_tokens_required: true }),
    ...(mtls && { tls_client_certificate_bound_access_tokens: true }),
  }
  return Object.freeze(document as unknown as ProtectedResourceMetadata)
}
