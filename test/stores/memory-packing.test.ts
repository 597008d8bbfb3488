import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createCommonTexts } from '../../src/stores/memory/common-texts.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'

/** Long enough for the value that holds it to be kept as bytes. */
const jwt = [60, 300, 256].map((length) => randomBytes(length).toString('base64url')).join('.')

async function putAndGet(...values: unknown[]): Promise<unknown[]> {
  const store = createMemoryStore()
  for (const [i, value] of values.entries()) {
    await store.commit([{ kind: 'put', key: `k${i}`, value, expect: null, indexes: { i: 'v' } }])
  }
  return (await store.find('i', 'v')).map(({ value }) => value)
}

/** Texts that look like tokens and are not quite, beside any others. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 40 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  fc.stringMatching(/^[\w-]{0,40}$/),
  fc.stringMatching(/^[\w-]{0,30}(\.[\w-]{0,30}){0,5}=?$/),
)
const number = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constantFrom(-0, 127, 128, 2 ** 31, 2 ** 53, 2 ** 64))
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, undefined, true, false),
    number,
    text,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor')), tie('value'), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
  ),
}))

it('gives back any plain value with a long text as it was put, often enough for its texts to be common', async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) => {
      const given = { value, jwt, status: 'active' }
      const all = await putAndGet(...Array(12).fill(given))
      // A member `constructor` is one more than `toStrictEqual` can bear.
      return all.length === 12 && all.every((got) => isDeepStrictEqual(got, given))
    }),
  )
})

it('gives back what holds a long text and is no plain data', async () => {
  const given = { at: new Date(0), bytes: new Uint8Array([1, 2]), tags: new Map([['a', 1]]), big: 2n, jwt }
  expect(await putAndGet(given)).toStrictEqual([given])
})

it('gives each reader a value that nobody can change', async () => {
  const store = createMemoryStore()
  await store.commit([{ kind: 'put', key: 'k', value: { list: [{ jwt }] }, expect: null }])
  const first = (await store.get('k'))!.value as { list: { jwt: string }[] }
  expect(() => first.list.push({ jwt: 'changed' })).toThrow(TypeError)
  expect(() => Object.assign(first.list[0]!, { jwt: 'changed' })).toThrow(TypeError)
  expect((await store.get('k'))!.value).toStrictEqual({ list: [{ jwt }] })
})

it('tells of the versions that a commit made, whatever came after it', async () => {
  const store = createMemoryStore()
  const first = await store.commit([
    { kind: 'put', key: 'a', value: 1, expect: null },
    { kind: 'put', key: 'b', value: 1, expect: null },
  ])
  const { version } = (await store.get('a'))!
  await store.commit([{ kind: 'put', key: 'a', value: 2, expect: version }])
  expect(first.ok && first.versions).toEqual({ a: version, b: (await store.get('b'))!.version })
})

it('numbers what comes often, and no text that may be a token', () => {
  const common = createCommonTexts()
  const ask = (asked: string) => Array.from({ length: 20 }, () => common.number(asked)).at(-1)
  for (const often of ['status', 'https://issuer.example/tenant', 'openid profile offline_access']) {
    expect(common.text(ask(often)!)).toBe(often)
  }
  for (const secret of [randomBytes(16).toString('base64'), 'a-refresh-token+/', `x${' y'.repeat(40)}`]) {
    expect(ask(secret)).toBeUndefined()
  }
})

it('keeps no number free for those that come when there are too many', () => {
  const common = createCommonTexts()
  for (let i = 0; i < 5_000; i++) for (let times = 0; times < 8; times++) common.number(`name ${i}`)
  const numbers = Array.from({ length: 5_000 }, (_, i) => common.number(`name ${i}`))
  expect(numbers.filter((number) => number !== undefined)).toEqual(Array.from({ length: 4_096 }, (_, i) => i))
})
