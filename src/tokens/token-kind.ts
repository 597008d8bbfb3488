import { StoreError } from '../errors/session.ts'
import type { RevocableToken } from '../protocol/revocation.ts'
import type { ClientInput } from './connections.ts'
import type { ManagerContext } from './manager-context.ts'
import type { Stored, TokenRecords } from './token-records.ts'
import type { AccessTokenState, RefreshTokenState } from './token-state.ts'

/** At which issuer a token is good, and whose it is. */
export interface TokenPlace {
  /** The issuer identifier. */
  readonly issuer: string
  /** A client id of the manager's `clients`, or a whole registration. */
  readonly client: ClientInput
}

/** What access and refresh tokens have in common, and the hint that tells them apart at the server. */
export interface TokenKind<State> {
  readonly hint: RevocableToken
  readonly records: TokenRecords<State>
}

export type AnyTokenState = AccessTokenState | RefreshTokenState

/** Tries of a write that others come before. */
export const maxAttempts = 10

/**
 * Puts what `change` makes of a record in its place, and of what others have put there meanwhile.
 *
 * @returns what was put; `undefined` where it is gone, or `change` leaves it alone
 */
export async function updateStored<State>(
  { records }: ManagerContext,
  kind: TokenKind<State>,
  stored: Stored<State>,
  change: (state: State) => State | undefined,
): Promise<State | undefined> {
  let current: Stored<State> | undefined = stored
  for (let attempt = 0; attempt < maxAttempts && current; attempt++) {
    const next = change(current.state)
    if (next === undefined) return undefined
    const put = await kind.records.put(current.key, next, current.version)
    if ((await records.commit([put])).ok) return next
    current = await kind.records.read(current.key)
  }
  if (!current) return undefined
  throw contended()
}

/** Takes a record out, once; `undefined` when somebody else did. */
export async function takeStored<State>(
  { records }: ManagerContext,
  kind: TokenKind<State>,
  stored: Stored<State>,
): Promise<State | undefined> {
  let current: Stored<State> | undefined = stored
  for (let attempt = 0; attempt < maxAttempts && current; attempt++) {
    const { ok } = await records.commit([{ kind: 'delete', key: current.key, expect: current.version }])
    if (ok) return current.state
    current = await kind.records.read(current.key)
  }
  if (!current) return undefined
  throw contended()
}

export function contended(): StoreError {
  const message = 'a token was changed by others each time that it was to be written'
  return new StoreError('version_conflict', message, { record: 'token' })
}
