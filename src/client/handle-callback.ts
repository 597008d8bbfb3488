import { importSigningKey } from '#signatures'
import { ProtocolError } from '../errors/protocol.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { requestTokens } from '../issuer/request-tokens.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { printable } from '../lib/printable.ts'
import { compareAuthorizationDetails } from '../protocol/authorization-details.ts'
import { judgeAuthorizationResponse, requireState } from '../protocol/authorization-response.ts'
import { judgeIdTokenPair } from '../protocol/id-token-pair.ts'
import { buildAuthorizationCodeRequest } from '../protocol/token-request.ts'
import { assertTransactionLive, type Transaction } from '../protocol/transaction.ts'
import { assertSameBrowser, type HandleCallbackOptions } from './browser-binding.ts'
import type { ClientSettings } from './client-options.ts'
import type { LoginResult } from './login-result.ts'
import { assertResponseForm, openResponse } from './open-response.ts'
import { type CallbackInput, readCallback } from './read-callback.ts'
import { withSignedIdToken } from './signed-id-token.ts'
import { takeTransaction } from './transactions.ts'
import { verifyFrontChannelToken, verifyLoginToken } from './verify-login-token.ts'

/**
 * Ends a login. The transaction is used up before anything is judged, whatever the callback says: an error and an
 * expired one spend it, too, so a callback can be tried once.
 */
export async function handleCallback(
  settings: ClientSettings,
  issuer: Issuer,
  request: CallbackInput,
  options: HandleCallbackOptions = {},
): Promise<LoginResult> {
  assertKnownOptions('handleCallback', options, ['browserBinding', 'resource', 'signal'])
  const opened = await openResponse(settings, await readCallback(request))
  const state = requireState(opened.response)
  const { signal } = options
  // Whoever is gone by now may come again and shall find the login, and so shall who comes while the server cannot be
  // discovered: nothing has been done with the code.
  signal?.throwIfAborted()
  const metadata = await issuer.metadata.get(signal ? { signal } : {})
  const transaction = await takeTransaction(settings.transactions, state)
  assertOwnTransaction(transaction, issuer)
  await assertSameBrowser(transaction, options.browserBinding)
  assertTransactionLive(transaction, settings.runtime)
  const { resource = transaction.resource } = options
  await assertResponseForm(settings, issuer, opened, transaction, { signal })
  const answer = judgeAuthorizationResponse(opened.response, transaction, metadata)
  if (!opened.response.parameters.has('iss')) assertOwnAddress(request, transaction)
  const front = await verifyFrontChannelToken(settings, issuer, answer, transaction, { signal })

  const dpopKey = transaction.dpopKey && (await importSigningKey(transaction.dpopKey))
  const parameters = buildAuthorizationCodeRequest(answer.code, transaction, resource ? { resource } : {})
  const { tokens, notices } = await requestTokens(issuer, {
    parameters,
    requestedScope: transaction.scope,
    allowBearerDowngrade: settings.allowBearerDowngrade,
    requireScope: settings.requireScope,
    ...(parameters.resource && { resource: parameters.resource }),
    ...(dpopKey && { dpopKey }),
    ...(signal && { signal }),
  })
  const verified = await verifyLoginToken(settings, issuer, tokens, { code: answer.code, transaction }, { signal })
  const pair = front && verified ? judgeIdTokenPair(front, verified) : []
  return {
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    tokens: await withSignedIdToken(settings, tokens),
    notices: [
      ...(transaction.notices ?? []),
      ...notices,
      ...compareAuthorizationDetails(transaction.authorizationDetails, tokens.authorizationDetails),
    ],
    checks: [...(front?.checks ?? []), ...(verified?.checks ?? []), ...pair],
    ...(verified && { claims: verified.claims }),
    // A Bearer token is not bound to the key, whatever was asked for.
    ...(dpopKey && tokens.tokenType === 'DPoP' && { dpopKey }),
    ...(transaction.applicationData !== undefined && { data: transaction.applicationData }),
  }
}

/**
 * RFC 9700 4.4.2.2: without an `iss` the address tells which issuer has answered, so it must be the one that this login
 * named. The path alone is compared, since a proxy may know the host by another name.
 */
function assertOwnAddress(request: CallbackInput, { redirectUri }: Transaction): void {
  // A fragment that a page has sent comes without the address that it was at.
  if (request instanceof URLSearchParams) return
  const url = typeof request === 'string' || request instanceof URL ? request : request.url
  const [actual, expected] = [new URL(url).pathname, new URL(redirectUri).pathname]
  if (actual === expected) return
  const message = 'the callback came to another address than that of its login, and names no issuer'
  throw new ProtocolError('issuer_mismatch', message, {
    clause: 'RFC 9700 4.4.2.2',
    expected,
    actual: printable(actual),
  })
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
