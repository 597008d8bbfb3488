import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AuthentypeError, AuthorizationResponseError, ProtocolError } from '../../src/errors/index.ts'
import {
  judgeAuthorizationResponse,
  parseAuthorizationResponse,
  requireState,
} from '../../src/protocol/authorization-response.ts'
import { caught } from '../support/caught.ts'

const issuer = 'https://as.example'
const state = 'xyz-STATE-0123456789'
const code = 'SplxlOBeZQQYbYS6WxSbIA'
const good = { code, state, iss: issuer }

type Parameters = Record<string, string> | string | URLSearchParams

function judge(parameters: Parameters, metadata = {}): { readonly code: string } {
  const response = parseAuthorizationResponse(new URLSearchParams(parameters))
  return judgeAuthorizationResponse(response, { issuer, state }, metadata)
}

function refusal(parameters: Parameters, metadata = {}): ProtocolError {
  return caught(ProtocolError, () => judge(parameters, metadata))
}

describe('parseAuthorizationResponse', () => {
  it('reads the query of a URL, and parameters as such', () => {
    const url = new URL(`https://app.example/callback?${new URLSearchParams(good)}`)
    expect(parseAuthorizationResponse(url)).toMatchObject(parseAuthorizationResponse(new URLSearchParams(good)))
  })

  it('takes nothing else', () => {
    expect(() => parseAuthorizationResponse('https://app.example/?code=a' as never)).toThrow(TypeError)
  })

  it('and its judge never throw anything untyped', () => {
    const name = fc.constantFrom('state', 'code', 'iss', 'error', 'error_description', 'id_token', 'response', 'x')
    const value = fc.oneof(fc.constantFrom(state, issuer, code, ''), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), fc.boolean(), (pairs, advertised) => {
        try {
          const metadata = { authorization_response_iss_parameter_supported: advertised }
          const judged = judge(new URLSearchParams(pairs as [string, string][]), metadata)
          // Whatever passes is one code, with the right state, from the right issuer.
          const search = new URLSearchParams(pairs as [string, string][])
          expect(search.getAll('code')).toEqual([judged.code])
          expect(search.getAll('state')).toEqual([state])
          expect(search.get('iss') ?? issuer).toBe(issuer)
        } catch (error) {
          expect(error).toBeInstanceOf(AuthentypeError)
        }
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (query) => {
        const url = new URL('https://app.example/callback')
        url.search = query
        expect(() => parseAuthorizationResponse(url)).not.toThrow()
      }),
    )
  })
})

describe('requireState', () => {
  it.each([
    ['missing', 'code=a'],
    ['empty', 'code=a&state='],
    ['repeated', 'code=a&state=b&state=b'],
  ])('refuses a state that is %s', (_, query) => {
    const response = parseAuthorizationResponse(new URLSearchParams(query))
    const error = caught(ProtocolError, () => requireState(response))
    expect(error.code).toBe('invalid_authorization_response')
  })
})

describe('judgeAuthorizationResponse', () => {
  it('gives the code', () => {
    expect(judge(good)).toEqual({ code })
    expect(judge({ code, state })).toEqual({ code })
  })

  it('ignores unrecognised parameters, repeated ones too (RFC 6749 4.1.2)', () => {
    expect(judge(`code=${code}&state=${state}&foo=1&foo=2&session_state=s&scope=a&scope=b`)).toEqual({ code })
  })

  it('refuses another state, without showing either', () => {
    const error = refusal({ ...good, state: 'another-STATE' })
    expect(error.code).toBe('state_mismatch')
    expect(error.message + JSON.stringify(error)).not.toMatch(/another-STATE|xyz-STATE/)
    expect(refusal({ ...good, state: state.slice(0, -1) }).code).toBe('state_mismatch')
    expect(refusal({ ...good, state: state.toLowerCase() }).code).toBe('state_mismatch')
  })

  it.each(['state', 'code', 'iss', 'error', 'error_description', 'error_uri'])('refuses a repeated %s', (name) => {
    const search = new URLSearchParams(name.startsWith('error') ? { state, error: 'access_denied', iss: issuer } : good)
    const value = search.get(name) ?? 'x'
    search.set(name, value)
    search.append(name, value)
    expect(refusal(search)).toMatchObject({ code: 'invalid_authorization_response', clause: 'RFC 6749 3.1' })
  })

  it.each([
    ['nothing but a state', { state }],
    ['an empty code', { state, code: '' }],
    ['a code with a control character', { state, code: 'a\nb' }],
    ['a code beyond ASCII', { state, code: 'é' }],
    ['code and error', { state, code, error: 'access_denied' }],
    ['an empty error', { state, error: '' }],
    ['an error with a quote', { state, error: 'a"b' }],
    ['an access token', { state, code, access_token: 'at' }],
    ['an id_token', { state, code, id_token: 'a.b.c' }],
    ['a JARM response', { state, code, response: 'a.b.c' }],
    ['only a JARM response', { state, response: 'a.b.c' }],
  ])('refuses %s', (_, parameters) => {
    expect(refusal(parameters as Record<string, string>)).toMatchObject({ code: 'invalid_authorization_response' })
  })

  it('never shows a code', () => {
    const error = refusal({ state, code: `${code}\n` })
    expect(error.message + JSON.stringify(error)).not.toContain(code)
  })

  describe('iss (RFC 9207 2.4)', () => {
    const advertised = { authorization_response_iss_parameter_supported: true }

    it('must match when present, advertised or not, to the last character', () => {
      for (const iss of ['https://evil.example', `${issuer}/`, 'HTTPS://AS.EXAMPLE', `${issuer}:443`, '']) {
        expect(refusal({ ...good, iss })).toMatchObject({ code: 'issuer_mismatch', expected: issuer })
        expect(refusal({ ...good, iss }, advertised).clause).toBe('RFC 9207 2.4')
      }
    })

    it('must be present when advertised', () => {
      expect(refusal({ code, state }, advertised)).toMatchObject({ code: 'issuer_mismatch', actual: 'absent' })
      expect(judge({ code, state }, { authorization_response_iss_parameter_supported: false })).toEqual({ code })
    })

    it('is judged before an error is believed', () => {
      expect(refusal({ state, error: 'access_denied', iss: 'https://evil.example' }).code).toBe('issuer_mismatch')
      expect(refusal({ state, error: 'access_denied' }, advertised).code).toBe('issuer_mismatch')
    })

    it('is shown without control characters and not at full length', () => {
      const { message } = refusal({ ...good, iss: `https://evil.example/\u001b[2J${'a'.repeat(5000)}` })
      expect(message).not.toContain('\u001b')
      expect(message.length).toBeLessThan(500)
    })
  })

  describe('an error response', () => {
    function answer(parameters: Record<string, string>): AuthorizationResponseError {
      return caught(AuthorizationResponseError, () => judge({ state, ...parameters }))
    }

    it('becomes a typed error with its description', () => {
      expect(
        answer({ error: 'access_denied', error_description: 'You said no.', error_uri: 'https://as.example/e' }),
      ).toMatchObject({
        code: 'authorization_error',
        error: 'access_denied',
        errorDescription: 'You said no.',
        errorUri: 'https://as.example/e',
        issuer,
        message: 'https://as.example answered the login with "access_denied": You said no.',
      })
    })

    it('is believed only with the right state', () => {
      expect(refusal({ state: 'other', error: 'access_denied' }).code).toBe('state_mismatch')
    })

    it('has its description cleaned of control characters and cut', () => {
      const { errorDescription = '' } = answer({
        error: 'server_error',
        error_description: `a\r\nSet-Cookie: b\u001b[2J\u202e${'x'.repeat(5000)}`,
      })
      expect(errorDescription).toMatch(/^a Set-Cookie: b \[2J x+…$/)
      expect(errorDescription.length).toBeLessThanOrEqual(301)
    })

    it('has no link that a browser would run', () => {
      expect(answer({ error: 'server_error', error_uri: 'javascript:alert(1)' }).errorUri).toBeUndefined()
      expect(answer({ error: 'server_error', error_uri: 'nonsense' }).errorUri).toBeUndefined()
    })

    it('may be one that no specification has', () => {
      expect(answer({ error: 'consent_required' }).error).toBe('consent_required')
      expect(answer({ error: 'com.example.odd' }).errorDescription).toBeUndefined()
    })
  })
})
