import { digest } from '#signatures'
import { StoreError } from '../errors/session.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { reachStore } from '../lib/reach-store.ts'
import { type RecordStore, recordKey } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSerialQueue } from '../lib/serial-queue.ts'
import type { IdTokenClaims } from '../protocol/id-token.ts'
import type { UserInfoClaims } from '../protocol/userinfo-response.ts'

/** What is known of a subject, as its record holds it. */
export interface ClaimsState {
  readonly format: 1
  readonly issuer: string
  readonly subject: string
  readonly userinfo?: {
    readonly claims: UserInfoClaims
    /** Milliseconds since the epoch. */
    readonly fetchedAt: number
  }
  /** The last of each client, the newest first. */
  readonly idTokens: readonly StoredIdToken[]
}

/** An id_token that was verified. */
export interface StoredIdToken {
  readonly clientId: string
  readonly idToken: string
  readonly claims: IdTokenClaims
}

/** Claims as records, one a subject: the only place that knows their keys. */
export interface ClaimsRecords {
  read(issuer: string, subject: string): Promise<ClaimsState | undefined>
  /** Puts what `change` makes of the current state, and of the state that others have put meanwhile. */
  update(issuer: string, subject: string, change: (state: ClaimsState) => ClaimsState): Promise<ClaimsState>
  /** Resolves to whether there was anything. */
  remove(issuer: string, subject: string): Promise<boolean>
}

export interface ClaimsRecordsOptions {
  readonly store: RecordStore
  readonly runtime: Runtime
  /** Milliseconds after the last change. */
  readonly lifetime: number
}

const maxAttempts = 10
const record = 'claims'

export function createClaimsRecords({ store, runtime, lifetime }: ClaimsRecordsOptions): ClaimsRecords {
  const queue = createSerialQueue()

  async function find(issuer: string, subject: string) {
    // Hashed, since a record's key lies open even where its value is sealed.
    const id = encodeBase64url(await digest('SHA-256', JSON.stringify([issuer, subject])))
    const key = recordKey(record, id)
    const found = await reachStore('read', record, () => store.get(key))
    return { key, state: found && parse(found.value), version: found?.version ?? null }
  }

  async function updateNow(issuer: string, subject: string, change: (state: ClaimsState) => ClaimsState) {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const { key, state, version } = await find(issuer, subject)
      const value = change(state ?? { format: 1, issuer, subject, idTokens: [] })
      const put = { kind: 'put', key, value, expect: version, expiresAt: runtime.now() + lifetime } as const
      if ((await reachStore('write', record, () => store.commit([put]))).ok) return value
    }
    throw contended()
  }

  return {
    read: async (issuer, subject) => (await find(issuer, subject)).state,
    // Here one after the other: any number at once would give up on each other's writes.
    update: (issuer, subject, change) =>
      queue.run(JSON.stringify([issuer, subject]), () => updateNow(issuer, subject, change)),
    async remove(issuer, subject) {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const { key, version } = await find(issuer, subject)
        if (version === null) return false
        const change = { kind: 'delete', key, expect: version } as const
        if ((await reachStore('write', record, () => store.commit([change]))).ok) return true
      }
      throw contended()
    },
  }
}

function contended(): StoreError {
  const message = `a subject's claims were changed by others each time that they were to be written`
  return new StoreError('version_conflict', message, { record })
}

/** @throws StoreError `invalid_record` */
function parse(value: unknown): ClaimsState {
  const state = value as Partial<ClaimsState> | null
  if (typeof state === 'object' && state?.format === 1 && Array.isArray(state.idTokens)) return state as ClaimsState
  const message = 'a claims record is not of a format that this version knows; expected format 1'
  throw new StoreError('invalid_record', message, { record })
}
