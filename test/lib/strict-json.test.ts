import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStrictJson } from '../../src/lib/strict-json.ts'

describe('strict JSON', () => {
  it('parses whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        const parsed = parseStrictJson(text)
        expect(parsed.ok).toBe(true)
        if (parsed.ok) expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(JSON.parse(text)))
      }),
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('{}[]":,\\ab01 \u00e9')) }),
        (text) => void parseStrictJson(text),
      ),
    )
  })

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"a":{"b":1,"b":2}}',
    '[{"x":0},{"a":1,"a":2}]',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\":":1,"a\\":":2}',
    '{"":1,"":2}',
  ])('refuses a member twice: %s', (text) => {
    expect(parseStrictJson(text)).toEqual({ ok: false, fault: 'a member twice' })
  })

  it.each(['{"a":":","b":"::","c\\\\":"\\":"}', '{"a":[{"a":1},{"a":1}]}', '{"10":1,"9":2,"b":3}', '{"\\\\":1}'])(
    'takes what only looks like one: %s',
    (text) => {
      expect(parseStrictJson(text)).toMatchObject({ ok: true })
    },
  )

  it.each(['', '{', '{"a"', "{'a':1}", '{"a":1}x', '\ufeff{}', 'NaN', '{"a":01}', '{"a":"\u0001"}', '"'])(
    'refuses %j, without quoting it',
    (text) => {
      expect(parseStrictJson(text)).toEqual({ ok: false, fault: 'not JSON' })
    },
  )

  it('ends in time and stack on 64 KiB of brackets, quotes and backslashes', () => {
    const size = 65_536
    expect(parseStrictJson('['.repeat(size))).toEqual({ ok: false, fault: 'nested too deep' })
    expect(parseStrictJson('{"a":'.repeat(size / 5))).toEqual({ ok: false, fault: 'nested too deep' })
    expect(parseStrictJson('"'.repeat(size)).ok).toBe(false)
    expect(parseStrictJson(`"${'\\'.repeat(size)}`).ok).toBe(false)
    expect(parseStrictJson(`"${'\\"'.repeat(size / 2)}"`).ok).toBe(true)
  })

  it('makes __proto__ a member like any other, at every depth', () => {
    const parsed = parseStrictJson('{"__proto__":{"admin":true},"nested":{"__proto__":{"admin":true}}}')
    if (!parsed.ok) throw new Error(parsed.fault)
    const value = parsed.value as { admin?: boolean; nested: { admin?: boolean } }
    expect(value.admin).toBeUndefined()
    expect(value.nested.admin).toBeUndefined()
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(Object.getPrototypeOf(value.nested)).toBeNull()
    expect(Object.keys(value)).toEqual(['__proto__', 'nested'])
  })
})
