import type { ClientMetadata } from '../../generated/models.ts'
import type { OAuthClientOptions } from '../client/client-options.ts'
import { TokenError } from '../errors/token.ts'
import { isAsymmetricAlgorithm, isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import type { Jwk, SignatureAlgorithm } from '../lib/signatures/types.ts'
import { privateKeyJwt } from '../protocol/client-assertion.ts'
import { type ClientAuth, clientSecretBasic, clientSecretPost, none } from '../protocol/client-auth.ts'
import { selfSignedTlsClientAuth, tlsClientAuth } from '../protocol/client-auth-tls.ts'
import { clientSecretJwt } from '../protocol/client-secret-jwt.ts'
import { createDecryptor, type Decryptor } from '../protocol/decryption.ts'
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../protocol/encryption-algorithms.ts'

/**
 * A client as it was registered, by the names of RFC 7591: they choose how it authenticates, how its answers are
 * protected, and what opens them. `jwks` and `jwks_uri` are the client's own side, with private keys; an address that
 * others can read must never hold those.
 */
export type ClientConfiguration = ClientMetadata & {
  readonly client_id: string
  readonly client_secret?: string
  /** Takes the place of `token_endpoint_auth_method`, for keys that are no JWKs: `privateKeyJwt(key)`. */
  readonly clientAuth?: ClientAuth
  /** Takes the place of `jwks` and `jwks_uri` where something is encrypted. */
  readonly decryptor?: Decryptor
}

/** How the keys at `jwks_uri` are had. */
export type LoadKeys = (uri: string) => Promise<readonly Jwk[]>

/**
 * The registration as options of a client.
 *
 * @throws TokenError `missing_client_metadata`, which names the member
 */
export function clientOptionsOf(
  client: ClientConfiguration,
  loadKeys: LoadKeys,
): Omit<OAuthClientOptions, 'issuer' | 'clientId'> {
  const options = {
    clientAuth: client.clientAuth ?? clientAuthOf(client),
    clientSecret: client.client_secret,
    decryptor: client.decryptor ?? lazyDecryptor(client, loadKeys),
    // RFC 9449 5.2, RFC 8705 3.4
    dpop: client.dpop_bound_access_tokens === true,
    certificateBoundAccessTokens: client.tls_client_certificate_bound_access_tokens === true,
    idTokenSignedResponseAlg: client.id_token_signed_response_alg as SignatureAlgorithm | 'none' | undefined,
    idTokenEncryptedResponseAlg: client.id_token_encrypted_response_alg as KeyManagementAlgorithm | undefined,
    idTokenEncryptedResponseEnc: client.id_token_encrypted_response_enc as ContentEncryptionAlgorithm | undefined,
    userinfoSignedResponseAlg: client.userinfo_signed_response_alg as SignatureAlgorithm | undefined,
    userinfoEncryptedResponseAlg: client.userinfo_encrypted_response_alg as KeyManagementAlgorithm | undefined,
    userinfoEncryptedResponseEnc: client.userinfo_encrypted_response_enc as ContentEncryptionAlgorithm | undefined,
    introspectionSignedResponseAlg: client.introspection_signed_response_alg as SignatureAlgorithm | undefined,
    introspectionEncryptedResponseAlg: client.introspection_encrypted_response_alg as
      | KeyManagementAlgorithm
      | undefined,
    introspectionEncryptedResponseEnc: client.introspection_encrypted_response_enc as
      | ContentEncryptionAlgorithm
      | undefined,
  }
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as OAuthClientOptions
}

function clientAuthOf(client: ClientConfiguration): ClientAuth {
  const { client_secret: secret, token_endpoint_auth_signing_alg: alg } = client
  // RFC 7591 2: absent means client_secret_basic; a client without a secret is a public one.
  const method = client.token_endpoint_auth_method ?? (secret === undefined ? 'none' : 'client_secret_basic')
  switch (method) {
    case 'none':
      return none()
    case 'client_secret_basic':
      return clientSecretBasic(demand(secret, 'client_secret', method))
    case 'client_secret_post':
      return clientSecretPost(demand(secret, 'client_secret', method))
    case 'client_secret_jwt':
      return clientSecretJwt(demand(secret, 'client_secret', method), isSymmetricAlgorithm(alg) ? { alg } : {})
    case 'private_key_jwt':
      return privateKeyJwt(demand(signingJwk(client.jwks?.keys as readonly Jwk[] | undefined, alg), 'jwks', method))
    case 'tls_client_auth':
      return tlsClientAuth()
    case 'self_signed_tls_client_auth':
      return selfSignedTlsClientAuth()
    default:
      throw missing('token_endpoint_auth_method', `"${String(method).slice(0, 60)}" is no method of this library`)
  }
}

/** The first private key that may sign by the registered algorithm (RFC 7517 4.2, 4.4). */
function signingJwk(keys: readonly Jwk[] = [], alg: unknown): Jwk | undefined {
  const key = keys.find(
    (jwk) => 'd' in jwk && jwk.use !== 'enc' && (alg === undefined || jwk.alg === undefined || jwk.alg === alg),
  )
  return key && key.alg === undefined && isAsymmetricAlgorithm(alg) ? { ...key, alg } : key
}

/** What is encrypted may never come, so keys are looked for when something does. */
function lazyDecryptor(client: ClientConfiguration, loadKeys: LoadKeys): Decryptor {
  let fromJwks: Decryptor | undefined
  const { client_secret: secret, jwks, jwks_uri: uri } = client
  return {
    async decrypt(token, expected) {
      if (jwks || uri === undefined) {
        fromJwks ??= decryptorOf((jwks?.keys ?? []) as readonly Jwk[], secret)
        return await fromJwks.decrypt(token, expected)
      }
      return await decryptorOf(await loadKeys(uri), secret).decrypt(token, expected)
    },
  }
}

function decryptorOf(keys: readonly Jwk[], clientSecret: string | undefined): Decryptor {
  const own = keys.filter((jwk) => typeof jwk.d === 'string' && jwk.use !== 'sig')
  if (own.length === 0 && clientSecret === undefined) throw missing('jwks', 'no private key can open what is encrypted')
  return createDecryptor(own, clientSecret === undefined ? {} : { clientSecret })
}

function demand<T>(value: T | undefined, field: string, method: string): T {
  if (value !== undefined) return value
  throw missing(field, `"${method}" needs it`)
}

function missing(field: string, why: string): TokenError {
  return new TokenError('missing_client_metadata', `the client's configuration has no usable "${field}": ${why}`, {
    field,
  })
}
