import { readdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StoreError } from '../../errors/session.ts'
import type { StoredRecord } from '../../lib/record-store.ts'
import { isThere, makeDirectory, syncDirectory, writeNewFile } from './durable-files.ts'
import { carryOut, readIntent } from './intent.ts'
import type { Layout } from './layout.ts'
import type { Markers } from './markers.ts'

export interface PreparedParts {
  readonly layout: Layout
  readonly markers: Markers
  readonly readOrReport: (name: string) => Promise<StoredRecord | undefined>
  readonly onInvalidRecord: ((error: StoreError) => void) | undefined
}

/** What has to be in order before a commit. */
export const prepareDirectory = {
  /** Makes the directory where it is missing. Needs no lock; the lock lies in it. */
  async folders(layout: Layout): Promise<void> {
    const isNew = await makeDirectory(layout.root)
    for (const folder of [layout.records, layout.indexes, layout.expiry, layout.staged]) await makeDirectory(folder)
    if (isNew) await syncDirectory(dirname(layout.root))
  },
  /** Whether there are records and their indexes may miss some. Needs no lock. */
  async isIncomplete(layout: Layout): Promise<boolean> {
    return !(await isThere(layout.complete)) && (await isThere(layout.records))
  },
  /** Ends what a crash interrupted. Under the store's lock. */
  async contents({ layout, markers, readOrReport, onInvalidRecord }: PreparedParts): Promise<void> {
    const intent = await readIntent(layout)
    if (intent === 'damaged') {
      await rename(layout.intent, `${layout.intent}.damaged`)
      const message = 'the intent of a commit was changed by somebody else; it was put aside and not carried out'
      onInvalidRecord?.(new StoreError('invalid_record', message, { record: 'intent' }))
    } else if (intent.length > 0) {
      await carryOut(layout, intent)
    }
    if (await isThere(layout.complete)) return
    for (const name of await readdir(layout.records)) {
      const record = await readOrReport(name)
      if (record) await markers.add(name, record, undefined)
    }
    await writeNewFile(layout.complete, '')
    await syncDirectory(layout.root)
  },
}
