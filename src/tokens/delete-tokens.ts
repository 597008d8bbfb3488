import { TokenError } from '../errors/token.ts'
import { assertKnownOptions, assertOptions } from '../lib/options.ts'
import { assertIssuer, assertPlace } from './assert-place.ts'
import { type ClientInput, clientIdOf } from './connections.ts'
import type { ManagerContext } from './manager-context.ts'
import { type TokenOverrides, withOverrides } from './manager-options.ts'
import { type GrantState, revokeGrant } from './renew-token.ts'
import { revokeAtServer, revokeLater } from './revoke-stored.ts'
import { type AnyTokenState, type TokenKind, type TokenPlace, takeStored } from './token-kind.ts'
import type { Stored } from './token-records.ts'
import { assertSubject, type TokenSubject } from './token-subject.ts'

/** Whose tokens are deleted: a user's at all clients of the issuer or at one, or one client's own. */
export interface TokenOwnerWish {
  /** The issuer identifier. */
  readonly issuer: string
  /** A user by `sub`, or the client itself. */
  readonly subject: TokenSubject
  /** Needed for a client's own tokens. @default every client */
  readonly client?: ClientInput
}

/** At the server only: what is stored stays. */
export async function revokeStored<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  token: string,
  place: TokenPlace,
  overrides: TokenOverrides | undefined,
): Promise<void> {
  assertPlace(place, 'revoke')
  const { issuer, client } = place
  const { signal } = withOverrides(context.settings, overrides, 'revoke')
  const { dpopKey, value = token } = (await kind.records.findByValue(issuer, token))?.state ?? {}
  const parts = context.connections.open(issuer, client, overrides)
  await revokeAtServer(parts, { value, ...(dpopKey && { dpopKey }) }, kind.hint, signal)
}

/** @returns whether it was stored */
export async function deleteStored<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  token: string,
  place: TokenPlace,
  overrides: TokenOverrides | undefined,
): Promise<boolean> {
  assertPlace(place, 'delete')
  const { issuer, client } = place
  const stored = await kind.records.findByValue(issuer, token)
  return stored !== undefined && (await forget(context, kind, stored, client, overrides))
}

/**
 * All of a subject, or of a client itself. One that cannot be deleted keeps none of the others.
 *
 * @returns how many were deleted
 * @throws TokenError `deletion_failed` with every failure
 */
export async function deleteAllStored<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  wish: TokenOwnerWish,
  overrides: TokenOverrides | undefined,
): Promise<number> {
  // A misspelt `client` must not mean every client.
  assertOptions('deleteAll', wish)
  assertKnownOptions('deleteAll', wish, ['issuer', 'subject', 'client'])
  const { issuer, subject, client } = wish
  assertIssuer(issuer, 'deleteAll')
  assertSubject(subject, 'deleteAll')
  if (subject.kind === 'client_credentials' && client === undefined) {
    throw new TypeError('deleteAll: "client" is needed for the tokens of a client itself')
  }
  const clientId = client === undefined ? {} : { clientId: clientIdOf(client, 'deleteAll') }
  const found = await kind.records.findByOwner({ issuer, subject, ...clientId })
  const outcomes = await Promise.allSettled(found.map((stored) => forget(context, kind, stored, client, overrides)))
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown)
  if (failures.length === 0)
    return outcomes.filter(({ status, ...rest }) => 'value' in rest && rest.value === true).length
  const message = `${failures.length} of ${found.length} tokens could not be deleted; "failures" has every reason`
  throw new TokenError('deletion_failed', message, { failures, cause: failures[0] })
}

/** Locally first: whatever the server does, nobody gets the token here any more. */
async function forget<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  stored: Stored<State>,
  client: ClientInput | undefined,
  overrides: TokenOverrides | undefined,
): Promise<boolean> {
  const { revokeOnDelete } = withOverrides(context.settings, overrides, 'delete')
  const state = await takeStored(context, kind, stored)
  // What the store could not take before it was deleted: these are good, while what it held was used up.
  const pending = context.engine.drop<GrantState>(stored.key)
  if (revokeOnDelete && state) revokeLater(context, state, kind.hint, client, overrides)
  // Nobody else knows of these, also where another process has deleted what was stored in this moment.
  if (revokeOnDelete && pending) revokeGrant(context, pending, client, overrides)
  return state !== undefined
}
