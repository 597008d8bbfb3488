import { type RecordVersion, recordKey } from '../lib/record-store.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import type { AuthorizationRequestData } from '../server/index.ts'
import { type Browser, hashText } from './browser.ts'
import type { DevContext } from './context.ts'

/** An authorization request that waits for its user. */
export interface Interaction {
  readonly id: string
  readonly request: AuthorizationRequestData
  readonly answers: Answers
  readonly version: RecordVersion
}

/** What the user has answered to this very request. */
export interface Answers {
  /** Seconds since the epoch. */
  readonly accountSelectedAt?: number
  /** The subject of who consented. */
  readonly consentedBy?: string
}

interface InteractionRecord {
  readonly format: 'dev-interaction-1'
  readonly request: AuthorizationRequestData
  /** The hash of the browser's cookie, from its first look on. */
  readonly browser?: string
  readonly answers?: Answers
}

/** Seconds that a user may take. */
const lifetime = 600

/** @returns its id */
export async function keepInteraction(context: DevContext, request: AuthorizationRequestData): Promise<string> {
  const id = createRandomToken(context.runtime)
  await put(context, id, { format: 'dev-interaction-1', request }, null)
  return id
}

/** The request of this browser; the first browser that looks becomes its own. */
export async function findInteraction(
  context: DevContext,
  id: string,
  browser: Browser,
): Promise<Interaction | undefined> {
  const stored = await context.store.get(keyOf(id))
  const record = stored?.value as InteractionRecord | undefined
  if (!stored || !record) return undefined
  const hash = await hashText(browser.id)
  if (record.browser !== undefined && record.browser !== hash) return undefined
  const { request, answers = {} } = record
  if (record.browser !== undefined) return { id, request, answers, version: stored.version }
  const version = await put(context, id, { ...record, browser: hash }, stored.version)
  return version === undefined ? undefined : { id, request, answers, version }
}

/** @returns whether it was still there to change */
export async function noteAnswer(
  context: DevContext,
  { id, request, answers, version }: Interaction,
  { browser, answer }: { readonly browser: Browser; readonly answer: Answers },
): Promise<boolean> {
  const hash = await hashText(browser.id)
  const all = { ...answers, ...answer }
  const record: InteractionRecord = { format: 'dev-interaction-1', request, browser: hash, answers: all }
  return (await put(context, id, record, version)) !== undefined
}

/** Ends it; of several at once one does. */
export async function takeInteraction({ store }: DevContext, { id, version }: Interaction): Promise<boolean> {
  return (await store.commit([{ kind: 'delete', key: keyOf(id), expect: version }])).ok
}

async function put(
  { store, runtime }: DevContext,
  id: string,
  value: InteractionRecord,
  expect: RecordVersion | null,
): Promise<RecordVersion | undefined> {
  const key = keyOf(id)
  const expiresAt = runtime.now() + lifetime * 1000
  const result = await store.commit([{ kind: 'put', key, value, expect, expiresAt }])
  return result.ok ? result.versions[key] : undefined
}

function keyOf(id: string): string {
  return recordKey('dev_interaction', id)
}
