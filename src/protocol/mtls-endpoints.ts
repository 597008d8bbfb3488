import type { AuthorizationServerMetadata } from '../../generated/models.ts'

/**
 * The endpoints that a client itself sends requests to. RFC 8705 5: aliases of others have no meaning; the browser
 * goes to the authorization endpoint, and it has no certificate.
 */
const directEndpoints = [
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'userinfo_endpoint',
  'registration_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
  'backchannel_authentication_endpoint',
] as const

/**
 * The metadata as a client with a certificate uses it: where an endpoint has an alias for mutual TLS, that is it.
 *
 * @see RFC 8705 5
 */
export function applyMtlsAliases(metadata: AuthorizationServerMetadata): AuthorizationServerMetadata {
  const aliases: Readonly<Record<string, unknown>> | undefined = metadata.mtls_endpoint_aliases
  if (!aliases) return metadata
  const found = directEndpoints.filter((name) => typeof aliases[name] === 'string')
  return Object.freeze({ ...metadata, ...Object.fromEntries(found.map((name) => [name, aliases[name]])) })
}
