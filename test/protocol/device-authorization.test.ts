import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import {
  buildDeviceAuthorizationRequest,
  buildDeviceCodeRequest,
  judgeDeviceAuthorizationResponse,
} from '../../src/protocol/device-authorization.ts'
import { caught } from '../support/caught.ts'

const honest = {
  device_code: 'dc-secret',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://op.example/device',
  verification_uri_complete: 'https://op.example/device?user_code=WDJB-MJHT',
  expires_in: 600,
  interval: 7,
}
const rules = { receivedAt: 1000 }
const judge = (change: object) => judgeDeviceAuthorizationResponse({ ...honest, ...change }, rules)

describe('a device authorization response', () => {
  it('is read in the terms of the library', () => {
    expect(judge({})).toEqual({
      deviceCode: 'dc-secret',
      userCode: 'WDJB-MJHT',
      verificationUri: 'https://op.example/device',
      verificationUriComplete: 'https://op.example/device?user_code=WDJB-MJHT',
      expiresAt: 601_000,
      pace: { interval: 7000, wait: 7000 },
    })
  })

  it.each([
    ['no object', []],
    ['null', null],
    ['text', 'x'],
  ])('is refused as %s', (_name, body) => {
    expect(caught(ProtocolError, () => judgeDeviceAuthorizationResponse(body, rules)).code).toBe(
      'invalid_device_response',
    )
  })

  it.each([
    ['device_code', undefined],
    ['device_code', ''],
    ['device_code', 7],
    ['user_code', undefined],
    ['user_code', 'AB\u001b[2JCD'],
    ['user_code', 'AB\u202eCD'],
    ['expires_in', undefined],
    ['expires_in', 0],
    ['expires_in', -5],
    ['expires_in', '600'],
    ['expires_in', Number.POSITIVE_INFINITY],
    ['interval', -1],
    ['interval', '5'],
    ['interval', Number.NaN],
  ])('is refused with "%s" %j (RFC 8628 3.2)', (name, value) => {
    const error = caught(ProtocolError, () => judge({ [name]: value }))
    expect(error).toMatchObject({ code: 'invalid_device_response', clause: 'RFC 8628 3.2' })
    expect(error.message).toContain(`"${name}"`)
    expect(error.message).not.toContain('dc-secret')
  })

  it.each([
    ['verification_uri', 'javascript:alert(1)', 'insecure_endpoint'],
    ['verification_uri', 'http://op.example/device', 'insecure_endpoint'],
    ['verification_uri', 'not a url', 'invalid_metadata'],
    ['verification_uri', undefined, 'invalid_metadata'],
    ['verification_uri_complete', 'data:text/html,x', 'insecure_endpoint'],
    ['verification_uri_complete', 'https://user:pw@op.example/', 'invalid_metadata'],
  ])('sends no user to "%s" %j', (name, value, code) => {
    expect(caught(ProtocolError, () => judge({ [name]: value })).code).toBe(code)
  })
})

describe('the requests of the device flow', () => {
  it('name scope, resource and details', () => {
    const options = { scope: 'openid', resource: 'https://api.example', authorizationDetails: [{ type: 'a' }] }
    expect(buildDeviceAuthorizationRequest({ ...options, extraParameters: { audience: 'x' } })).toEqual({
      scope: 'openid',
      resource: ['https://api.example'],
      authorization_details: [{ type: 'a' }],
      audience: 'x',
    })
    expect(buildDeviceCodeRequest('dc')).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'dc',
    })
  })

  it.each(['client_id', 'client_secret', 'client_assertion', 'scope', 'grant_type'])(
    'let nobody set "%s" beside its place',
    (name) => {
      expect(() => buildDeviceAuthorizationRequest({ extraParameters: { [name]: 'x' } })).toThrow(TypeError)
    },
  )
})
