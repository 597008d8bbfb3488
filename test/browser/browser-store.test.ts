// The browser store in a real browser: nothing stands in for IndexedDB, Web Locks or BroadcastChannel.
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockContract, recordStoreContract } from '../../src/testing/index.ts'
import { hasChromium, launchChromium, type ServedPage, servePage } from '../support/browser.ts'
import type { StorePage } from './store-page.ts'

declare const page: StorePage

let served: ServedPage
let browser: Browser
let context: BrowserContext
let tab: Page

beforeAll(async () => {
  if (!hasChromium) return
  served = await servePage(join(import.meta.dirname, 'store-page.ts'))
  browser = await launchChromium()
  context = await browser.newContext()
  tab = await openTab()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

async function openTab(origin: string = served.origin): Promise<Page> {
  const opened = await context.newPage()
  await opened.goto(origin)
  await opened.waitForFunction(() => 'page' in globalThis)
  return opened
}

/** Only for their names: they run in the page. */
const nowhere = () => Promise.reject(new Error('the contract runs in the browser'))

describe.skipIf(!hasChromium)('the browser store, in Chromium', () => {
  for (const { name } of recordStoreContract(nowhere)) {
    it(`record store contract: ${name}`, async () => {
      await tab.evaluate((check) => page.runCheck('store', check), name)
    })
  }
  for (const { name } of lockContract(nowhere)) {
    it(`lock contract: ${name}`, async () => {
      await tab.evaluate((check) => page.runCheck('lock', check), name)
    })
  }

  it('keeps a non-extractable key pair, which signs after the tab was closed', async () => {
    const first = await openTab()
    const publicKey = await first.evaluate(async () => {
      const keyPair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
      const store = page.createBrowserStore({ name: 'keys' })
      await store.commit([{ kind: 'put', key: 'k', value: { keyPair }, expect: null }])
      return await crypto.subtle.exportKey('jwk', keyPair.publicKey)
    })
    await first.close()
    const second = await openTab()
    const signature = await second.evaluate(async () => {
      const record = await page.createBrowserStore({ name: 'keys' }).get('k')
      const { keyPair } = record!.value as { keyPair: CryptoKeyPair }
      const isExtractable = await crypto.subtle.exportKey('jwk', keyPair.privateKey).then(
        () => true,
        () => false,
      )
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      const bytes = await crypto.subtle.sign(algorithm, keyPair.privateKey, new TextEncoder().encode('data'))
      return { bytes: Array.from(new Uint8Array(bytes)), isExtractable }
    })
    await second.close()
    expect(signature.isExtractable).toBe(false)
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const key = await crypto.subtle.importKey('jwk', publicKey, algorithm, true, ['verify'])
    const bytes = Uint8Array.from(signature.bytes)
    const data = new TextEncoder().encode('data')
    expect(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes, data)).toBe(true)
  })

  it('tells other tabs what was changed, and not the one that changed it', async () => {
    const other = await openTab()
    const listen = async () => {
      const heard: string[] = []
      const store = page.createBrowserStore({ name: 'notices' })
      store.subscribe((key) => heard.push(key))
      Object.assign(globalThis, { heard, store })
    }
    for (const each of [tab, other]) await each.evaluate(listen)
    await tab.evaluate(async () => {
      const { store } = globalThis as unknown as { store: ReturnType<StorePage['createBrowserStore']> }
      const put = await store.commit([{ kind: 'put', key: 'session:{a}', value: 1, expect: null }])
      await store.commit([{ kind: 'put', key: 'session:{a}', value: 1, expect: null }])
      await store.commit([{ kind: 'delete', key: 'session:{a}', expect: put.ok ? put.versions['session:{a}']! : '' }])
    })
    const heard = () => (globalThis as unknown as { heard: string[] }).heard
    await other.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.length >= 2)
    expect(await other.evaluate(heard)).toEqual(['session:{a}', 'session:{a}'])
    expect(await tab.evaluate(heard)).toEqual([])
    await other.close()
  })

  it('loses no update of two tabs that write at the same time', async () => {
    const other = await openTab()
    await tab.evaluate(async () => {
      await page.createBrowserStore({ name: 'race' }).commit([{ kind: 'put', key: 'n', value: 0, expect: null }])
    })
    const raise = async () => {
      const store = page.createBrowserStore({ name: 'race' })
      for (let done = 0; done < 25; ) {
        const { value, version } = (await store.get('n'))!
        const result = await store.commit([{ kind: 'put', key: 'n', value: (value as number) + 1, expect: version }])
        if (result.ok) done++
      }
    }
    await Promise.all([tab.evaluate(raise), other.evaluate(raise)])
    expect(await tab.evaluate(async () => (await page.createBrowserStore({ name: 'race' }).get('n'))!.value)).toBe(50)
    await other.close()
  })

  it('frees the lock of a tab that is closed, and gives up waiting for one that stays', async () => {
    const other = await openTab()
    await other.evaluate(async () => {
      await new Promise<void>((held) => {
        void page.createBrowserLock({ name: 'tabs' }).withLock('k', () => {
          held()
          return new Promise(() => {})
        })
      })
    })
    const impatient = await tab.evaluate(async () => {
      const lock = page.createBrowserLock({ name: 'tabs', maxWait: 50 })
      return await lock.withLock('k', async () => 'mine').catch((error: { code: string }) => error.code)
    })
    expect(impatient).toBe('store_unavailable')
    const waiting = tab.evaluate(() => page.createBrowserLock({ name: 'tabs' }).withLock('k', async () => 'mine'))
    await other.close()
    expect(await waiting).toBe('mine')
  })

  it('throws the error of a task whose lock outlasted the time to wait for it', async () => {
    const outcome = await tab.evaluate(async () => {
      const lock = page.createBrowserLock({ name: 'slow', maxWait: 20 })
      const slow = () => new Promise<never>((_, reject) => setTimeout(() => reject(new Error('its own')), 60))
      return await lock.withLock('k', slow).catch((error: Error) => error.message)
    })
    expect(outcome).toBe('its own')
  })

  it('says that there is no room left by a typed error, and keeps what it has', async () => {
    // An origin of its own, since the browser remembers for a while how much room it saw.
    const small = await servePage(join(import.meta.dirname, 'store-page.ts'))
    const only = await openTab(small.origin)
    const session = await context.newCDPSession(only)
    await session.send('Storage.overrideQuotaForOrigin', { origin: small.origin, quotaSize: 500_000 })
    const outcome = await only.evaluate(async () => {
      const store = page.createBrowserStore()
      const put = async (key: string, value: string) =>
        await store.commit([{ kind: 'put', key, value, expect: null }]).then(
          () => 'stored',
          ({ code, record, message }: { code: string; record: string; message: string }) => [code, record, message],
        )
      const outcomes = [await put('session:{first}', 'token'), await put('session:{secret}', 'token'.repeat(400_000))]
      const isThere = async (key: string) => (await store.get(key)) !== undefined
      return [...outcomes, await isThere('session:{first}'), await isThere('session:{secret}')]
    })
    await only.close()
    await small.close()
    const failure = ['store_full', 'session', expect.not.stringMatching(/secret|token/)]
    expect(outcome).toEqual(['stored', failure, true, false])
  })

  it('opens the database again when the browser has closed it', async () => {
    const outcome = await tab.evaluate(async () => {
      const store = page.createBrowserStore({ name: 'reopened' })
      await store.commit([{ kind: 'put', key: 'k', value: 1, expect: null }])
      await new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase('reopened')
        request.onsuccess = resolve
        request.onerror = request.onblocked = reject
      })
      return [await store.get('k'), (await store.commit([{ kind: 'put', key: 'k', value: 2, expect: null }])).ok]
    })
    expect(outcome).toEqual([undefined, true])
  })

  it('tells a damaged record by a typed error and finds the others', async () => {
    const outcome = await tab.evaluate(async () => {
      const errors: string[] = []
      const store = page.createBrowserStore({ name: 'damage', onInvalidRecord: (error) => errors.push(error.code) })
      const indexes = { subject: 'alice' }
      for (const key of ['session:{a}', 'session:{b}']) {
        await store.commit([{ kind: 'put', key, value: 1, expect: null, indexes }])
      }
      await new Promise((resolve) => {
        indexedDB.open('damage').onsuccess = ({ target }) => {
          const records = (target as IDBOpenDBRequest).result.transaction('records', 'readwrite').objectStore('records')
          records.put({ key: 'session:{a}', terms: ['["subject","alice"]'] }).onsuccess = resolve
        }
      })
      const code = await store.get('session:{a}').catch((error: { code: string }) => error.code)
      return [code, (await store.find('subject', 'alice')).map(({ key }) => key), errors]
    })
    expect(outcome).toEqual(['invalid_record', ['session:{b}'], ['invalid_record']])
  })

  it('refuses what cannot be cloned, and changes nothing', async () => {
    const outcome = await tab.evaluate(async () => {
      const store = page.createBrowserStore({ name: 'clone' })
      const result = await store
        .commit([
          { kind: 'put', key: 'a', value: 1, expect: null },
          { kind: 'put', key: 'b', value: () => 1, expect: null },
        ])
        .catch((error: Error) => error.name)
      return [result, (await store.get('a')) ?? null]
    })
    expect(outcome).toEqual(['TypeError', null])
  })
})
