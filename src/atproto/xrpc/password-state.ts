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
  read(): Promise<Versioned<PasswordState> | undefined>
  /** Puts `state` in the place of `version`, or of nothing; false when another stands there. */
  replace(state: PasswordState, version: string | null): Promise<boolean>
  remove(version: string): Promise<boolean>
}

const kind = 'atproto_password_session'

export function passwordRecord(store: RecordStore, service: string, did: string): PasswordRecord {
  const key = recordKey(kind, JSON.stringify([service, did]))
  return {
    async read() {
      const record = await reachStore('read', kind, () => store.get(key))
      return record && { state: record.value as PasswordState, version: record.version }
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
