// What browsers and servers hand to the web side, of any content.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toRequestHead } from '../../src/resource/node-request.ts'
import { readCookie } from '../../src/web/cookies.ts'
import { toRequest } from '../../src/web/node-message.ts'
import { parseReturnTo } from '../../src/web/return-to.ts'

const origin = 'https://app.example'

/** Pieces of which addresses that lead astray are made. */
const pieces = fc.constantFrom(
  ...['/', '//', '\\', '.', '..', '@', ':', '?', '#', '%', '%2f', '%5c', '%09', '\t', '\n', ' ', '\u200b', '\u2028'],
  ...['https:', 'javascript:', 'blob:', 'data:', 'evil.example', 'app.example', origin, 'a', 'ä', '\u{1f600}'],
)
const address = fc.oneof(
  fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.array(pieces, { maxLength: 8 }).map((parts) => `/${parts.join('')}`),
  fc.string({ unit: 'grapheme' }),
  fc.webUrl(),
)

describe('a page to come back to', () => {
  it('is of this origin, however a browser resolves it, or is none', () => {
    fc.assert(
      fc.property(address, (text) => {
        const page = parseReturnTo(text, origin)
        if (page === undefined) return
        expect(page).toMatch(/^\/(?![/\\])/)
        // A field of an answer holds it, and a browser resolves it on any page of ours.
        expect(new Headers({ location: page }).get('location')).toBe(page)
        for (const base of [origin, `${origin}/a/b?c`]) expect(new URL(page, base).origin).toBe(origin)
        expect(parseReturnTo(page, origin)).toBe(page)
      }),
    )
  })

  it('that is an ordinary one is taken as it is', () => {
    const segment = fc.stringMatching(/^[a-z\d_-]{1,8}$/)
    fc.assert(
      fc.property(fc.array(segment), fc.array(fc.tuple(segment, segment)), (path, query) => {
        const page = `/${path.join('/')}?${new URLSearchParams(query).toString()}`
        expect(parseReturnTo(page, origin)).toBe(page.replace(/\?$/, ''))
      }),
    )
  })
})

describe('a Cookie field', () => {
  const value = fc.stringMatching(/^[!#-+\--:<-[\]-~]{1,20}$/)

  it('gives the value that it holds once, whatever stands beside it', () => {
    const other = fc.string().filter((text) => !/;/.test(text) && text.split('=')[0]!.trim() !== 'own')
    fc.assert(
      fc.property(value, fc.array(other), fc.array(other), (own, before, after) => {
        expect(readCookie([...before, `own=${own}`, ...after].join('; '), 'own')).toBe(own)
        expect(readCookie([...before, ...after].join('; '), 'own')).toBeUndefined()
        expect(readCookie([...before, `own=${own}`, `own=${own}`, ...after].join('; '), 'own')).toBeUndefined()
      }),
    )
  })
})

describe('a request of Node’s', () => {
  const field = fc.stringMatching(/^[!-~]*$/)
  const target = fc.stringMatching(/^[!-~]+$/)

  it('is one of the platform’s, with its path, whatever target and Host it has', () => {
    fc.assert(
      fc.property(target, field, (url, host) => {
        const message = { method: 'GET', url, rawHeaders: ['Host', host], socket: {} }
        const asked = new URL(
          toRequest({ ...message, [Symbol.asyncIterator]: () => [][Symbol.iterator]() as never }).url,
        )
        const head = new URL(toRequestHead(message).url)
        if (!url.startsWith('/')) return
        const own = new URL(`http://host.invalid${url}`)
        for (const read of [asked, head]) expect([read.pathname, read.search]).toEqual([own.pathname, own.search])
        // Nothing of the path becomes a host.
        const known =
          /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).host : ''
        for (const read of [asked, head]) expect(['host.invalid', known]).toContain(read.host)
      }),
    )
  })
})
