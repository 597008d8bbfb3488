import type { ClientParts } from '../client/client-parts.ts'
import { revokeToken } from '../issuer/revoke-token.ts'
import { errorCode } from '../lib/emitter.ts'
import { importOnce } from '../lib/stored-key.ts'
import type { RevocableToken } from '../protocol/revocation.ts'
import type { ClientInput } from './connections.ts'
import type { ManagerContext } from './manager-context.ts'
import type { TokenOverrides } from './manager-options.ts'
import { asking } from './token-failures.ts'
import type { AccessTokenState, RefreshTokenState } from './token-state.ts'

/**
 * Revokes a token at the server, with the key that it is bound to.
 *
 * @throws TokenError `http_status`, `http_request`, `missing_server_metadata`
 */
export async function revokeAtServer(
  { issuer }: ClientParts,
  { value, dpopKey }: Pick<AccessTokenState, 'value' | 'dpopKey'>,
  tokenTypeHint: RevocableToken,
  signal?: AbortSignal,
): Promise<void> {
  const key = dpopKey && (await importOnce(dpopKey, 'token'))
  const options = { tokenTypeHint, ...(key && { dpopKey: key }), ...(signal && { signal }) }
  await asking('revocation', () => revokeToken(issuer, value, options))
}

/** In the background: locally it is gone already, and an event tells what became of it. */
export function revokeLater(
  { background, emit, connections }: ManagerContext,
  state: AccessTokenState | RefreshTokenState,
  token: RevocableToken,
  client: ClientInput | undefined,
  overrides?: TokenOverrides,
): void {
  const { issuer, clientId, value, dpopKey } = state
  if (value === undefined) return
  const about = { issuer, clientId, token }
  background.start(async () => {
    try {
      await revokeAtServer(
        connections.open(issuer, client ?? clientId, overrides),
        { value, ...(dpopKey && { dpopKey }) },
        token,
      )
      emit({ kind: 'token_revoked', ...about })
    } catch (error) {
      emit({ kind: 'revocation_failed', ...about, error: errorCode(error) })
    }
  })
}
