import { StoreError } from '../../errors/session.ts'
import type { StoredRecord } from '../../lib/record-store.ts'
import { readIntent, readThrough } from './intent.ts'
import type { Layout } from './layout.ts'
import { parseRecordFile } from './record-file.ts'

/** Reads records by the names of their files, as they are once an open intent is carried out. Takes no lock. */
export interface RecordReader {
  /** @throws StoreError `invalid_record` */
  read(name: string): Promise<StoredRecord | undefined>
  /** Tells of a record that cannot be read, instead of failing by it. */
  readOrTell(name: string): Promise<StoredRecord | 'unreadable' | undefined>
  /** The same, for those to whom it is as if there were none. */
  readOrReport(name: string): Promise<StoredRecord | undefined>
}

export function createRecordReader(
  layout: Layout,
  onInvalidRecord: ((error: StoreError) => void) | undefined,
): RecordReader {
  async function read(name: string): Promise<StoredRecord | undefined> {
    const intent = await readIntent(layout)
    const text = await readThrough(layout, intent === 'damaged' ? [] : intent, name)
    return text === undefined ? undefined : parseRecordFile(text, name)
  }

  async function readOrTell(name: string): Promise<StoredRecord | 'unreadable' | undefined> {
    try {
      return await read(name)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onInvalidRecord?.(error)
      return 'unreadable'
    }
  }

  return {
    read,
    readOrTell,
    async readOrReport(name) {
      const record = await readOrTell(name)
      return record === 'unreadable' ? undefined : record
    },
  }
}
