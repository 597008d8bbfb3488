import { revokeToken } from '../../issuer/revoke-token.ts'
import { createEmitter, errorCode } from '../../lib/emitter.ts'
import type { SigningKey } from '../../lib/signatures/types.ts'
import { revocationOrder } from '../../protocol/revocation.ts'
import { connectToServer, type ServerFacts, type ServerOptions } from './server-connection.ts'
import type { AtprotoTokens } from './tokens.ts'

/** What is needed of a login to end it. */
export interface RevocableLogin {
  readonly tokens: Pick<AtprotoTokens, 'accessToken' | 'refreshToken'>
  readonly dpopKey?: SigningKey
}

/** Which client revokes, and who is told of a failure. */
export interface RevokeTokensOptions extends ServerOptions {
  readonly onEvent?: (event: RevocationFailed) => void
}

/** A token could not be revoked at the server. */
export interface RevocationFailed {
  readonly kind: 'revocation_failed'
  readonly issuer: string
  readonly token: 'access_token' | 'refresh_token'
  /** The code of the failure. */
  readonly error: string
}

/**
 * Revokes both tokens of a login, as the client that they were given to. Resolves whatever the server says: its
 * failures are events.
 *
 * @throws TypeError for options that are missing or unknown
 * @see RFC 7009 2.1
 */
export async function revokeTokens(
  session: RevocableLogin,
  metadata: ServerFacts,
  options: RevokeTokensOptions,
): Promise<void> {
  const issuer = await connectToServer('revokeTokens', metadata, options, ['onEvent'])
  const { dpopKey, tokens } = session
  const emit = createEmitter(options.onEvent)
  for (const [token, value] of revocationOrder(tokens)) {
    try {
      const request = { tokenTypeHint: token, ...(dpopKey && { dpopKey }) }
      await revokeToken(issuer, value, { ...request, ...(options.signal && { signal: options.signal }) })
    } catch (error) {
      emit({ kind: 'revocation_failed', issuer: metadata.issuer, token, error: errorCode(error) })
    }
  }
}
