import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import { ConfigurationError } from '../errors/configuration.ts'
import type { Issuer, IssuerRequest } from '../issuer/issuer.ts'
import { pushAuthorizationRequest } from '../issuer/push-authorization-request.ts'
import { assertDetailTypesSupported } from '../protocol/authorization-details.ts'
import type { AuthorizationOptions } from '../protocol/authorization-request.ts'
import {
  type AuthorizationParameters,
  buildAuthorizationUrl,
  buildPushedUrl,
} from '../protocol/authorization-request.ts'
import { resolveClientAuth } from '../protocol/client-auth-support.ts'
import { assertClientIdSupported } from '../protocol/client-metadata-document.ts'
import { assertDpopSupported } from '../protocol/dpop-support.ts'
import { assertCertificateBindingSupported } from '../protocol/mtls-endpoints.ts'
import type { Notice } from '../protocol/notice.ts'
import { isPushedRequestLive } from '../protocol/pushed-authorization-response.ts'
import { assertRequestObjectSupported, wrapRequestObject } from '../protocol/request-object.ts'
import { assertResponseSupported, type ResponseMode, type ResponseType } from '../protocol/response-mode.ts'
import type { ClientSettings } from './client-options.ts'

/** Where to send the browser, and until when that works. */
export interface SentRequest {
  readonly url: URL
  readonly isLive: () => boolean
  /** What the server's answer to a pushed request let be noticed. */
  readonly notices: readonly Notice[]
}

/**
 * Makes the URL of an authorization request: signed where the client does so, and pushed where the server can take
 * it (RFC 9126), so that nothing of it is in the browser's sight.
 */
export async function sendAuthorizationRequest(
  settings: ClientSettings,
  issuer: Issuer,
  parameters: AuthorizationParameters,
  request: IssuerRequest,
): Promise<SentRequest> {
  const metadata = await issuer.metadata.get(request.signal ? { signal: request.signal } : {})
  const endpoint = metadata.authorization_endpoint!
  const pushes = canPush(metadata)
  const maker = settings.frontChannel.requestObject
  const { clientId, clocks, runtime } = issuer
  const target = metadata.pushed_authorization_request_endpoint ?? endpoint
  const keys = () => issuer.keys.jwks(request)
  const sent = maker
    ? wrapRequestObject(
        await maker.make(parameters, {
          clientId,
          issuer: issuer.issuer,
          runtime: clocks.runtimeFor(target),
          pushed: pushes,
          keys,
        }),
        parameters,
        pushes,
      )
    : parameters
  if (!pushes) return { url: buildAuthorizationUrl(endpoint, sent), isLive: () => true, notices: [] }
  const pushed = await pushAuthorizationRequest(issuer, sent, request)
  return {
    url: buildPushedUrl(endpoint, clientId, pushed.requestUri),
    notices: pushed.notices,
    isLive: () => isPushedRequestLive(pushed, runtime.now()),
  }
}

/**
 * Refuses a login that client and server cannot have together; nothing is sent then.
 *
 * @throws ConfigurationError `unsupported_by_server`, `missing_metadata`
 */
export function assertLoginSupported(
  settings: ClientSettings,
  metadata: AuthorizationServerMetadata,
  wishes: { readonly responseType: ResponseType; readonly responseMode: ResponseMode } & AuthorizationOptions,
): void {
  if (settings.dpop !== undefined) assertDpopSupported(metadata, settings.dpop)
  if (settings.certificateBoundAccessTokens) assertCertificateBindingSupported(metadata)
  assertResponseSupported(metadata, wishes.responseType, wishes.responseMode)
  assertDetailTypesSupported(metadata, wishes.authorizationDetails ?? [])
  assertRequestObjectSupported(metadata, settings.frontChannel.requestObject, canPush(metadata))
  assertClientIdSupported(metadata, settings.clientId, resolveClientAuth(settings.clientAuth, metadata))
}

/** RFC 9126 5: pushed where there is an endpoint; `require_` without one is the server's mistake, and reported as such. */
function canPush(metadata: AuthorizationServerMetadata): boolean {
  if (metadata.pushed_authorization_request_endpoint !== undefined) return true
  if (metadata.require_pushed_authorization_requests !== true) return false
  throw new ConfigurationError(
    'missing_metadata',
    'the server requires pushed authorization requests, but its metadata has no "pushed_authorization_request_endpoint"',
    {
      field: 'pushed_authorization_request_endpoint',
      clause: 'RFC 9126 5',
      expected: 'https URL',
      actual: 'absent',
    },
  )
}
