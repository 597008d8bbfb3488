import type { AuthorizationResponse } from '../../generated/models.ts'
import { epochSeconds } from '../lib/runtime.ts'
import type { ResponseTarget } from './authorization-params.ts'
import { assertNotEncrypted, type RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { EndpointErrorCode } from './errors.ts'
import { signJwt } from './sign-jwt.ts'

/** What goes back to the client. */
export type AuthorizationResult =
  | { readonly code: string; readonly error?: undefined }
  | { readonly error: EndpointErrorCode; readonly errorDescription?: string; readonly code?: undefined }

/** How it goes: by a redirect to `url`, or by a form that posts `fields` to `redirectUri`. */
export type AuthorizationReply =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'form_post'; readonly redirectUri: string; readonly fields: Readonly<Record<string, string>> }

/** Seconds; JARM 2.1 recommends at most ten minutes. */
const responseLifetime = 600

/**
 * The authorization response in the mode that was asked for, with `iss` (RFC 9207) and, where a JWT was asked
 * for, signed (JARM).
 */
export async function buildAuthorizationResponse(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  target: ResponseTarget,
  result: AuthorizationResult,
): Promise<AuthorizationReply> {
  const fields = responseFields(config, target, result)
  const isSigned = target.responseMode.endsWith('.jwt')
  const sent = isSigned ? { response: await signResponse(config, client, fields) } : fields
  const { redirectUri } = target
  switch (target.responseMode) {
    case 'form_post':
    case 'form_post.jwt':
      return { kind: 'form_post', redirectUri, fields: sent }
    case 'fragment':
    case 'fragment.jwt':
      return { kind: 'redirect', url: `${redirectUri}#${new URLSearchParams(sent)}` }
    case 'query':
    case 'query.jwt':
      return {
        kind: 'redirect',
        url: `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${new URLSearchParams(sent)}`,
      }
  }
}

function responseFields(
  { issuer, issInResponses }: TokenEndpointConfig,
  { state }: ResponseTarget,
  result: AuthorizationResult,
): Record<string, string> {
  const fields: { -readonly [Name in keyof AuthorizationResponse]: string } =
    result.error === undefined ? { code: result.code } : { error: result.error }
  if (result.error !== undefined && result.errorDescription !== undefined) {
    fields.error_description = result.errorDescription
  }
  if (state !== undefined) fields.state = state
  if (issInResponses) fields.iss = issuer
  return fields as Record<string, string>
}

/** JARM 2.1: issuer, audience and expiry are always in the JWT. */
async function signResponse(
  { keys, issuer, runtime }: TokenEndpointConfig,
  client: RegisteredClient,
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  assertNotEncrypted(client, 'authorization_encrypted_response_alg')
  const { clientId, metadata } = client
  const registered = metadata.authorization_signed_response_alg
  const key = registered === undefined ? (keys.signingKey('RS256') ?? keys.signingKey()) : keys.signingKey(registered)
  if (!key) throw new TypeError('keys: none of the registered algorithm')
  return signJwt(key, 'JWT', { ...fields, iss: issuer, aud: clientId, exp: epochSeconds(runtime) + responseLifetime })
}
