import { exportSigningKey, generateSigningKey } from '#signatures'
import type { Issuer } from '../issuer/issuer.ts'
import { missingEndpoint } from '../issuer/missing-endpoint.ts'
import { assertKnownOptions } from '../lib/options.ts'
import {
  type AuthorizationOptions,
  type AuthorizationRequest,
  buildAuthorizationParameters,
} from '../protocol/authorization-request.ts'
import { deriveCodeChallenge } from '../protocol/pkce.ts'
import { requestedAcr } from '../protocol/requested-acr.ts'
import { defaultResponseMode } from '../protocol/response-mode.ts'
import { hasScope } from '../protocol/scope.ts'
import { createTransaction, type Transaction, withNotices } from '../protocol/transaction.ts'
import { hashBrowserBinding } from './browser-binding.ts'
import type { ClientSettings } from './client-options.ts'
import { assertLoginSupported, sendAuthorizationRequest } from './send-authorization-request.ts'
import { putTransaction } from './transactions.ts'

/** What one login asks for, beyond what the client always asks for. */
export interface CreateAuthorizationUrlOptions extends AuthorizationOptions {
  /**
   * The login fails unless its `acr` is one of `acrValues`, as one that is essential in `claims`. An id_token tells it, so
   * a client whose own scope has `openid` asks for that, too; without one only the resource server can tell.
   *
   * @default false: it is reported
   */
  readonly acrEssential?: boolean
  /** Whatever the application wants to find again in the LoginResult; kept on this side, never sent. */
  readonly data?: unknown
  /** A random value that only this browser has; `handleCallback` then asks for it. Its hash is kept. @default none */
  readonly browserBinding?: string
  readonly signal?: AbortSignal
}

const optionNames = [
  ...[
    'scope',
    'resource',
    'authorizationDetails',
    'acrValues',
    'acrEssential',
    'claims',
    'maxAge',
    'prompt',
    'display',
  ],
  ...['responseType', 'responseMode'],
  ...['loginHint', 'idTokenHint', 'uiLocales', 'extraParameters', 'data', 'browserBinding', 'signal'],
]

/**
 * Begins a login: makes its secrets, keeps them, and gives the URL to send the browser to. The request is pushed
 * where the server can take it (RFC 9126), so that nothing of it is in the browser's sight.
 */
export async function createAuthorizationUrl(
  settings: ClientSettings,
  issuer: Issuer,
  options: CreateAuthorizationUrlOptions = {},
): Promise<URL> {
  assertKnownOptions('createAuthorizationUrl', options, optionNames)
  const { redirectUri } = settings
  if (redirectUri === undefined) {
    throw new TypeError('createAuthorizationUrl: the client has no "redirectUri"; give it to createOAuthClient')
  }
  const metadata = await issuer.metadata.get(options.signal ? { signal: options.signal } : {})
  const { authorization_endpoint: endpoint, token_endpoint: tokenEndpoint } = metadata
  if (endpoint === undefined) throw missingEndpoint(issuer.issuer, 'authorization_endpoint')
  if (tokenEndpoint === undefined) throw missingEndpoint(issuer.issuer, 'token_endpoint')
  const response = responseOf(settings, options)
  assertLoginSupported(settings, metadata, { ...options, ...response })

  const dpopKey =
    settings.dpop === undefined ? undefined : await generateSigningKey(settings.dpop, settings.dpopKeyOptions)
  const transaction = createTransaction(
    {
      issuer: issuer.issuer,
      clientId: issuer.clientId,
      authorizationEndpoint: endpoint,
      tokenEndpoint,
      redirectUri,
      responseMode: response.responseMode,
      ...(response.responseType !== 'code' && { responseType: response.responseType }),
      ...requestedFacts(settings, options),
      ...(dpopKey && { dpopKey: await exportSigningKey(dpopKey) }),
      ...(options.data !== undefined && { applicationData: options.data }),
      ...(options.browserBinding !== undefined && { browserBinding: await hashBrowserBinding(options.browserBinding) }),
    },
    settings.runtime,
  )
  const parameters = buildAuthorizationParameters(await toRequest(transaction, options, dpopKey?.thumbprint))
  const request = { ...(dpopKey && { dpopKey }), ...(options.signal && { signal: options.signal }) }
  const sent = await sendAuthorizationRequest(settings, issuer, parameters, request)
  options.signal?.throwIfAborted()
  await putTransaction(settings.transactions, withNotices(transaction, sent.notices))
  if (sent.isLive()) return sent.url
  // RFC 9126 2.2: a reference that has expired is of no use; a slow store must not cost the user the login.
  return (await sendAuthorizationRequest(settings, issuer, parameters, request)).url
}

/** What this login asks for; a response type of its own has its own default mode. */
function responseOf({ frontChannel }: ClientSettings, options: CreateAuthorizationUrlOptions) {
  const { responseType = frontChannel.responseType } = options
  const usual =
    responseType === frontChannel.responseType ? frontChannel.responseMode : defaultResponseMode(responseType)
  // OpenID Connect Core 3.3.2.11: an unsigned id_token from the browser vouches for nothing.
  if (responseType !== 'code' && frontChannel.idToken.idTokenSignedResponseAlg === 'none') {
    throw new TypeError(`createAuthorizationUrl: "${responseType}" needs signed id_tokens; the client has none`)
  }
  return { responseType, responseMode: options.responseMode ?? usual }
}

function requestedFacts(settings: ClientSettings, options: CreateAuthorizationUrlOptions) {
  const { resource = settings.resource, maxAge } = options
  const resources = typeof resource === 'string' ? [resource] : resource
  const { authorizationDetails } = options
  return {
    scope: scopeOf(settings, options),
    ...(resources.length > 0 && { resource: resources }),
    ...(authorizationDetails !== undefined && { authorizationDetails }),
    ...(maxAge !== undefined && { maxAge }),
    ...requestedAcr(options),
  }
}

/**
 * How a user has logged in only an id_token tells. So a client that logs in by OpenID keeps `openid` where that matters:
 * the scope that a step-up challenge names (RFC 9470 3) is the resource's, and nothing would be held against the login.
 */
function scopeOf(settings: ClientSettings, options: CreateAuthorizationUrlOptions): string {
  const { scope = settings.scope, maxAge } = options
  const matters = maxAge !== undefined || requestedAcr(options).acrValues !== undefined
  if (!matters || hasScope(scope, 'openid') || !hasScope(settings.scope, 'openid')) return scope
  return `openid ${scope}`.trim()
}

async function toRequest(
  transaction: Transaction,
  options: CreateAuthorizationUrlOptions,
  dpopJkt: string | undefined,
): Promise<AuthorizationRequest> {
  const { signal, data, browserBinding, acrEssential, ...wishes } = options
  const { clientId, redirectUri, responseMode, responseType, scope, resource, state, nonce, codeVerifier } = transaction
  return {
    ...wishes,
    clientId,
    redirectUri,
    responseMode,
    responseType: responseType ?? 'code',
    scope,
    state,
    codeChallenge: await deriveCodeChallenge(codeVerifier),
    ...(resource && { resource }),
    ...(nonce !== undefined && { nonce }),
    // RFC 9449 10: binds the code, too; a code without its key is then worth nothing.
    ...(dpopJkt !== undefined && { dpopJkt }),
  }
}
