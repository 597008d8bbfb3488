import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findChallengeError, parseChallenges } from '../../src/lib/www-authenticate.ts'

const plain = (field: string | null) =>
  parseChallenges(field).map(({ scheme, token68, parameters }) => ({
    scheme,
    ...(token68 && { token68 }),
    ...parameters,
  }))

describe('parseChallenges (RFC 9110 11.6.1)', () => {
  it('parses the example of RFC 9110 11.6.1, two challenges in one field', () => {
    expect(plain('Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""')).toEqual([
      { scheme: 'basic', realm: 'simple' },
      { scheme: 'newauth', realm: 'apps', type: '1', title: 'Login to "apps"' },
    ])
  })

  it('parses the challenge of RFC 9449 7.1 beside a Bearer challenge', () => {
    const field =
      'Bearer realm="api", DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof", algs="ES256 PS256"'
    expect(plain(field)).toEqual([
      { scheme: 'bearer', realm: 'api' },
      {
        scheme: 'dpop',
        error: 'use_dpop_nonce',
        error_description: 'Resource server requires nonce in DPoP proof',
        algs: 'ES256 PS256',
      },
    ])
  })

  it('joins several fields as Headers does', () => {
    const headers = new Headers([
      ['www-authenticate', 'Bearer error="invalid_token"'],
      ['www-authenticate', 'DPoP algs="ES256"'],
    ])
    expect(plain(headers.get('www-authenticate')).map(({ scheme }) => scheme)).toEqual(['bearer', 'dpop'])
  })

  it('tells token68 from parameters', () => {
    expect(plain('Negotiate YIIJvwYGKw/+yz==, Bearer')).toEqual([
      { scheme: 'negotiate', token68: 'YIIJvwYGKw/+yz==' },
      { scheme: 'bearer' },
    ])
    expect(plain('Bearer error = "x"')).toEqual([{ scheme: 'bearer', error: 'x' }])
  })

  it('keeps commas, equals signs and scheme names inside of quoted strings', () => {
    expect(plain('Bearer realm="a, DPoP error=\\"use_dpop_nonce\\"", scope="x y"')).toEqual([
      { scheme: 'bearer', realm: 'a, DPoP error="use_dpop_nonce"', scope: 'x y' },
    ])
  })

  it('takes names without regard to case, and of a repeated parameter the first', () => {
    expect(plain('BEARER Error="a", ERROR="b"')).toEqual([{ scheme: 'bearer', error: 'a' }])
  })

  it('takes unquoted values that are no tokens', () => {
    expect(plain('Bearer resource_metadata=https://rs.example/x?y=1, error=invalid_token')).toEqual([
      { scheme: 'bearer', resource_metadata: 'https://rs.example/x?y=1', error: 'invalid_token' },
    ])
  })

  it.each([
    [null, []],
    ['', []],
    [', ,', []],
    ['"', []],
    ['Bearer error="unended', [{ scheme: 'bearer', error: 'unended' }]],
    ['Bearer error="escape at the end\\', [{ scheme: 'bearer', error: 'escape at the end' }]],
    ['@@@ Bearer error="x"', [{ scheme: 'bearer', error: 'x' }]],
    ['Bearer ,,, error="x"', [{ scheme: 'bearer', error: 'x' }]],
  ])('is tolerant of %j', (field, expected) => {
    expect(plain(field)).toEqual(expected)
  })

  it('gives parameters without a prototype', () => {
    const [challenge] = parseChallenges('Bearer __proto__="x", constructor="y"')
    expect(Object.keys(challenge!.parameters)).toEqual(['__proto__', 'constructor'])
    expect(challenge!.parameters.toString).toBeUndefined()
  })

  it('never throws, and finds what it is given between any junk', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (junk) => {
        parseChallenges(junk)
        const closed = junk.replace(/["\\]/g, '')
        expect(findChallengeErrorIn(`${closed}, Bearer error="invalid_token"`)).toBe(true)
      }),
    )
  })

  it.each([
    '"'.repeat(100_000),
    'a '.repeat(50_000),
    'S a/'.repeat(25_000),
    `S ${'a'.repeat(100_000)}"`,
    'a="\\'.repeat(25_000),
  ])('takes linear time (%#)', (field) => {
    const start = performance.now()
    parseChallenges(field)
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('findChallengeError', () => {
  it('looks at every challenge for the error that is asked for', () => {
    const headers = new Headers({ 'www-authenticate': 'Bearer error="invalid_token", DPoP error="use_dpop_nonce"' })
    expect(findChallengeError(headers, 'use_dpop_nonce')?.scheme).toBe('dpop')
    expect(findChallengeError(headers)?.scheme).toBe('bearer')
    expect(findChallengeError(headers, 'insufficient_scope')).toBeUndefined()
    expect(findChallengeError(new Headers())).toBeUndefined()
  })
})

function findChallengeErrorIn(field: string): boolean {
  return parseChallenges(field).some(({ parameters }) => parameters.error === 'invalid_token')
}
