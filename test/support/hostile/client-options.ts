import { clientSecretBasic, type OAuthClientOptions, privateKeyJwt } from '../../../src/client/index.ts'
import type { SigningKeyInput } from '../../../src/lib/signatures/types.ts'
import type { HostileProvider } from '../hostile-provider.ts'
import { registeredClient } from './client-setup.ts'

/** Of the client that every hostile provider knows, authenticating itself by its secret. */
export function optionsFor(
  provider: Pick<HostileProvider, 'issuer'>,
  more: Partial<OAuthClientOptions> = {},
): OAuthClientOptions {
  return {
    issuer: provider.issuer,
    clientId: registeredClient.clientId,
    clientAuth: clientSecretBasic(registeredClient.clientSecret),
    redirectUri: registeredClient.redirectUri,
    allowLoopbackHttp: true,
    ...more,
  }
}

/** For a client that was registered with `auth: 'private_key_jwt'`. */
export const byPrivateKey = privateKeyJwt(registeredClient.privateJwk as SigningKeyInput)
