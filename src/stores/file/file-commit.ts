import { rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeBase64url } from '../../lib/base64url.ts'
import { isLive } from '../../lib/record-commit.ts'
import type { CommitResult, RecordChange, StoredRecord } from '../../lib/record-store.ts'
import { stringifyRecordValue } from '../../lib/record-value.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { syncDirectory, unlinkIfThere, writeNewFile } from './durable-files.ts'
import { carryOut, type Intent, writeIntent } from './intent.ts'
import type { Layout } from './layout.ts'
import type { Markers } from './markers.ts'
import { fileName, serializeRecord } from './record-file.ts'

export interface CommitParts {
  readonly layout: Layout
  readonly markers: Markers
  readonly runtime: Runtime
  readonly read: (name: string) => Promise<StoredRecord | undefined>
  readonly assertHeld: () => Promise<void>
}

export interface PlannedChange {
  readonly change: RecordChange
  /** What will stand there; `undefined` for a deletion. */
  readonly next: StoredRecord | undefined
}

/** A change in the file system's terms. */
interface Move {
  readonly name: string
  /** Where `next` waits. */
  readonly staged: string
  readonly next: StoredRecord | undefined
  readonly previous: StoredRecord | undefined
}

/** @throws TypeError for a value that is not JSON */
export function nextRecord(change: RecordChange, runtime: Runtime): StoredRecord | undefined {
  if (change.kind === 'delete') return undefined
  const { key, value, indexes = {}, expiresAt } = change
  stringifyRecordValue(value)
  const version = randomName(runtime)
  return { key, value, version, indexes, ...(expiresAt !== undefined && { expiresAt }) }
}

/** Under the store's lock. Whatever fails before the moment of the commit leaves all records as they were. */
export async function commitChanges(parts: CommitParts, planned: readonly PlannedChange[]): Promise<CommitResult> {
  const { layout, markers, runtime, assertHeld } = parts
  const moves: Move[] = []
  for (const { change, next } of planned) {
    const name = fileName(change.key)
    const previous = await parts.read(name)
    const version = previous && isLive(previous, runtime.now()) ? previous.version : null
    if (version !== change.expect) return { ok: false, conflict: change.key }
    moves.push({ name, staged: randomName(runtime), next, previous })
  }
  let intent: Intent | undefined
  try {
    for (const { name, staged, next, previous } of moves) {
      if (!next) continue
      await writeNewFile(join(layout.staged, staged), serializeRecord(next))
      await markers.add(name, next, previous)
    }
    await assertHeld()
    intent = await decide(layout, moves, runtime)
  } catch (error) {
    await Promise.all(moves.map(({ staged }) => unlinkIfThere(join(layout.staged, staged)))).catch(() => {
      // The next sweep takes it away.
    })
    throw error
  }
  // Decided: what is staged belongs to the intent from here on, and what fails is done by the next who commits.
  if (intent) await carryOut(layout, intent).catch(() => {})
  else await syncDirectory(layout.records)
  // A marker too many is seen through by every search.
  await Promise.all(
    moves.map(async ({ name, previous, next }) => previous && (await markers.remove(name, previous, next))),
  ).catch(() => {})
  const puts = moves.flatMap(({ next }) => (next ? [[next.key, next.version] as const] : []))
  return { ok: true, versions: Object.fromEntries(puts) }
}

/**
 * The moment of the commit. One change is one rename or one unlink, which happens or does not; several need an
 * intent, which is given back to be carried out.
 */
async function decide(layout: Layout, moves: readonly Move[], runtime: Runtime): Promise<Intent | undefined> {
  const [only] = moves
  if (only && moves.length === 1) {
    const record = join(layout.records, only.name)
    await (only.next ? rename(join(layout.staged, only.staged), record) : unlink(record))
    return undefined
  }
  const intent: Intent = moves.map(({ name, staged, next, previous }) =>
    next ? { kind: 'put', name, staged } : { kind: 'delete', name, version: previous!.version },
  )
  await writeIntent(layout, randomName(runtime), intent)
  return intent
}

function randomName(runtime: Runtime): string {
  return encodeBase64url(runtime.randomBytes(16))
}
