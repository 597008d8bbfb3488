import { reachStore } from '../lib/reach-store.ts'
import type { RecordStore, StoredRecord } from '../lib/record-store.ts'
import { isSessionState } from './session-shape.ts'
import type { SessionState } from './session-state.ts'

/** Finds sessions by what is known of them: the only place that knows their indexes. */
export interface SessionSearch {
  /** Of one issuer, or of all where subjects are unique among them. */
  findBySubject(issuer: string | null, clientId: string, subject: string): Promise<readonly SessionState[]>
  findBySid(issuer: string, clientId: string, sid: string): Promise<readonly SessionState[]>
}

export function createSessionSearch(store: RecordStore, onInvalidRecord: (() => void) | undefined): SessionSearch {
  async function find(index: string, value: string): Promise<readonly SessionState[]> {
    const found = await reachStore('search', 'session', () => store.find(index, value))
    return found.filter((record) => record.key.startsWith('session:')).flatMap(parseOrReport)
  }

  function parseOrReport({ value }: StoredRecord): readonly SessionState[] {
    if (isSessionState(value)) return [value]
    onInvalidRecord?.()
    return []
  }

  return {
    findBySubject: (issuer, clientId, subject) => find('subject', indexValue(issuer, clientId, subject)),
    findBySid: (issuer, clientId, sid) => find('sid', indexValue(issuer, clientId, sid)),
  }
}

/**
 * `sub` and `sid` are unique only at their issuer (OpenID Connect Core 2), so no lookup goes without it; but for
 * subjects that are names of their own, such as DIDs.
 */
export function indexesOf(
  { issuer, clientId, subject, sid }: SessionState,
  uniqueSubjects: boolean,
): Record<string, string> {
  return {
    ...(subject !== undefined && { subject: indexValue(uniqueSubjects ? null : issuer, clientId, subject) }),
    ...(sid !== undefined && { sid: indexValue(issuer, clientId, sid) }),
  }
}

function indexValue(issuer: string | null, clientId: string, value: string): string {
  return JSON.stringify([issuer, clientId, value])
}
