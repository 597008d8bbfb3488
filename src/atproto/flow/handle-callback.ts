import type { LoginResult } from '../../client/login-result.ts'
import type { OAuthClient } from '../../client/oauth-client.ts'
import { type CallbackInput, readCallback } from '../../client/read-callback.ts'
import { findTransaction, unknownTransaction } from '../../client/transactions.ts'
import { AtprotoError } from '../../errors/atproto.ts'
import { errorCode } from '../../lib/emitter.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { requireState } from '../../protocol/authorization-response.ts'
import type { ClientKey } from '../../protocol/client-auth.ts'
import { revocationOrder } from '../../protocol/revocation.ts'
import { hasScope } from '../../protocol/scope.ts'
import type { AtprotoCallbackOptions, AtprotoEvent } from '../atproto-client-types.ts'
import { parseDid } from '../identity/did.ts'
import type { OAuthClients } from './oauth-clients.ts'
import { type AccountSources, verifyAccount } from './verify-account.ts'

/** What is remembered of a login beside what every login remembers. */
export interface LoginFacts {
  /** The account that must log in; absent where the login began with a server. */
  readonly did?: string
  readonly clientKey?: ClientKey
  /** What the application gave. */
  readonly data?: unknown
}

export interface CallbackParts {
  readonly clients: OAuthClients
  readonly sources: AccountSources
  readonly store: RecordStore
  readonly clientId: string
  readonly allowLoopbackHttp: boolean
  readonly emit: (event: AtprotoEvent) => void
}

/**
 * Ends a login: everything that the generic client checks (state, `iss`, PKCE, DPoP), then whose account it is.
 * Tokens that fail are revoked, as nobody will use them.
 *
 * @see AT Protocol OAuth, "Authorization Scopes", "Identity Authentication"
 */
export async function handleAtprotoCallback(
  request: CallbackInput,
  parts: CallbackParts,
  options: AtprotoCallbackOptions = {},
): Promise<LoginResult> {
  assertKnownOptions('handleCallback', options, ['browserBinding', 'signal'])
  const { store, clients, clientId } = parts
  const input = request instanceof Request ? request.clone() : request
  const found = await findTransaction(store, requireState(await readCallback(input)))
  // One store may serve several clients: what is not this one's is left for whoever began it.
  if (found?.clientId !== clientId) throw unknownTransaction()
  const facts = (found.applicationData ?? {}) as LoginFacts
  const { client, clientKey } = await clients.forKey(found.issuer, facts.clientKey, found.redirectUri)
  const login = await client.handleCallback(request, options)
  try {
    const { did, pds } = await judgeLogin(login, facts, parts, options.signal)
    const { data, ...rest } = login
    return {
      ...rest,
      subject: did,
      tokens: { ...login.tokens, resource: [pds] },
      ...(clientKey && { clientKey }),
      ...(facts.data !== undefined && { data: facts.data }),
    }
  } catch (error) {
    await revokeLogin(login, client, parts)
    throw error
  }
}

async function judgeLogin(
  { tokens, issuer }: LoginResult,
  facts: LoginFacts,
  { sources, allowLoopbackHttp }: CallbackParts,
  signal: AbortSignal | undefined,
): Promise<{ readonly did: string; readonly pds: string }> {
  const { did } = parseDid(tokens.subject, { allowLoopbackHttp })
  if (facts.did !== undefined && did !== facts.did) {
    throw new AtprotoError('account_mismatch', `${did} has logged in; the login was begun for ${facts.did}`, {
      clause: 'AT Protocol OAuth, "Identity Authentication"',
      expected: facts.did,
      actual: did,
    })
  }
  if (!hasScope(tokens.scope, 'atproto')) {
    throw new AtprotoError('invalid_permission', 'the scope "atproto" was not granted', {
      clause: 'AT Protocol OAuth, "Authorization Scopes"',
      expected: 'atproto',
      actual: tokens.scope,
    })
  }
  return { did, pds: await verifyAccount(sources, { did, issuer }, signal) }
}

async function revokeLogin(
  { tokens, dpopKey, issuer }: LoginResult,
  client: OAuthClient,
  { emit }: CallbackParts,
): Promise<void> {
  for (const [token, value] of revocationOrder(tokens)) {
    await client.revoke(value, { tokenTypeHint: token, ...(dpopKey && { dpopKey }) }).catch((error: unknown) => {
      emit({ kind: 'revocation_failed', session: '', issuer, token, error: errorCode(error) })
    })
  }
}
