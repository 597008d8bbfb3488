import { ConfigurationError } from '../errors/configuration.ts'
import type { ClientAuth } from './client-auth.ts'

/** The lists of authorization server metadata that client authentication is held against (RFC 8414 2). */
export interface ClientAuthMetadata {
  readonly token_endpoint_auth_methods_supported?: readonly string[] | undefined
  readonly token_endpoint_auth_signing_alg_values_supported?: readonly string[] | undefined
  readonly revocation_endpoint_auth_methods_supported?: readonly string[] | undefined
  readonly revocation_endpoint_auth_signing_alg_values_supported?: readonly string[] | undefined
  readonly introspection_endpoint_auth_methods_supported?: readonly string[] | undefined
  readonly introspection_endpoint_auth_signing_alg_values_supported?: readonly string[] | undefined
}

/** The endpoints where a client authenticates itself. Pushed authorization requests go by the token endpoint's lists (RFC 9126 2). */
export type AuthenticatedEndpoint = 'token' | 'pushed_authorization_request' | 'revocation' | 'introspection'

type ListField = keyof ClientAuthMetadata

/** RFC 8414 2: what a server supports that does not say. */
const defaultMethods: readonly string[] = ['client_secret_basic']

/** The method that is used at an endpoint of this server: that of the value, or what it negotiates by the endpoint's list. */
export function resolveClientAuth(
  clientAuth: ClientAuth,
  metadata: ClientAuthMetadata,
  endpoint: AuthenticatedEndpoint = 'token',
): ClientAuth {
  const { token_endpoint_auth_methods_supported: usual } = metadata
  const listed = metadata[listsOf(metadata, endpoint).methods] ?? usual
  return clientAuth.negotiate?.({ token_endpoint_auth_methods_supported: listed }) ?? clientAuth
}

/**
 * Refuses a method, or an algorithm of assertions, that the server says it does not take; nothing is sent then.
 *
 * `none` passes everywhere but at introspection: the lists are of ways to authenticate, a public client does
 * not (RFC 6749 3.2.1), and large servers with public clients leave it out.
 *
 * @throws ConfigurationError `unsupported_by_server`, with the client's side and the server's
 * @see RFC 8414 2, RFC 9126 2
 */
export function assertClientAuthSupported(
  metadata: ClientAuthMetadata,
  endpoint: AuthenticatedEndpoint,
  clientAuth: ClientAuth,
): void {
  const { method, signingAlg } = resolveClientAuth(clientAuth, metadata, endpoint)
  const room = listsOf(metadata, endpoint)
  // RFC 7662 2.1: introspection without any authorization would let tokens be guessed.
  if (method === 'none' && endpoint !== 'introspection') return
  const methods = metadata[room.methods] ?? room.fallback
  if (methods && !methods.includes(method)) throw unsupported(room.methods, [method], methods, metadata)
  // RFC 8414 2: no default algorithms are implied by an absent list.
  const algorithms = metadata[room.algorithms]
  if (signingAlg !== undefined && algorithms && !algorithms.includes(signingAlg)) {
    throw unsupported(room.algorithms, [signingAlg], algorithms, metadata)
  }
}

interface ListsOfEndpoint {
  readonly methods: ListField
  readonly algorithms: ListField
  /** What an absent list of methods means; `undefined`: nothing is known. */
  readonly fallback: readonly string[] | undefined
}

const tokenLists: ListsOfEndpoint = {
  methods: 'token_endpoint_auth_methods_supported',
  algorithms: 'token_endpoint_auth_signing_alg_values_supported',
  fallback: defaultMethods,
}

function listsOf(metadata: ClientAuthMetadata, endpoint: AuthenticatedEndpoint): ListsOfEndpoint {
  switch (endpoint) {
    case 'token':
    // RFC 9126 2: the rules for client authentication are those of the token endpoint.
    case 'pushed_authorization_request':
      return tokenLists
    case 'revocation':
      // RFC 8414 2 has client_secret_basic for an absent list. But OpenID Connect Discovery knows no such list, and
      // a client has one registered method (RFC 7591 2), so the token endpoint's list says more where there is one.
      if (metadata.revocation_endpoint_auth_methods_supported === undefined) return tokenLists
      return {
        methods: 'revocation_endpoint_auth_methods_supported',
        algorithms: 'revocation_endpoint_auth_signing_alg_values_supported',
        fallback: defaultMethods,
      }
    case 'introspection':
      // RFC 8414 2: if omitted, the supported methods are to be determined by other means.
      return {
        methods: 'introspection_endpoint_auth_methods_supported',
        algorithms: 'introspection_endpoint_auth_signing_alg_values_supported',
        fallback: undefined,
      }
  }
}

function unsupported(
  field: ListField,
  expected: readonly string[],
  actual: readonly string[],
  metadata: ClientAuthMetadata,
): ConfigurationError {
  const origin = metadata[field] ? '' : ', which is the default of RFC 8414 2, for the server does not list any'
  return new ConfigurationError(
    'unsupported_by_server',
    `the client offers [${expected.join(', ')}], but the server's "${field}" is [${actual.join(', ')}]${origin}; ` +
      'register the client with another method, or give that field in the metadata of the client where the server is wrong about itself',
    { field, clause: 'RFC 8414 2', expected, actual },
  )
}
