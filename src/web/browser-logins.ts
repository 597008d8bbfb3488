import { digest } from '#signatures'
import { StoreError } from '../errors/session.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { type RecordStore, recordKey } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSerialQueue } from '../lib/serial-queue.ts'

/** The logins that one browser has under way, one in each of its tabs. */
export interface BrowserLogins {
  /** Adds one; of more than ten the oldest is given up. */
  begin(browser: string): Promise<string>
  /** Takes one out, once. False for one that was given up, or that another browser began. */
  end(browser: string, login: string): Promise<boolean>
}

/** Milliseconds that a browser keeps what identifies it while it logs in; a transaction lives as long. */
export const browserLifetime: number = 10 * 60_000
const maxLogins = 10
const maxAttempts = 20

/** What a browser is called in the store: a hash, so that whoever reads there cannot play the browser. */
async function keyOf(browser: string): Promise<string> {
  return recordKey('browser', encodeBase64url(await digest('SHA-256', browser)))
}

export function createBrowserLogins(store: RecordStore, runtime: Runtime): BrowserLogins {
  const queue = createSerialQueue()

  /** Tabs write at the same time: here one after the other, however many a browser opens when it starts. */
  async function change(browser: string, next: (logins: readonly string[]) => readonly string[]): Promise<void> {
    const key = await keyOf(browser)
    await queue.run(key, () => changeAt(key, next))
  }

  /** Another process may write, too, so each change is tried again on what the other has left. */
  async function changeAt(key: string, next: (logins: readonly string[]) => readonly string[]): Promise<void> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const found = await store.get(key)
      const logins = readLogins(found?.value)
      const value = { format: 1, logins: next(logins) }
      // A late callback should still be told apart from a stranger's, so the record outlives the transaction.
      const expiresAt = runtime.now() + 2 * browserLifetime
      const put = { kind: 'put', key, value, expect: found?.version ?? null, expiresAt } as const
      if ((await store.commit([put])).ok) return
    }
    throw new StoreError('version_conflict', 'the logins of one browser were changed by others too often', {
      record: 'browser',
    })
  }
  return {
    async begin(browser) {
      const login = encodeBase64url(runtime.randomBytes(16))
      await change(browser, (logins) => [...logins, login].slice(-maxLogins))
      return login
    },
    async end(browser, login) {
      let had = false
      await change(browser, (logins) => {
        had = logins.includes(login)
        return logins.filter((other) => other !== login)
      })
      return had
    },
  }
}

function readLogins(value: unknown): readonly string[] {
  const record = value as { readonly format?: unknown; readonly logins?: unknown } | null | undefined
  if (record === undefined) return []
  if (record?.format === 1 && Array.isArray(record.logins)) return record.logins as readonly string[]
  throw new StoreError('invalid_record', "a browser's record is not of format 1", { record: 'browser' })
}
