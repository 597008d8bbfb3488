import { introspectToken } from '../issuer/introspect-token.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { abortable } from '../lib/single-flight.ts'
import { importOnce } from '../lib/stored-key.ts'
import type { Introspection } from '../protocol/introspection-response.ts'
import { assertPlace } from './assert-place.ts'
import { clientIdOf } from './connections.ts'
import type { ManagerContext } from './manager-context.ts'
import { type TokenOverrides, withOverrides } from './manager-options.ts'
import { asking } from './token-failures.ts'
import type { AnyTokenState, TokenKind, TokenPlace } from './token-kind.ts'
import { updateStored } from './token-kind.ts'
import { type TokenMetadata, toTokenMetadata } from './token-metadata.ts'
import type { Stored } from './token-records.ts'
import { type AccessTokenState, knownOf } from './token-state.ts'

/**
 * What a token is good for: as stored where the server said so a moment ago, else as the server says now, which is
 * stored where the token is registered.
 *
 * @throws TokenError `http_status`, `http_request`, `illegal_introspection_response`, `missing_server_metadata`; what
 *   is stored stays as it is
 * @see RFC 7662 2, RFC 9701
 */
export async function introspectStored<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  token: string,
  place: TokenPlace,
  overrides: TokenOverrides | undefined,
): Promise<TokenMetadata> {
  assertPlace(place, 'introspect')
  const { minIntrospectInterval, signal } = withOverrides(context.settings, overrides, 'introspect')
  const { runtime } = context
  const stored = await kind.records.findByValue(place.issuer, token)
  const age = runtime.now() - (stored?.state.introspectedAt ?? Number.NEGATIVE_INFINITY)
  // A negative age is that of a clock that was set back.
  if (stored && age >= 0 && age < minIntrospectInterval) return stored.state.metadata
  const value = stored?.state.value ?? token
  const ask = () => introspectAndStore(context, kind, value, place, overrides, stored)
  // What only this call has is nobody else's answer.
  if (overrides?.metadata || overrides?.decorators) return await abortable(ask(), signal)
  const key = JSON.stringify([kind.hint, place.issuer, clientIdOf(place.client, 'introspect'), value])
  return await abortable(context.introspections.run(key, ask), signal)
}

async function introspectAndStore<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  token: string,
  place: TokenPlace,
  overrides: TokenOverrides | undefined,
  stored: Stored<State> | undefined,
): Promise<TokenMetadata> {
  // Others may wait for the same answer: no caller's signal ends the request.
  const told = await introspectNow(context, kind, token, place, overrides, stored?.state.dpopKey, undefined)
  if (!stored) return toTokenMetadata(told.answer)
  const updated = await updateStored(context, kind, stored, (state) => {
    // Rotated meanwhile: what the server said is about a token that is used up.
    if (state.value !== token) return undefined
    return introspected(state, told, context.runtime.now())
  })
  return updated?.metadata ?? toTokenMetadata(told.answer)
}

/** What a server says of a token, and by which clock. */
export interface Told {
  readonly answer: Introspection
  /** Milliseconds by which its clock is ahead of ours; the times in `answer` are its own. */
  readonly clockSkew: number
}

export async function introspectNow<State>(
  context: ManagerContext,
  kind: TokenKind<State>,
  token: string,
  { issuer, client }: TokenPlace,
  overrides: TokenOverrides | undefined,
  dpopKey: AccessTokenState['dpopKey'],
  signal: AbortSignal | undefined,
): Promise<Told> {
  const parts = context.connections.open(issuer, client, overrides)
  const key = dpopKey && (await importOnce(dpopKey, 'token'))
  const options = { tokenTypeHint: kind.hint, ...(key && { dpopKey: key }), ...(signal && { signal }) }
  const answer = await asking('introspection', () =>
    introspectToken(parts.issuer, token, options, parts.settings.introspection),
  )
  return { answer, clockSkew: await skewOf(parts.issuer) }
}

/** `exp` and `nbf` of RFC 7662 2.2 are times of the server's clock, which its answer has just told of. */
async function skewOf({ issuer, metadata, clocks }: Issuer): Promise<number> {
  const { introspection_endpoint: endpoint = issuer } = await metadata.get()
  return clocks.skewOf(endpoint)
}

/** Of a token that is not good nothing else is told (RFC 7662 2.2), so what was known stays. */
export function introspected<State extends AnyTokenState>(
  state: State,
  { answer, clockSkew }: Told,
  now: number,
): State {
  // What was said of a rotated token's predecessor alone must not end it where the server says nothing of it.
  const metadata = { ...knownOf(state), ...toTokenMetadata(answer) }
  const { isRotated, ...rest } = state as State & { readonly isRotated?: true }
  const known = !state.subject && metadata.sub !== undefined
  return {
    ...(rest as State),
    metadata,
    introspectedAt: now,
    ...(answer.active && answer.exp !== undefined && { clockSkew }),
    ...(known && { subject: { kind: 'sub', sub: metadata.sub } }),
  }
}
