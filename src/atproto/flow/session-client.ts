import type { LoginResult } from '../../client/login-result.ts'
import type { OAuthClient } from '../../client/oauth-client.ts'
import { AtprotoError } from '../../errors/atproto.ts'
import { AuthentypeError } from '../../errors/base.ts'
import { ProtocolError } from '../../errors/protocol.ts'
import { hasScope } from '../../protocol/scope.ts'
import type { SessionClient } from '../../sessions/session-context.ts'
import type { SessionState } from '../../sessions/session-state.ts'
import type { OAuthClients } from './oauth-clients.ts'
import { type AccountSources, verifyAccount } from './verify-account.ts'

/**
 * The client of one session: with the key that it began with, and the account looked up before each refresh. An
 * account that has another authorization server by now ends the session; where nothing can be found out, the
 * session is kept, and its refresh token was not sent.
 */
export async function createSessionClient(
  { issuer, subject, clientKey }: SessionState,
  clients: OAuthClients,
  sources: AccountSources,
): Promise<SessionClient> {
  const did = subject ?? ''
  const { client } = await beforeSending(() => clients.forKey(issuer, clientKey))
  return {
    revoke: client.revoke,
    createEndSessionUrl: client.createEndSessionUrl,
    async refresh(login, options) {
      const pds = await beforeSending(() => verifyAccount(sources, { did, issuer }))
      const renewed = await client.refresh(login, options)
      await assertSameAccount(renewed, did, client)
      return { ...renewed, subject: did, tokens: { ...renewed.tokens, resource: [pds] } }
    },
  }
}

/** A network failure here says nothing of the refresh token, which has not left: it must not pass for a lost answer. */
async function beforeSending<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof AtprotoError && error.code === 'issuer_mismatch') {
      const { message, clause = '', expected, actual } = error
      throw new ProtocolError('refresh_mismatch', message, { clause, expected, actual, cause: error })
    }
    if (error instanceof AtprotoError || !(error instanceof AuthentypeError)) throw error
    const message = 'whose account it is cannot be found out just now, so nothing was refreshed'
    throw new AtprotoError('identity_unavailable', message, { cause: error })
  }
}

async function assertSameAccount({ tokens, dpopKey }: LoginResult, did: string, client: OAuthClient): Promise<void> {
  if (tokens.subject === did && hasScope(tokens.scope, 'atproto')) return
  // Nobody will use them, so they must not live on; whether that works is not what this is about.
  await client.revoke(tokens.refreshToken ?? tokens.accessToken, dpopKey && { dpopKey }).catch(() => {})
  const [expected, actual] =
    tokens.subject === did ? ['the scope atproto', tokens.scope] : [did, tokens.subject ?? 'absent']
  throw new ProtocolError('refresh_mismatch', `the refresh was answered for another account or scope: ${actual}`, {
    clause: 'AT Protocol OAuth, "Identity Authentication"',
    expected,
    actual,
  })
}
