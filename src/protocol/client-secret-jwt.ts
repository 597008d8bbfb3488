import { encodeBase64url } from '../lib/base64url.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { algorithmRule, isSymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { assertSecretLength } from '../lib/signatures/key-rules.ts'
import type { SymmetricAlgorithm } from '../lib/signatures/types.ts'
import { assertionType, assertLifetime, buildAssertionInput, type PrivateKeyJwtOptions } from './client-assertion.ts'
import { assertSecret, type ClientAuth, type ClientAuthContext } from './client-auth.ts'

/** How the assertions of `clientSecretJwt` are made (RFC 7523 3). */
export interface ClientSecretJwtOptions extends Omit<PrivateKeyJwtOptions, 'kid'> {
  /** As registered in `token_endpoint_auth_signing_alg`. @default 'HS256' */
  readonly alg?: SymmetricAlgorithm
}

/**
 * The client makes an assertion with a MAC by its secret, a new one for each attempt; the secret itself is not sent.
 *
 * @throws TypeError for an empty secret and for unknown options
 * @throws ConfigurationError `unusable_key` for a secret that is shorter than the MAC (RFC 7518 3.2)
 * @see OpenID Connect Core 9; RFC 7523 2.2, 3
 */
export function clientSecretJwt(secret: string, options: ClientSecretJwtOptions = {}): ClientAuth {
  assertSecret(secret, 'clientSecretJwt')
  assertKnownOptions('clientSecretJwt', options, ['alg', 'audience', 'lifetime', 'typ'])
  const { alg = 'HS256', ...rest } = options
  if (!isSymmetricAlgorithm(alg)) throw new TypeError('clientSecretJwt: "alg" must be HS256, HS384 or HS512')
  assertLifetime('clientSecretJwt', options.lifetime)
  const bytes = new TextEncoder().encode(secret)
  assertSecretLength(bytes, alg)
  let importing: Promise<CryptoKey> | undefined
  return Object.freeze({
    method: 'client_secret_jwt',
    signingAlg: alg,
    authenticate: async (context: ClientAuthContext) => {
      importing ??= importMacKey(bytes, alg)
      const input = buildAssertionInput({ alg }, context, rest)
      const mac = await crypto.subtle.sign('HMAC', await importing, new TextEncoder().encode(input))
      return {
        parameters: {
          // RFC 7521 4.2: not needed beside an assertion, but there are servers that look the client up by it.
          client_id: context.clientId,
          client_assertion_type: assertionType,
          client_assertion: `${input}.${encodeBase64url(new Uint8Array(mac))}`,
        },
      }
    },
  })
}

/** WebCrypto on every runtime: the signature seam makes no MACs, and one for each token request costs nothing. */
function importMacKey(bytes: Uint8Array<ArrayBuffer>, alg: SymmetricAlgorithm): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: algorithmRule(alg).hash }, false, ['sign'])
}
