import type { Issuer } from '../issuer/issuer.ts'
import { requestTokens } from '../issuer/request-tokens.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { type TokenRequestOptions, tokenRequestOptionNames } from '../protocol/grant-request.ts'
import { buildClientCredentialsRequest } from '../protocol/token-request.ts'
import type { ClientSettings } from './client-options.ts'
import { grantKey } from './grant-key.ts'
import type { LoginResult } from './login-result.ts'

/** What a client asks for itself (RFC 6749 4.4.2). */
export interface ClientCredentialsOptions extends TokenRequestOptions {
  /** The key to bind the token to. @default a new one, where the client uses DPoP */
  readonly dpopKey?: SigningKey
  readonly signal?: AbortSignal
}

/** A token for the client itself; there is no user and so no claim. */
export type ClientCredentialsResult = Pick<LoginResult, 'issuer' | 'clientId' | 'tokens' | 'notices' | 'dpopKey'>

/**
 * A token for the client itself. Scope and resource are not the login's: a client without a user asks for its own.
 *
 * @see RFC 6749 4.4
 */
export async function requestClientCredentials(
  settings: ClientSettings,
  issuer: Issuer,
  options: ClientCredentialsOptions = {},
): Promise<ClientCredentialsResult> {
  // RFC 6749 4.4: the grant is for confidential clients only.
  if (issuer.clientAuth.method === 'none') {
    throw new TypeError('clientCredentials: a public client has no credentials; give createOAuthClient a "clientAuth"')
  }
  assertKnownOptions('clientCredentials', options, [...tokenRequestOptionNames, 'dpopKey', 'signal'])
  const { signal, dpopKey: _, ...wishes } = options
  const dpopKey = await grantKey({ settings, issuer }, options)
  const parameters = buildClientCredentialsRequest(wishes)
  const { tokens, notices } = await requestTokens(issuer, {
    parameters,
    allowBearerDowngrade: settings.allowBearerDowngrade,
    requireScope: settings.requireScope,
    ...(options.scope !== undefined && { requestedScope: options.scope }),
    ...(parameters.resource && { resource: parameters.resource }),
    ...(dpopKey && { dpopKey }),
    ...(signal && { signal }),
  })
  return {
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    tokens,
    notices,
    // A Bearer token is not bound to the key, whatever was asked for.
    ...(dpopKey && tokens.tokenType === 'DPoP' && { dpopKey }),
  }
}
