import { StoreError } from '../../errors/session.ts'
import { reachStore } from '../../lib/reach-store.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { recordKey } from '../../lib/record-store.ts'
import type { RefreshAttempt, Versioned } from '../../refresh/refreshable.ts'

/** A login by password, as its record holds it. */
export interface PasswordState {
  readonly format: 1
  readonly did: string
  readonly handle: string
  /** The origin that takes the tokens. */
  readonly service: string
  /** Opaque: "the JWT fields and semantics are not a stable part of the specification". */
  readonly accessJwt: string
  readonly refreshJwt: string
  /** Counts the token pairs: who refreshed an older one may not overwrite a newer. */
  readonly generation: number
  /** A refresh that was begun and whose outcome is not known yet. */
  readonly attempt?: RefreshAttempt
  /** The refresh token was refused: the account must log in again. */
  readonly ended?: true
}

/** One account's record at one server. */
export interface PasswordRecord {
  /** @throws StoreError `invalid_record` for what is no login of this format */
  read(): Promise<Versioned<PasswordState> | undefined>
  /** As `read`, but a damaged record is one without a state: a new login takes its place. */
  look(): Promise<{ readonly state: PasswordState | undefined; readonly version: string } | undefined>
  /** Puts `state` in the place of `version`, or of nothing; false when another stands there. */
  replace(state: PasswordState, version: string | null): Promise<boolean>
  remove(version: string): Promise<boolean>
}

const kind = 'atproto_password_session'

export function passwordRecord(store: RecordStore, service: string, did: string): PasswordRecord {
  const key = recordKey(kind, JSON.stringify([service, did]))
  async function look() {
    const record = await reachStore('read', kind, () => store.get(key))
    if (!record) return undefined
    const { value, version } = record
    return { state: isPasswordState(value, service, did) ? value : undefined, version }
  }
  return {
    look,
    async read() {
      const found = await look()
      if (!found) return undefined
      const { state, version } = found
      if (state) return { state, version }
      const message = 'a login by password is not of a format that this version knows; expected format 1'
      throw new StoreError('invalid_record', message, { record: kind })
    },
    async replace(state, expect) {
      const change = { kind: 'put', key, value: state, expect } as const
      return (await reachStore('write', kind, () => store.commit([change]))).ok
    },
    async remove(expect) {
      return (await reachStore('write', kind, () => store.commit([{ kind: 'delete', key, expect }]))).ok
    },
  }
}

/** Tokens go to the server that they came from alone, as the account that they are of. */
function isPasswordState(value: unknown, service: string, did: string): value is PasswordState {
  const state = (value ?? {}) as Partial<Record<keyof PasswordState, unknown>>
  const isOwn = state.format === 1 && state.service === service && state.did === did
  const hasTokens = [state.handle, state.accessJwt, state.refreshJwt].every((text) => typeof text === 'string')
  return isOwn && hasTokens && Number.isSafeInteger(state.generation)
}
