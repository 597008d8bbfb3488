import type { RecordStore } from './record-store.ts'

/**
 * A record store that can tell what others changed: another tab, another process. Optional; a store without it is
 * read again now and then.
 */
export interface RecordChanges {
  /**
   * Calls `listener` with the key of each record that somebody else put or deleted, after the fact. A notice may get
   * lost; nothing may rest on it but speed.
   *
   * @returns how to stop
   */
  subscribe(listener: (key: string) => void): () => void
}

/** Whether a store tells what other tabs and processes change. */
export function announcesChanges(store: RecordStore): store is RecordStore & RecordChanges {
  return typeof (store as Partial<RecordChanges>).subscribe === 'function'
}
