import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import {
  buildBackchannelRequest,
  buildBackchannelTokenRequest,
  judgeBackchannelResponse,
  judgePingNotification,
} from '../../src/protocol/backchannel-authentication.ts'
import { caught } from '../support/caught.ts'

const scope = 'openid profile'

describe('a backchannel authentication request', () => {
  it('has every parameter of CIBA Core 7.1', () => {
    const request = buildBackchannelRequest(
      {
        scope,
        loginHint: 'alice',
        bindingMessage: 'W4SCT',
        userCode: '1234',
        acrValues: ['a', 'b'],
        requestedExpiry: 120,
        resource: 'https://api.example',
      },
      'token-1',
    )
    expect(request).toEqual({
      scope,
      login_hint: 'alice',
      binding_message: 'W4SCT',
      user_code: '1234',
      acr_values: 'a b',
      requested_expiry: 120,
      resource: ['https://api.example'],
      client_notification_token: 'token-1',
    })
    expect(buildBackchannelTokenRequest('id', ['https://api.example'])).toEqual({
      grant_type: 'urn:openid:params:grant-type:ciba',
      auth_req_id: 'id',
      resource: ['https://api.example'],
    })
  })

  it.each([
    ['no hint', { scope }],
    ['two hints', { scope, loginHint: 'a', idTokenHint: 'b' }],
    ['an empty hint', { scope, loginHint: '' }],
    ['no openid', { scope: 'profile', loginHint: 'a' }],
    ['no scope', { loginHint: 'a' }],
    ['no whole expiry', { scope, loginHint: 'a', requestedExpiry: 1.5 }],
    ['an expiry of nothing', { scope, loginHint: 'a', requestedExpiry: 0 }],
    ['its own parameter again', { scope, loginHint: 'a', extraParameters: { login_hint: 'b' } }],
    [
      'a notification token of the caller',
      { scope, loginHint: 'a', extraParameters: { client_notification_token: 'b' } },
    ],
  ])('is refused with %s', (_name, options) => {
    expect(() => buildBackchannelRequest(options)).toThrow(TypeError)
  })
})

describe('the acknowledgement', () => {
  const honest = { auth_req_id: 'id-1', expires_in: 120 }

  it('is read, with five seconds where it names no interval (CIBA Core 7.3)', () => {
    expect(judgeBackchannelResponse(honest, 1000)).toEqual({
      authReqId: 'id-1',
      expiresAt: 121_000,
      pace: { interval: 5000, wait: 5000 },
    })
  })

  it.each([
    ['no object', null],
    ['no id', { expires_in: 120 }],
    ['an empty id', { ...honest, auth_req_id: '' }],
    ['an id with a line break', { ...honest, auth_req_id: 'a\nb' }],
    ['no lifetime', { auth_req_id: 'id-1' }],
    ['a lifetime of nothing', { ...honest, expires_in: 0 }],
    ['a lifetime of years', { ...honest, expires_in: 1e9 }],
    ['a negative interval', { ...honest, interval: -1 }],
  ])('is refused with %s', (_name, body) => {
    expect(caught(ProtocolError, () => judgeBackchannelResponse(body, 0))).toMatchObject({
      code: 'invalid_backchannel_response',
      clause: 'CIBA Core 7.3',
    })
  })
})

describe('a ping', () => {
  const expected = { authReqId: 'id-1', notificationToken: 'tok-en_1' }
  const honest = { authorization: 'Bearer tok-en_1', body: { auth_req_id: 'id-1' } }

  it('is taken, whatever the case of its scheme', () => {
    expect(() => judgePingNotification(honest, expected)).not.toThrow()
    expect(() => judgePingNotification({ ...honest, authorization: 'bearer tok-en_1' }, expected)).not.toThrow()
  })

  it.each([
    ['no token', { ...honest, authorization: null }],
    ['another token', { ...honest, authorization: 'Bearer tok-en_2' }],
    ['the token in another scheme', { ...honest, authorization: 'Basic tok-en_1' }],
    ['an empty token', { ...honest, authorization: 'Bearer ' }],
    ['another request', { ...honest, body: { auth_req_id: 'id-2' } }],
    ['no request', { ...honest, body: {} }],
    ['no body', { ...honest, body: undefined }],
    ['a request that is no text', { ...honest, body: { auth_req_id: ['id-1'] } }],
  ])('is refused with %s (CIBA Core 10.2)', (_name, notification) => {
    const error = caught(ProtocolError, () => judgePingNotification(notification, expected))
    expect(error.code).toBe('invalid_notification')
    expect(JSON.stringify(error) + error.message).not.toContain('tok-en')
  })
})
