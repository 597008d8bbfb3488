import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNsid } from '../../src/atproto/nsid.ts'

const label = (length: number) => 'a'.repeat(length)
/** An authority of so many characters, in labels of 63 at the most. */
const authority = (length: number) =>
  Array.from({ length: Math.ceil(length / 64) }, (_, i) => label(Math.min(63, length - i * 64))).join('.')

describe('isNsid', () => {
  it.each([
    'com.example.fooBar',
    'net.users.bob.ping',
    'a-0.b-1.c',
    'a.b.c',
    'com.example-domain.thing',
    'cn.8.lex.stuff',
    `com.example.${label(63)}`,
    `com.${label(63)}.x`,
    `${authority(253)}.${label(63)}`,
  ])('takes %s', (text) => expect(isNsid(text)).toBe(true))

  it.each([
    'com.exa\u{1f4a9}ple.thing',
    'com.example',
    'com',
    '',
    '.com.example.thing',
    'com.example.thing.',
    'com..example.thing',
    'com.example.3thing',
    'com.example.some-thing',
    '1com.example.thing',
    'com.-example.thing',
    'com.example-.thing',
    'com.example.thing*',
    'com.example.*',
    'com.example.thing\n',
    ' com.example.thing',
    'com/example.thing.x',
    `com.example.${label(64)}`,
    `com.${label(64)}.x`,
    `${authority(254)}.x`,
    null,
    undefined,
    17,
  ])('refuses %j', (text) => expect(isNsid(text)).toBe(false))

  it('is fast for whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (text) => {
        const began = performance.now()
        isNsid(text)
        isNsid(`${'a.'.repeat(text.length)}!`)
        return performance.now() - began < 100
      }),
    )
  })
})
