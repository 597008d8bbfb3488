import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type RecordChange, type RecordStore, recordKey } from '../../src/lib/record-store.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createFileLock, createFileStore, readOrCreateSealingKey } from '../../src/stores/file/index.ts'
import { createLockDirectory } from '../../src/stores/file/lock-directory.ts'
import { type LockOwner, ownLockOwner } from '../../src/stores/file/lock-owner.ts'
import { generateSealingKey } from '../../src/stores/sealed/index.ts'
import { describeLock, describeRecordStore } from '../contracts/contracts.ts'

const root = mkdtempSync(join(tmpdir(), 'authentype-file-'))
let opened = 0
const folder = () => join(root, String(++opened))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function open(keys: readonly string[] | 'unsealed' = 'unsealed') {
  let now = Date.UTC(2026, 0, 1)
  const directory = folder()
  const options = { keys, runtime: { ...systemRuntime, now: () => now } }
  return {
    directory,
    store: createFileStore(directory, options),
    connect: () => createFileStore(directory, options),
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
}

describeRecordStore('file', () => open())
describeRecordStore('file, sealed', () => open([generateSealingKey()]))
describeLock('file', () => {
  const directory = folder()
  return { lock: createFileLock(directory), connect: () => createFileLock(directory) }
})

const session = recordKey('session', 'secret')
const put = (store: RecordStore, key: string, more: object = {}) =>
  store.commit([{ kind: 'put', key, value: 'token', expect: null, ...more }])

describe('the file store', () => {
  it('asks for sealing keys, or that their absence is spelt out', () => {
    expect(() => createFileStore(folder(), {} as never)).toThrow(/"keys" must be a list of sealing keys/)
    expect(() => createFileStore(folder(), { keys: 'unsealed', mode: 0o644 } as never)).toThrow(/unknown option "mode"/)
  })

  it('makes files for their owner alone, with nothing of key and index in their names', async () => {
    const { store, directory, now } = open()
    await put(store, session, { indexes: { subject: 'alice' }, expiresAt: now() + 60_000 })
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    expect(names.length).toBeGreaterThan(6)
    for (const name of ['', ...names]) {
      const { mode } = statSync(join(directory, name))
      expect((mode & 0o777).toString(8), name).toBe(statSync(join(directory, name)).isDirectory() ? '700' : '600')
    }
    expect(names.join()).not.toMatch(/secret|alice|subject/)
  })

  it('makes nothing until something is put', async () => {
    const { store, directory } = open()
    expect([await store.get('k'), await store.find('i', 'v')]).toEqual([undefined, []])
    expect(existsSync(directory)).toBe(false)
  })

  it.each([
    ['cut short', (text: string) => text.slice(0, text.length / 2)],
    ['emptied', () => ''],
    ['of another format', (text: string) => text.replace('"format":1', '"format":2')],
    ['of another record', (text: string) => text.replace('session:{secret}', 'session:{other}')],
  ])('tells a file that is %s by a typed error, and leaves the others alone', async (_, damage) => {
    const errors: string[] = []
    const directory = folder()
    const store = createFileStore(directory, { keys: 'unsealed', onInvalidRecord: (error) => errors.push(error.code) })
    await put(store, session, { indexes: { subject: 'alice' } })
    const [file] = readdirSync(join(directory, 'records'))
    await put(store, 'session:{good}', { indexes: { subject: 'alice' } })
    const path = join(directory, 'records', file!)
    const damaged = damage(readFileSync(path, 'utf8'))
    writeFileSync(path, damaged)

    const error = (await store.get(session).catch((caught: unknown) => caught)) as Error
    expect(error).toMatchObject({ name: 'StoreError', code: 'invalid_record' })
    expect(error.message).not.toMatch(/secret|token/)
    await expect(put(store, session)).rejects.toMatchObject({ code: 'invalid_record' })
    expect((await store.find('subject', 'alice')).map(({ key }) => key)).toEqual(['session:{good}'])
    expect(errors).toContain('invalid_record')
    expect(readFileSync(path, 'utf8'), 'the damaged file stays as it is').toBe(damaged)
  })

  it('tells a file that cannot be read by a typed error', async () => {
    const { store, directory } = open()
    await put(store, session)
    const path = join(directory, 'records', readdirSync(join(directory, 'records'))[0]!)
    rmSync(path)
    mkdirSync(path)
    await expect(store.get(session)).rejects.toMatchObject({ code: 'store_unavailable', record: 'session' })
  })

  it('refuses a commit on a full disk, and leaves no half of it', async () => {
    const { store, directory } = open()
    const [a, b] = ['session:{p}:a', 'session:{p}:b'] as const
    const first = await put(store, a, { indexes: { subject: 'alice' } })
    const version = first.ok ? first.versions[a]! : ''
    const changes: RecordChange[] = [
      { kind: 'put', key: b, value: 'new', expect: null, indexes: { subject: 'bob' } },
      { kind: 'put', key: a, value: 'new', expect: version, indexes: { subject: 'bob' } },
    ]
    for (let room = 0; ; room++) {
      const result = await withDiskThatTakes(room, () => store.commit(changes)).catch((error: unknown) => error)
      if (!(result instanceof Error)) break
      expect(result).toMatchObject({ name: 'StoreError', code: 'store_full', record: 'session' })
      expect([(await store.get(a))?.value, await store.get(b)]).toEqual(['token', undefined])
      expect(await store.find('subject', 'bob')).toEqual([])
      expect(readdirSync(join(directory, 'staged'))).toEqual([])
      expect(room).toBeLessThan(20)
    }
    expect([(await store.get(a))?.value, (await store.get(b))?.value]).toEqual(['new', 'new'])
    expect(await store.find('subject', 'alice')).toEqual([])
  })

  it('builds its indexes anew when they are gone', async () => {
    const { store, directory, connect } = open()
    await put(store, session, { indexes: { subject: 'alice' } })
    rmSync(join(directory, 'indexes'), { recursive: true })
    rmSync(join(directory, 'indexes-complete'))
    expect(await connect().find('subject', 'alice')).toHaveLength(1)
    expect(await store.find('subject', 'alice')).toHaveLength(1)
  })

  it('finds a record again that was damaged and then put right', async () => {
    const { store, directory } = open()
    await put(store, 'session:{p}:a', { indexes: { subject: 'alice' } })
    const [name] = readdirSync(join(directory, 'records'))
    const path = join(directory, 'records', name!)
    const before = readFileSync(path)
    writeFileSync(path, 'damaged')
    expect(await store.find('subject', 'alice')).toEqual([])
    writeFileSync(path, before)
    expect((await store.find('subject', 'alice')).map(({ key }) => key)).toEqual(['session:{p}:a'])
  })

  it('puts an intent aside that somebody changed, and goes on', async () => {
    const errors: string[] = []
    const directory = folder()
    const store = createFileStore(directory, {
      keys: 'unsealed',
      onInvalidRecord: (error) => errors.push(error.record),
    })
    await put(store, session)
    for (const text of ['{', '[{"kind":"delete","name":"../../x","version":"v"}]']) {
      writeFileSync(join(directory, 'intent.json'), text)
      expect(await store.get(session)).toBeDefined()
      expect(await put(store, `k${errors.length}`)).toMatchObject({ ok: true })
    }
    expect(errors).toEqual(['intent', 'intent'])
  })

  it('says who holds its lock when that takes too long', async () => {
    const directory = folder()
    const store = createFileStore(directory, { keys: 'unsealed', maxWait: 100 })
    await put(store, 'k')
    const owner = createLockDirectory(join(directory, 'lock'), { runtime: systemRuntime, patience: 1 })
    expect(await owner.acquire('a-token', 0)).toBe(true)
    await expect(put(store, 'k2')).rejects.toThrow(new RegExp(`process ${process.pid} on .* has held the lock`))
    expect(await store.get('k')).toBeDefined()
    await owner.release('a-token')
    expect(await put(store, 'k2')).toMatchObject({ ok: true })
  })

  it('keeps a sealing key, and refuses a file that holds none', async () => {
    const path = join(folder(), 'key')
    const key = await readOrCreateSealingKey(path)
    expect(await readOrCreateSealingKey(path)).toBe(key)
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    // The last of 43 characters has two bits that must be 0: a text with others is none that 32 bytes are written as.
    for (const text of ['a pass phrase', '', `${'A'.repeat(42)}B`, key.slice(1)]) {
      writeFileSync(path, text)
      await expect(readOrCreateSealingKey(path)).rejects.toMatchObject({ code: 'invalid_record', record: 'key' })
    }
  })
})

describe('the lock directory', () => {
  const runtime = systemRuntime
  const lockAt = (path: string) => createLockDirectory(path, { runtime, patience: 1_000 })
  const owner = async (change: Partial<LockOwner>) => JSON.stringify({ ...(await ownLockOwner()), ...change })

  async function heldBy(text: string): Promise<string> {
    const path = folder()
    mkdirSync(path)
    writeFileSync(join(path, 'theirs'), text)
    return path
  }

  it.each([
    ['whose process is gone', async () => await owner({ pid: 2 ** 22 + 1 })],
    ['whose number another process has by now', async () => await owner({ started: '1' })],
  ])('is taken at once from an owner %s', async (_, text) => {
    const lock = lockAt(await heldBy(await text()))
    expect(await lock.acquire('mine', 0)).toBe(true)
    expect([await lock.isHeld('mine'), await lock.isHeld('theirs')]).toEqual([true, false])
  })

  it.each([
    ['on another host', async () => await owner({ place: 'elsewhere' })],
    ['that left no name', async () => ''],
  ])('is taken from an owner %s only after it gave no sign of life for long enough', async (_, text) => {
    const path = await heldBy(await text())
    const lock = lockAt(path)
    expect([await lock.acquire('mine', 0), await lock.acquire('mine', 900)]).toEqual([false, false])
    await lockAt(path).renew('theirs')
    expect([await lock.acquire('mine', 1_000), await lock.acquire('mine', 1_900)]).toEqual([false, false])
    expect(await lock.acquire('mine', 2_001)).toBe(true)
  })

  it('is taken from a silent owner also by waiters who each give up before', async () => {
    const lock = lockAt(await heldBy(await owner({ place: 'elsewhere' })))
    for (const waited of [0, 400]) expect(await lock.acquire('first', waited)).toBe(false)
    for (const waited of [0, 400]) expect(await lock.acquire('second', waited)).toBe(false)
    expect([await lock.acquire('third', 0), await lock.acquire('third', 300)]).toEqual([false, true])
  })

  it('is never taken from an owner that runs', async () => {
    const lock = lockAt(await heldBy(await owner({})))
    expect([await lock.acquire('mine', 0), await lock.acquire('mine', 1e9)]).toEqual([false, false])
  })

  it('goes to one of many who take it over', async () => {
    for (let round = 0; round < 20; round++) {
      const path = await heldBy(await owner({ started: '1' }))
      const tokens = Array.from({ length: 8 }, (_, i) => `token-${i}`)
      const taken = await Promise.all(tokens.map((token) => lockAt(path).acquire(token, 0)))
      expect(taken.filter(Boolean)).toHaveLength(1)
    }
  })

  it('is given back only by its owner', async () => {
    const path = await heldBy(await owner({}))
    await lockAt(path).release('mine')
    expect(await lockAt(path).isHeld('theirs')).toBe(true)
  })
})

/** Fails each new file after the first `room` with ENOSPC. */
async function withDiskThatTakes<T>(room: number, task: () => Promise<T>): Promise<T> {
  const { open: openFile, writeFile: write } = promises
  let files = 0
  const assertRoom = () => {
    if (files++ >= room) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  Object.assign(promises, {
    open: async (...args: Parameters<typeof openFile>) => {
      if (args[1] === 'wx') assertRoom()
      return await openFile(...args)
    },
    writeFile: async (...args: Parameters<typeof write>) => {
      assertRoom()
      await write(...args)
    },
  })
  syncBuiltinESMExports()
  try {
    return await task()
  } finally {
    Object.assign(promises, { open: openFile, writeFile: write })
    syncBuiltinESMExports()
  }
}
