import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import { ConfigurationError } from '../errors/configuration.ts'

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

/**
 * Refuses a server that does not bind tokens to certificates; nothing is sent then. Without this a token that
 * anybody can use would pass for a bound one: it says `Bearer` either way.
 *
 * @throws ConfigurationError `unsupported_by_server`
 * @see RFC 8705 3.3
 */
export function assertCertificateBindingSupported(metadata: AuthorizationServerMetadata): void {
  const field = 'tls_client_certificate_bound_access_tokens'
  if (metadata[field] === true) return
  // RFC 8705 3.3: if omitted, the default value is false.
  throw new ConfigurationError(
    'unsupported_by_server',
    `the client wants tokens bound to its certificate, but the server's "${field}" is not true`,
    { field, clause: 'RFC 8705 3.3', expected: true, actual: metadata[field] ?? false },
  )
}
