import { describe, expect, it } from 'vitest'
import { AtprotoError, isHandle, parseHandle } from '../../src/atproto/index.ts'
import { caught } from '../support/caught.ts'

describe('a handle', () => {
  it.each([
    ...['alice.bsky.social', 'a.b.c.d.e.f', 'my-name.com'],
    // AT Protocol Handle, "Identifier Examples"
    ...['jay.bsky.social', '8.cn', 'name.t--t', 'a.co', 'xn--notarealidn.com', 'xn--ls8h.test', 'example.t'],
    'xn--fiqa61au8b7zsevnm8ak20mc4a87e.xn--fiqs8s',
  ])('%s is one', (text) => {
    expect(isHandle(text)).toBe(true)
    expect(parseHandle(text)).toBe(text)
  })

  it('is read as people type it', () => {
    expect(parseHandle(' @Alice.BSKY.Social\u202c\u200b ')).toBe('alice.bsky.social')
    expect(parseHandle('\u2066alice.bsky\u200b.social\n')).toBe('alice.bsky.social')
  })

  it.each(['al ice.bsky.social', 'alice .com', 'alice.bs\nky.social', '@ alice.com', 'alice.com\0'])(
    'is not put together from %j, which may be two names',
    (text) => {
      expect(() => parseHandle(text)).toThrow(expect.objectContaining({ code: 'invalid_handle' }))
    },
  )

  it.each([
    'alice',
    '',
    '.com',
    'alice.',
    'alice..com',
    '-alice.com',
    'alice-.com',
    'alice.123',
    '127.0.0.1',
    'al_ice.com',
    'alice.com/x',
    'alice.com:80',
    'https://alice.com',
    'did:plc:x',
    'älice.com',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(126)}com`,
    'x.local',
    'x.arpa',
    'handle.invalid',
    // AT Protocol Handle, "Identifier Examples"
    ...['jo@hn.test', '💩.test', 'john..test', 'xn--bcher-.tld', 'john.0', 'cn.8', 'org', 'name.org.', 'laptop.local'],
    'x.localhost',
    'x.internal',
    'x.example',
    'x.alt',
    'x.onion',
    42,
    null,
  ])('%j is none', (text) => {
    expect(isHandle(text)).toBe(false)
    expect(caught(AtprotoError, () => parseHandle(text)).code).toBe('invalid_handle')
  })
})
