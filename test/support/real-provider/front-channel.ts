import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'

/** The type of authorization details that the provider knows. */
export const paymentType = 'payment_initiation'

/** What the front channel needs beside the settings that all tests share. */
export function frontChannelFeatures(): object {
  return {
    requestObjects: { enabled: true },
    jwtResponseModes: { enabled: true },
    encryption: { enabled: true },
    clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: false },
    richAuthorizationRequests: {
      enabled: true,
      types: { [paymentType]: { validate: () => {} } },
      authorizationDetailsForGrantSource: ({ oidc }: KoaContextWithOIDC) => detailsOf(oidc.params),
      authorizationDetailsForAccessToken: (_ctx: unknown, _token: unknown, source: { rar?: unknown }) => source.rar,
      authorizationDetailsForIntrospection: (_ctx: unknown, token: { rar?: unknown }) => token.rar,
    },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: ({ req }: KoaContextWithOIDC) => certificateOf(req),
      certificateAuthorized: ({ req }: KoaContextWithOIDC) => (req.socket as TLSSocket).authorized,
      certificateSubjectMatches: ({ req }: KoaContextWithOIDC, property: string, expected: string) =>
        property === 'tls_client_auth_san_dns' && peerOf(req)?.subjectaltname === `DNS:${expected}`,
    },
  }
}

export const frontChannelConfiguration: Configuration = {
  clientAuthMethods: [
    ...(['none', 'client_secret_basic', 'client_secret_jwt', 'client_secret_post', 'private_key_jwt'] as const),
    ...(['tls_client_auth', 'self_signed_tls_client_auth'] as const),
  ],
  responseTypes: ['code', 'code id_token'],
  enabledJWA: {
    idTokenSigningAlgValues: ['ES256', 'RS256', 'PS256', 'EdDSA', 'HS256'],
    authorizationSigningAlgValues: ['ES256', 'RS256', 'PS256', 'EdDSA', 'HS256'],
    idTokenEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'A128KW', 'dir'],
    authorizationEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES'],
    requestObjectEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES'],
  },
}

function detailsOf(params: Record<string, unknown> | undefined): unknown {
  const text = params?.authorization_details
  return typeof text === 'string' ? JSON.parse(text) : undefined
}

function peerOf({ socket }: IncomingMessage) {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.toLegacyObject() : undefined
}

function certificateOf({ socket }: IncomingMessage): string | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.toString() : undefined
}
