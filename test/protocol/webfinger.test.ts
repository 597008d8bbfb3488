import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { buildWebFingerQuery, issuerRelation, judgeWebFingerResponse } from '../../src/protocol/webfinger.ts'
import { caught } from '../support/caught.ts'

describe('what a user types in', () => {
  it.each([
    ['joe@example.com', 'acct:joe@example.com', 'https://example.com'],
    [' joe@example.com ', 'acct:joe@example.com', 'https://example.com'],
    ['acct:joe@example.com', 'acct:joe@example.com', 'https://example.com'],
    [
      'acct:juliet%40capulet.example@shopping.example',
      'acct:juliet%40capulet.example@shopping.example',
      'https://shopping.example',
    ],
    // RFC 7565 4: the user's own "@" is encoded, and so is what is beyond ASCII; what is encoded stays.
    [
      'juliet@capulet.example@shopping.example',
      'acct:juliet%40capulet.example@shopping.example',
      'https://shopping.example',
    ],
    ['acct:a@b@example.com', 'acct:a%40b@example.com', 'https://example.com'],
    ['jörg@example.com', 'acct:j%C3%B6rg@example.com', 'https://example.com'],
    ['😀@example.com', 'acct:%F0%9F%98%80@example.com', 'https://example.com'],
    ["joe+a.b_c~!$&'()*,;=-@example.com", "acct:joe+a.b_c~!$&'()*,;=-@example.com", 'https://example.com'],
    ['100%@example.com', 'acct:100%25@example.com', 'https://example.com'],
    ['a%C3%b6"<b@example.com', 'acct:a%C3%b6%22%3Cb@example.com', 'https://example.com'],
    ['acct:a/b?c#d@example.com', 'acct:a%2Fb%3Fc%23d@example.com', 'https://example.com'],
    ['joe@Bücher.example', 'acct:joe@xn--bcher-kva.example', 'https://xn--bcher-kva.example'],
    [
      'https://bücher.example/jörg?ö#x',
      'https://xn--bcher-kva.example/j%C3%B6rg?%C3%B6',
      'https://xn--bcher-kva.example',
    ],
    ['example.com', 'https://example.com', 'https://example.com'],
    ['example.com:8080', 'https://example.com:8080', 'https://example.com:8080'],
    ['example.com/joe', 'https://example.com/joe', 'https://example.com'],
    ['joe@example.com:8080', 'https://joe@example.com:8080', 'https://example.com:8080'],
    ['https://example.com/joe#frag', 'https://example.com/joe', 'https://example.com'],
    ['https://example.com?x=1', 'https://example.com?x=1', 'https://example.com'],
    ['http://example.com/joe', 'http://example.com/joe', 'https://example.com'],
  ])('%j asks for %s at %s (OpenID Connect Discovery 2.1)', (identifier, resource, origin) => {
    expect(buildWebFingerQuery(identifier)).toEqual({ resource, origin })
  })

  it.each([
    '',
    '=joe',
    '@joe',
    '!joe',
    'joe@',
    'acct:joe',
    'acct:@example.com',
    'acct:joe@a/b',
    'mailto:joe@example.com',
    'a\ud800b@example.com',
  ])('%j is no identifier', (identifier) => {
    expect(() => buildWebFingerQuery(identifier)).toThrow(TypeError)
  })

  it.each([
    'javascript:alert(1)',
    'a b@example.com',
    'joe@exa\nmple.com',
    'https://u:p@example.com',
    'https://',
    'a\\b',
  ])('%j is none either', (identifier) => {
    expect(() => buildWebFingerQuery(identifier)).toThrow(TypeError)
  })

  it('becomes a URI of ASCII alone, which the host can take apart again', () => {
    const user = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[\s\\\p{Cc}%]/u.test(text))
    fc.assert(
      fc.property(user, (name) => {
        const { resource } = buildWebFingerQuery(`acct:${name}@example.com`)
        expect(resource).toMatch(/^acct:(?:[\w.~!$&'()*+,;=-]|%[\dA-F]{2})+@example\.com$/)
        expect(decodeURIComponent(resource.slice('acct:'.length, -'@example.com'.length))).toBe(name)
      }),
    )
  })

  it('is always asked for over https, or is no identifier', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.emailAddress(), fc.webUrl()), (text) => {
        try {
          return new URL(buildWebFingerQuery(text).origin).protocol === 'https:'
        } catch (error) {
          return error instanceof TypeError
        }
      }),
    )
  })
})

describe('a WebFinger descriptor', () => {
  const link = (href: unknown, rel: string = issuerRelation) => ({ rel, href })

  it('names the issuer, the first if there are several', () => {
    const links = [link('https://x.example', 'other'), link('https://op.example'), link('https://op2.example')]
    expect(judgeWebFingerResponse({ subject: 'acct:joe@example.com', links })).toBe('https://op.example')
  })

  it.each([
    ['no object', null, 'invalid_webfinger_response'],
    ['no links', {}, 'invalid_webfinger_response'],
    ['links that are no list', { links: {} }, 'invalid_webfinger_response'],
    ['no link to an issuer', { links: [link('https://x.example', 'other'), null, 7] }, 'invalid_webfinger_response'],
    ['a link without href', { links: [{ rel: issuerRelation }] }, 'invalid_webfinger_response'],
    ['an http issuer', { links: [link('http://op.example')] }, 'insecure_endpoint'],
    ['an issuer with a query', { links: [link('https://op.example?x')] }, 'invalid_metadata'],
    ['an issuer that is no URL', { links: [link('op')] }, 'invalid_metadata'],
  ])('is refused with %s', (_name, body, code) => {
    expect(caught(ProtocolError, () => judgeWebFingerResponse(body)).code).toBe(code)
  })
})
