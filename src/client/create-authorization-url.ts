import { exportSigningKey, generateSigningKey } from '#signatures'
import { ConfigurationError } from '../errors/configuration.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { pushAuthorizationRequest } from '../issuer/push-authorization-request.ts'
import { assertKnownOptions } from '../lib/options.ts'
import {
  type AuthorizationOptions,
  type AuthorizationRequest,
  buildAuthorizationParameters,
  buildAuthorizationUrl,
  buildPushedUrl,
} from '../protocol/authorization-request.ts'
import { assertDpopSupported } from '../protocol/dpop-support.ts'
import { deriveCodeChallenge } from '../protocol/pkce.ts'
import { createTransaction, type Transaction } from '../protocol/transaction.ts'
import { hashBrowserBinding } from './browser-binding.ts'
import type { ClientSettings } from './client-options.ts'
import { putTransaction } from './transactions.ts'

export interface CreateAuthorizationUrlOptions extends Omit<AuthorizationOptions, 'responseMode'> {
  /** The login fails unless its `acr` is one of `acrValues`. @default false: it is reported */
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
  if (endpoint === undefined) throw missing(issuer, 'authorization_endpoint')
  if (tokenEndpoint === undefined) throw missing(issuer, 'token_endpoint')
  if (settings.dpop !== undefined) assertDpopSupported(metadata, settings.dpop)

  const dpopKey =
    settings.dpop === undefined ? undefined : await generateSigningKey(settings.dpop, { extractable: true })
  const transaction = createTransaction(
    {
      issuer: issuer.issuer,
      clientId: issuer.clientId,
      authorizationEndpoint: endpoint,
      tokenEndpoint,
      redirectUri,
      responseMode: 'query',
      ...requestedFacts(settings, options),
      ...(dpopKey && { dpopKey: await exportSigningKey(dpopKey) }),
      ...(options.data !== undefined && { applicationData: options.data }),
      ...(options.browserBinding !== undefined && { browserBinding: await hashBrowserBinding(options.browserBinding) }),
    },
    settings.runtime,
  )
  const parameters = buildAuthorizationParameters(await toRequest(transaction, options, dpopKey?.thumbprint))
  const request = { ...(dpopKey && { dpopKey }), ...(options.signal && { signal: options.signal }) }
  const url = canPush(metadata)
    ? buildPushedUrl(
        endpoint,
        issuer.clientId,
        (await pushAuthorizationRequest(issuer, parameters, request)).requestUri,
      )
    : buildAuthorizationUrl(endpoint, parameters)
  await putTransaction(settings.transactions, transaction)
  return url
}

function requestedFacts(settings: ClientSettings, options: CreateAuthorizationUrlOptions) {
  const { resource = settings.resource, acrValues, maxAge, acrEssential } = options
  const resources = typeof resource === 'string' ? [resource] : resource
  return {
    scope: options.scope ?? settings.scope,
    ...(resources.length > 0 && { resource: resources }),
    ...(maxAge !== undefined && { maxAge }),
    ...(acrValues !== undefined && { acrValues: typeof acrValues === 'string' ? acrValues.split(' ') : acrValues }),
    ...(acrEssential !== undefined && { acrEssential }),
  }
}

async function toRequest(
  transaction: Transaction,
  options: CreateAuthorizationUrlOptions,
  dpopJkt: string | undefined,
): Promise<AuthorizationRequest> {
  const { signal, data, browserBinding, acrEssential, ...wishes } = options
  const { clientId, redirectUri, responseMode, scope, resource, state, nonce, codeVerifier } = transaction
  return {
    ...wishes,
    clientId,
    redirectUri,
    responseMode,
    scope,
    state,
    codeChallenge: await deriveCodeChallenge(codeVerifier),
    ...(resource && { resource }),
    ...(nonce !== undefined && { nonce }),
    // RFC 9449 10: binds the code, too; a code without its key is then worth nothing.
    ...(dpopJkt !== undefined && { dpopJkt }),
  }
}

/** RFC 9126 5: pushed where there is an endpoint; `require_` without one is the server's mistake, and reported as such. */
function canPush(metadata: {
  readonly pushed_authorization_request_endpoint?: string
  readonly require_pushed_authorization_requests?: boolean
}): boolean {
  if (metadata.pushed_authorization_request_endpoint !== undefined) return true
  if (metadata.require_pushed_authorization_requests !== true) return false
  throw new ConfigurationError(
    'missing_metadata',
    'the server requires pushed authorization requests, but its metadata has no "pushed_authorization_request_endpoint"',
    { field: 'pushed_authorization_request_endpoint' },
  )
}

function missing(issuer: Issuer, field: string): ConfigurationError {
  return new ConfigurationError('missing_metadata', `${issuer.issuer} has no "${field}", which a login needs`, {
    field,
  })
}
