import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere, renameIfThere, syncDirectory, unlinkIfThere, writeNewFile } from './durable-files.ts'
import type { Layout } from './layout.ts'
import { parseRecordFile } from './record-file.ts'

/**
 * What a commit of several records is about to do, written down whole before the first record changes. From the
 * moment that it stands there the commit has happened: readers look through it, and whoever holds the lock
 * next carries it out to its end.
 */
export type Intent = readonly IntentStep[]

export type IntentStep =
  | { readonly kind: 'put'; readonly name: string; readonly staged: string }
  /** Deletes that version and no later one. */
  | { readonly kind: 'delete'; readonly name: string; readonly version: string }

/** No steps where there is none. One that is damaged was changed by somebody else, for it is moved in whole. */
export async function readIntent(layout: Layout): Promise<Intent | 'damaged'> {
  const text = await readIfThere(layout.intent)
  if (text === undefined) return []
  try {
    const steps: unknown = JSON.parse(text)
    return Array.isArray(steps) && steps.every(isStep) ? steps : 'damaged'
  } catch {
    return 'damaged'
  }
}

/** The moment of the commit is the rename, which is the last thing that can fail here. */
export async function writeIntent(layout: Layout, name: string, intent: Intent): Promise<void> {
  const staged = join(layout.staged, name)
  await writeNewFile(staged, JSON.stringify(intent))
  // What the intent names has to be on the disk before it.
  await syncDirectory(layout.staged)
  await rename(staged, layout.intent)
}

/** Carries out what is left to do, however much was done already. */
export async function carryOut(layout: Layout, intent: Intent): Promise<void> {
  await syncDirectory(layout.root)
  for (const step of intent) {
    const record = join(layout.records, step.name)
    if (step.kind === 'put') await renameIfThere(join(layout.staged, step.staged), record)
    else if (await holdsVersion(record, step)) await unlinkIfThere(record)
  }
  await syncDirectory(layout.records)
  await unlinkIfThere(layout.intent)
  // An old intent that a crash brought back would be carried out again.
  await syncDirectory(layout.root)
}

/** What a record is while the intent stands: text, `undefined` for deleted. */
export async function readThrough(layout: Layout, intent: Intent, name: string): Promise<string | undefined> {
  const step = intent.find((each) => each.name === name)
  if (step?.kind === 'put') {
    const staged = await readIfThere(join(layout.staged, step.staged))
    // Not there: it was moved to its place in the meantime.
    if (staged !== undefined) return staged
  }
  const record = join(layout.records, name)
  if (step?.kind === 'delete' && (await holdsVersion(record, step))) return undefined
  return await readIfThere(record)
}

async function holdsVersion(record: string, step: IntentStep & { kind: 'delete' }): Promise<boolean> {
  const text = await readIfThere(record)
  try {
    return text !== undefined && parseRecordFile(text, step.name).version === step.version
  } catch {
    // Damaged since, so not that version; whoever reads it is told.
    return false
  }
}

/** Names go into paths, so nothing but plain ones is believed. */
function isStep(value: unknown): value is IntentStep {
  const step = value as {
    readonly kind?: unknown
    readonly name?: unknown
    readonly staged?: unknown
    readonly version?: unknown
  } | null
  const isPlain = (name: unknown) => typeof name === 'string' && /^[\w-]{1,100}$/.test(name)
  if (!isPlain(step?.name)) return false
  return step!.kind === 'put' ? isPlain(step!.staged) : step!.kind === 'delete' && typeof step!.version === 'string'
}
