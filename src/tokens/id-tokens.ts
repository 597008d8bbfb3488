import type { ClientParts } from '../client/client-parts.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { TokenError } from '../errors/token.ts'
import { verifyIdTokenWith } from '../issuer/verify-id-token.ts'
import { errorCode } from '../lib/emitter.ts'
import type { IdTokenClaims, IdTokenExpectations } from '../protocol/id-token.ts'
import type { ClaimsState, StoredIdToken } from './claims-records.ts'
import type { ManagerContext } from './manager-context.ts'
import type { AccessTokenState, RefreshTokenState } from './token-state.ts'

/** What an id_token is held against beside the client's registration. What is left out is not checked. */
export type IdTokenRegistration = Pick<
  IdTokenExpectations,
  | 'nonce'
  | 'maxAge'
  | 'accessToken'
  | 'code'
  | 'state'
  | 'requiredHashes'
  | 'acrValues'
  | 'acrEssential'
  | 'receivedFrom'
>

/** A misspelt `nonce` must not mean that none is compared. */
export const idTokenRegistrationNames: readonly string[] = [
  ...['nonce', 'maxAge', 'accessToken', 'code', 'state', 'requiredHashes', 'acrValues', 'acrEssential', 'receivedFrom'],
]

/**
 * Verifies an id_token and keeps it as its subject's last, unless a newer one of the same client is there.
 *
 * @param subject whose it must be, where that is known
 * @throws TokenError `id_token_registration`, and nothing is stored
 */
export async function registerIdToken(
  context: ManagerContext,
  { issuer, settings }: ClientParts,
  idToken: string,
  expected: IdTokenRegistration & Pick<IdTokenExpectations, 'previous'>,
  subject?: string,
): Promise<IdTokenClaims> {
  let claims: IdTokenClaims
  try {
    ;({ claims } = await verifyIdTokenWith(issuer, idToken, { ...settings.frontChannel.idToken, ...expected }))
    if (subject !== undefined && claims.sub !== subject) throw otherSubject()
  } catch (cause) {
    if (cause instanceof TypeError) throw cause
    const message = `the id_token was not stored (${errorCode(cause)}); only a verified one is`
    throw new TokenError('id_token_registration', message, { cause })
  }
  const added: StoredIdToken = { clientId: issuer.clientId, idToken, claims }
  await context.claims.update(issuer.issuer, claims.sub, (state) => withIdToken(state, added))
  return claims
}

/**
 * The id_token of a refresh. Its tokens are stored by now, and good whatever becomes of it, so a failure is an event.
 *
 * @see OpenID Connect Core 12.2
 */
export async function registerAnsweredIdToken(
  context: ManagerContext,
  parts: ClientParts,
  idToken: string | undefined,
  { refresh, issued }: { readonly refresh: RefreshTokenState; readonly issued: AccessTokenState | undefined },
): Promise<void> {
  if (idToken === undefined) return
  const { issuer, clientId } = parts.issuer
  const subject = refresh.subject?.kind === 'sub' ? refresh.subject.sub : undefined
  try {
    const known = subject === undefined ? undefined : await context.claims.read(issuer, subject)
    const previous = known?.idTokens.find((one) => one.clientId === clientId)?.claims
    const accessToken = issued?.value
    await registerIdToken(context, parts, idToken, { receivedFrom: 'token_endpoint', previous, accessToken }, subject)
  } catch (error) {
    const reason = error instanceof TokenError ? error.cause : error
    context.emit({ kind: 'id_token_refused', issuer, clientId, error: errorCode(reason) })
  }
}

/** The newest first, one a client: an older one that comes late takes nothing's place. */
function withIdToken(state: ClaimsState, added: StoredIdToken): ClaimsState {
  const held = state.idTokens.find(({ clientId }) => clientId === added.clientId)
  if (held && held.claims.iat > added.claims.iat) return state
  const others = state.idTokens.filter(({ clientId }) => clientId !== added.clientId)
  const idTokens = [added, ...others].toSorted((one, other) => other.claims.iat - one.claims.iat)
  return { ...state, idTokens }
}

function otherSubject(): ProtocolError {
  const message = 'the id_token is about another subject than the tokens that it came with'
  return new ProtocolError('refresh_mismatch', message, {
    clause: 'OpenID Connect Core 12.2',
    expected: 'the same "sub"',
    actual: 'another',
  })
}
