import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import {
  isPushedRequestLive,
  judgePushedAuthorizationResponse,
} from '../../src/protocol/pushed-authorization-response.ts'
import { caught } from '../support/caught.ts'
import { fakeNow } from '../support/fake-runtime.ts'

const good = { request_uri: 'urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c', expires_in: 60 }

describe('judgePushedAuthorizationResponse', () => {
  it('takes the example of RFC 9126 2.2', () => {
    expect(judgePushedAuthorizationResponse({ status: 201, body: good }, fakeNow)).toEqual({
      requestUri: good.request_uri,
      expiresAt: fakeNow + 60_000,
      notices: [],
    })
  })

  it('takes status 200 and reports it', () => {
    const { notices } = judgePushedAuthorizationResponse({ status: 200, body: good }, fakeNow)
    expect(notices).toMatchObject([{ code: 'par_status', expected: 201, actual: 200, clause: 'RFC 9126 2.2' }])
  })

  it.each([
    ['no object', 201, 'ok'],
    ['an array', 201, [good]],
    ['null', 201, null],
    ['another status', 202, good],
    ['no request_uri', 201, { expires_in: 60 }],
    ['an empty request_uri', 201, { ...good, request_uri: '' }],
    ['a request_uri that is no string', 201, { ...good, request_uri: 1 }],
    ['a request_uri that is no URI', 201, { ...good, request_uri: 'hello' }],
    ['a request_uri with a line break', 201, { ...good, request_uri: 'urn:a\nb' }],
    ['no expires_in', 201, { request_uri: good.request_uri }],
    ['expires_in zero', 201, { ...good, expires_in: 0 }],
    ['a negative expires_in', 201, { ...good, expires_in: -1 }],
    ['a fractional expires_in', 201, { ...good, expires_in: 1.5 }],
    ['expires_in as a string', 201, { ...good, expires_in: '60' }],
    ['an absurd expires_in', 201, { ...good, expires_in: 1e300 }],
    ['an error in a success', 201, { ...good, error: 'invalid_request' }],
  ])('refuses %s', (_, status, body) => {
    const error = caught(ProtocolError, () => judgePushedAuthorizationResponse({ status, body }, fakeNow))
    expect(error.code).toBe('invalid_par_response')
    expect(error.clause).toBe('RFC 9126 2.2')
    expect(error.expected).toBeDefined()
  })

  it('throws nothing untyped, whatever JSON comes, and quotes no reference', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (requestUri, expiresIn) => {
        try {
          judgePushedAuthorizationResponse(
            { status: 201, body: { request_uri: requestUri, expires_in: expiresIn } },
            fakeNow,
          )
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
    const body = { ...good, request_uri: 'secret reference' }
    const error = caught(ProtocolError, () => judgePushedAuthorizationResponse({ status: 201, body }, fakeNow))
    expect(error.message + JSON.stringify(error)).not.toContain('secret reference')
  })
})

describe('isPushedRequestLive', () => {
  it('ends with the lifetime that was told', () => {
    const pushed = judgePushedAuthorizationResponse({ status: 201, body: good }, fakeNow)
    expect(isPushedRequestLive(pushed, fakeNow + 59_999)).toBe(true)
    expect(isPushedRequestLive(pushed, fakeNow + 60_000)).toBe(false)
  })
})
