import type { ClientAuth, ClientAuthContext } from './client-auth.ts'

/**
 * The client proves itself by a certificate of a public key infrastructure, at the TLS layer. The `fetch` of the
 * client must bring the certificate: on Node a dispatcher with `cert` and `key`, on Workers an mTLS binding.
 *
 * This authenticates and no more: tokens are bound to the certificate only where the client was registered so
 * (`certificateBoundAccessTokens`).
 *
 * @see RFC 8705 2.1
 */
export function tlsClientAuth(): ClientAuth {
  return byCertificate('tls_client_auth')
}

/**
 * The same with a certificate that the client signed itself and registered in its key set.
 *
 * @see RFC 8705 2.2
 */
export function selfSignedTlsClientAuth(): ClientAuth {
  return byCertificate('self_signed_tls_client_auth')
}

function byCertificate(method: 'tls_client_auth' | 'self_signed_tls_client_auth'): ClientAuth {
  return Object.freeze({
    method,
    mutualTls: true,
    // RFC 8705 2: client_id says which client the certificate is to be held against.
    authenticate: ({ clientId }: ClientAuthContext) => ({ parameters: { client_id: clientId } }),
  })
}
