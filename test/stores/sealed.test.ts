import { describe, expect, it } from 'vitest'
import type { StoredRecord } from '../../src/lib/record-store.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { createSealedStore, generateSealingKey } from '../../src/stores/sealed/index.ts'
import { describeRecordStore } from '../contracts/contracts.ts'

const key = 'session:{abc}'
const subject = 'alice@issuer.example'

function open(keys: readonly string[] = [generateSealingKey()]) {
  let now = Date.UTC(2026, 0, 1)
  const memory = createMemoryStore({ runtime: { ...systemRuntime, now: () => now } })
  return {
    memory,
    keys,
    store: createSealedStore(memory, { keys }),
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
}

async function sealedSession() {
  const context = open()
  await context.store.commit([
    {
      kind: 'put',
      key,
      value: { token: 'secret' },
      expect: null,
      indexes: { subject },
      expiresAt: context.now() + 1e6,
    },
  ])
  const raw = (await context.memory.get(key))!
  /** Writes as somebody who has the store and no key. */
  const tamper = (to: string, change: Partial<StoredRecord>) =>
    context.memory.commit([{ ...raw, ...change, kind: 'put', key: to, expect: to === key ? raw.version : null }])
  return { ...context, raw, tamper }
}

describeRecordStore('sealed', open)

const nextLetter = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 1)

const refused = { name: 'StoreError', code: 'invalid_record', record: 'session' }

describe('a sealed store', () => {
  it('shows neither value nor index value to who has the store', async () => {
    const { raw } = await sealedSession()
    expect(JSON.stringify(raw)).not.toMatch(/secret|alice/)
    expect(raw.value).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(JSON.parse(Buffer.from(String(raw.value).split('.')[0]!, 'base64url').toString())).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: expect.stringMatching(/^[\w-]{11}$/),
    })
  })

  it('seals the same value differently each time', async () => {
    const { store, memory } = open()
    for (const k of ['a', 'b']) await store.commit([{ kind: 'put', key: k, value: 'same', expect: null }])
    expect((await memory.get('a'))!.value).not.toBe((await memory.get('b'))!.value)
  })

  it.each([
    ['changed by a bit that base64url leaves unused', (text: string) => text.replace(/.$/, (last) => nextLetter(last))],
    ['changed in the middle', (text: string) => text.replace(/(?<=\.[\w-]{3})[\w-](?=[\w-]+\.[\w-]+$)/, nextLetter)],
    ['changed at its end', (text: string) => text.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'))],
    ['cut short', (text: string) => text.slice(0, -1)],
    ['not a JWE', () => 'plain'],
    ['not even text', () => ({ token: 'forged' })],
    ['of an unknown key', (text: string) => text.replace(/^[\w-]+/, btoa('{"kid":"other"}').replaceAll('=', ''))],
  ])('refuses a value that is %s', async (_, change) => {
    const { store, raw, tamper } = await sealedSession()
    await tamper(key, { value: change(String(raw.value)) })
    await expect(store.get(key)).rejects.toMatchObject(refused)
  })

  it('refuses a value that was moved to another record', async () => {
    const { store, tamper } = await sealedSession()
    await tamper('session:{mine}', {})
    await expect(store.get('session:{mine}')).rejects.toMatchObject(refused)
  })

  it('refuses a record whose time of expiry was moved', async () => {
    const { store, raw, tamper } = await sealedSession()
    await tamper(key, { expiresAt: raw.expiresAt! + 1 })
    await expect(store.get(key)).rejects.toMatchObject(refused)
  })

  it('does not find a record under an index that was put on it from outside', async () => {
    const { store, memory, tamper } = await sealedSession()
    await store.commit([{ kind: 'put', key: 'b', value: 1, expect: null, indexes: { subject: 'bob' } }])
    await tamper(key, { indexes: (await memory.get('b'))!.indexes })
    expect((await store.find('subject', 'bob')).map((record) => record.key)).toEqual(['b'])
  })

  it('tells nothing of key or value in its error', async () => {
    const { store, tamper } = await sealedSession()
    await tamper(key, { value: 'plain' })
    const error = await store.get(key).catch((caught: unknown) => caught as Error)
    expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toMatch(/abc|plain|alice/)
  })

  it('leaves one damaged record out of a search, says so, and finds the others', async () => {
    const { memory, keys, raw, tamper, store: writer } = await sealedSession()
    const errors: string[] = []
    const store = createSealedStore(memory, { keys, onInvalidRecord: (error) => errors.push(error.code) })
    await writer.commit([{ kind: 'put', key: 'b', value: 1, expect: null, indexes: { subject } }])
    await tamper(key, { value: `${String(raw.value)}A` })
    expect((await store.find('subject', subject)).map((record) => record.key)).toEqual(['b'])
    expect(errors).toEqual(['invalid_record'])
  })
})

describe('a key ring', () => {
  it('opens with every key and finds by every key', async () => {
    const { memory, keys } = await sealedSession()
    const rotated = createSealedStore(memory, { keys: [generateSealingKey(), ...keys] })
    expect((await rotated.get(key))?.value).toEqual({ token: 'secret' })
    expect(await rotated.find('subject', subject)).toHaveLength(1)
  })

  it('seals anew with the newest key on each put, so that the old key can go', async () => {
    const { memory, keys } = await sealedSession()
    const next = generateSealingKey()
    const rotated = createSealedStore(memory, { keys: [next, ...keys] })
    const record = (await rotated.get(key))!
    await rotated.commit([{ ...record, kind: 'put', expect: record.version }])
    expect(await rotated.find('subject', subject)).toHaveLength(1)
    const later = createSealedStore(memory, { keys: [next] })
    expect((await later.get(key))?.value).toEqual({ token: 'secret' })
    expect(await later.find('subject', subject)).toHaveLength(1)
  })

  it('opens nothing without the key', async () => {
    const { memory } = await sealedSession()
    const stranger = createSealedStore(memory, { keys: [generateSealingKey()] })
    await expect(stranger.get(key)).rejects.toMatchObject(refused)
    expect(await stranger.find('subject', subject)).toEqual([])
  })

  it.each([
    ['no key', []],
    ['a short key', ['c2hvcnQ']],
    ['a padded key', [`${generateSealingKey()}=`]],
    ['a pass phrase', ['correct horse battery staple correct horse ba']],
  ])('refuses %s, without printing it', (_, keys) => {
    const make = () => createSealedStore(createMemoryStore(), { keys })
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/c2hvcnQ|horse/)
  })
})

it.each([
  ['a CryptoKey', async () => (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])).privateKey],
  ['NaN', () => Number.NaN],
  ['a Date', () => new Date(0)],
  ['a function', () => () => 1],
  ['a BigInt', () => 1n],
])('refuses %s, which JSON would turn into something else', async (_, make) => {
  const { store } = open()
  const value = { dpopKey: { keyPair: await make() } }
  const put = store.commit([{ kind: 'put', key: 'k', value, expect: null }])
  await expect(put).rejects.toThrow(/dpopKey\.keyPair is/)
  expect(await store.get('k')).toBeUndefined()
})
