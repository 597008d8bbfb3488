import { importSigningKey } from '#signatures'
import { ProtocolError } from '../errors/protocol.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { requestTokens } from '../issuer/request-tokens.ts'
import { assertKnownOptions } from '../lib/options.ts'
import {
  judgeAuthorizationResponse,
  parseAuthorizationResponse,
  requireState,
} from '../protocol/authorization-response.ts'
import { buildAuthorizationCodeRequest } from '../protocol/token-request.ts'
import { assertTransactionLive, type Transaction } from '../protocol/transaction.ts'
import { assertSameBrowser, type HandleCallbackOptions } from './browser-binding.ts'
import type { ClientSettings } from './client-options.ts'
import type { LoginResult } from './login-result.ts'
import { takeTransaction } from './transactions.ts'
import { verifyLoginToken } from './verify-login-token.ts'

/**
 * Ends a login. The transaction is used up first, whatever the callback says: an error and an expired one
 * spend it, too, so a callback can be tried once.
 */
export async function handleCallback(
  settings: ClientSettings,
  issuer: Issuer,
  request: Request | URL | string,
  options: HandleCallbackOptions = {},
): Promise<LoginResult> {
  assertKnownOptions('handleCallback', options, ['browserBinding'])
  const response = parseAuthorizationResponse(callbackUrl(request))
  const transaction = await takeTransaction(settings.transactions, requireState(response))
  assertOwnTransaction(transaction, issuer)
  await assertSameBrowser(transaction, options.browserBinding)
  assertTransactionLive(transaction, settings.runtime)
  const { code } = judgeAuthorizationResponse(response, transaction, await issuer.metadata.get())

  const dpopKey = transaction.dpopKey && (await importSigningKey(transaction.dpopKey))
  const { tokens, notices } = await requestTokens(issuer, {
    parameters: buildAuthorizationCodeRequest(code, transaction),
    requestedScope: transaction.scope,
    allowBearerDowngrade: settings.allowBearerDowngrade,
    ...(transaction.resource && { resource: transaction.resource }),
    ...(dpopKey && { dpopKey }),
  })
  const verified = await verifyLoginToken(settings, issuer, tokens, { code, transaction })
  return {
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    tokens,
    notices,
    checks: verified?.checks ?? [],
    ...(verified && { claims: verified.claims }),
    // A Bearer token is not bound to the key, whatever was asked for.
    ...(dpopKey && tokens.tokenType === 'DPoP' && { dpopKey }),
    ...(transaction.applicationData !== undefined && { data: transaction.applicationData }),
  }
}

function callbackUrl(request: Request | URL | string): URL {
  if (request instanceof URL) return request
  const text = typeof request === 'string' ? request : request.url
  if (URL.canParse(text)) return new URL(text)
  throw new TypeError('handleCallback: "request" must be a Request, a URL or an absolute URL as text')
}

/** RFC 9700 4.4: where one store serves several issuers, an answer belongs to the issuer that its login began with. */
function assertOwnTransaction(transaction: Transaction, issuer: Issuer): void {
  if (transaction.issuer === issuer.issuer && transaction.clientId === issuer.clientId) return
  throw new ProtocolError(
    'issuer_mismatch',
    `the login began with client "${transaction.clientId}" at ${transaction.issuer}; this is client "${issuer.clientId}" at ${issuer.issuer}`,
    { clause: 'RFC 9700 4.4', expected: transaction.issuer, actual: issuer.issuer },
  )
}
