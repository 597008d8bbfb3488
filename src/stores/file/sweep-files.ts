import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isLive } from '../../lib/record-commit.ts'
import type { StoredRecord } from '../../lib/record-store.ts'
import { unlinkIfThere } from './durable-files.ts'
import type { Layout } from './layout.ts'
import { clearPending } from './lock-directory.ts'
import type { Markers } from './markers.ts'

export interface SweepParts {
  readonly layout: Layout
  readonly markers: Markers
  readonly readOrReport: (name: string) => Promise<StoredRecord | undefined>
  readonly now: number
  readonly limit: number
}

/** Removes expired records, and what crashes left. Under the store's lock, with no intent open. */
export async function sweepFiles({ layout, markers, readOrReport, now, limit }: SweepParts): Promise<number> {
  let swept = 0
  for await (const { name, drop } of markers.due(now)) {
    if (swept === limit) break
    const record = await readOrReport(name)
    if (record && !isLive(record, now)) {
      await unlinkIfThere(join(layout.records, name))
      await markers.remove(name, record, undefined)
      swept++
    } else if (!markers.isMarkedFor(record, now)) {
      await drop()
    }
  }
  for (const name of await readdir(layout.staged)) await unlinkIfThere(join(layout.staged, name))
  await clearPending(layout.root)
  return swept
}
