import { absent } from '../patch.ts'
import { accepted, refused, type Scenario, table } from '../scenario.ts'

const html = { headers: { 'content-type': 'text/html' }, body: '<p>Hello</p>' }
const oauthError = (error: string) => ({ unprocessed: true, status: 400, body: JSON.stringify({ error }) }) as const

/** RFC 8628. */
const deviceScenarios = table({ area: 'device', run: ['device'] }, [
  {
    name: 'waits for the user, at the pace of the server',
    clause: 'RFC 8628 3.5',
    fault: {},
    expect: { ...accepted, atMost: { device_authorization: 1, device_token: 3 } },
  },
  { name: 'waits for the user with a proof in each poll', clause: 'RFC 9449 5', client: { dpop: true }, fault: {} },
  { name: 'waits for the user as a public client', clause: 'RFC 8628 3.4', client: { auth: 'none' }, fault: {} },
  ...(
    [
      ['a verification_uri that a browser would run', { verification_uri: 'javascript:alert(1)' }, 'insecure_endpoint'],
      ['a verification_uri without TLS', { verification_uri: 'http://op.example/d' }, 'insecure_endpoint'],
      ['a complete one that is no URL', { verification_uri_complete: '/d' }, ['invalid_body', 'invalid_metadata']],
      ['no verification_uri', { verification_uri: absent }, ['invalid_body', 'invalid_metadata']],
      ['no device_code', { device_code: absent }, ['invalid_body', 'invalid_device_response']],
      ['an empty device_code', { device_code: '' }, ['invalid_body', 'invalid_device_response']],
      ['a user_code that paints the terminal', { user_code: '\u001b[31mAB' }, 'invalid_device_response'],
      ['a user_code that is written backwards', { user_code: 'AB\u202eCD' }, 'invalid_device_response'],
      ['no lifetime', { expires_in: absent }, ['invalid_body', 'invalid_device_response']],
      ['a lifetime of nothing', { expires_in: 0 }, ['invalid_body', 'invalid_device_response']],
      ['a negative lifetime', { expires_in: -1 }, ['invalid_body', 'invalid_device_response']],
      ['a negative interval', { interval: -5 }, ['invalid_body', 'invalid_device_response']],
      ['an interval beyond the lifetime', { interval: 3600 }, 'expired_grant'],
    ] as const
  ).map(([what, json, codes]) => ({
    name: `refuses a device authorization response with ${what}`,
    clause: 'RFC 8628 3.2',
    fault: { answers: { device_authorization: { json } } },
    expect: refused(codes, { atMost: { device_token: 0 } }),
  })),
  {
    name: 'does not poll in a loop where the interval is 0',
    clause: 'RFC 8628 3.5',
    level: 'recommended',
    fault: {
      answers: { device_authorization: { json: { interval: 0 } }, device_token: oauthError('authorization_pending') },
    },
    expect: refused('expired_grant', { atMost: { device_token: 120 } }),
  },
  {
    name: 'refuses an HTML page in place of the device authorization response',
    clause: 'RFC 8628 3.2',
    fault: { answers: { device_authorization: html } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses a device authorization response without a content type',
    clause: 'RFC 8628 3.2',
    level: 'recommended',
    fault: { answers: { device_authorization: { headers: { 'content-type': null } } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'does not follow a redirect of the device authorization endpoint',
    clause: 'RFC 9700 4.12',
    fault: { answers: { device_authorization: { redirect: { status: 307, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused'),
  },
  {
    name: 'goes slower and slower where the server says so, and ends with the code',
    clause: 'RFC 8628 3.5',
    fault: { answers: { device_token: oauthError('slow_down') } },
    // 10, 20, 35, 55, 80, 110 seconds at the latest; the next would be beyond 120.
    expect: refused('expired_grant', { atMost: { device_token: 6 } }),
  },
  {
    name: 'asks until the code has expired, and no longer',
    clause: 'RFC 8628 3.5',
    fault: { answers: { device_token: oauthError('authorization_pending') } },
    expect: refused('expired_grant', { atMost: { device_token: 23 } }),
  },
  {
    name: 'goes on after a server that was down for a moment',
    clause: 'RFC 8628 3.5',
    fault: { answers: { device_token: { unprocessed: true, status: 503, times: 2 } } },
  },
  {
    name: 'goes on after a connection that was reset',
    clause: 'RFC 8628 3.5',
    fault: { answers: { device_token: { unprocessed: true, reset: true, times: 1 } } },
  },
  {
    name: 'waits as long as Retry-After says, and not beyond the code',
    clause: 'RFC 9110 10.2.3',
    fault: {
      answers: { device_token: { ...oauthError('slow_down'), headers: { 'retry-after': '3600' } } },
    },
    expect: refused('expired_grant', { atMost: { device_token: 1 } }),
  },
  ...(['access_denied', 'expired_token', 'invalid_grant', 'invalid_client'] as const).map((error) => ({
    name: `passes on ${error} and asks no more`,
    clause: 'RFC 8628 3.5',
    fault: { answers: { device_token: oauthError(error) } },
    expect: refused('oauth_error', { error, atMost: { device_token: 1 } }),
  })),
  {
    name: 'refuses a Bearer token where a DPoP-bound one was asked for on a device',
    clause: 'RFC 9449 5',
    client: { dpop: true },
    fault: { answers: { device_token: { after: 2, json: { token_type: 'Bearer' } } } },
    expect: refused('token_type_mismatch'),
  },
  {
    name: 'refuses a login on a device without an id_token',
    clause: 'OpenID Connect Core 3.1.3.3',
    fault: { answers: { device_token: { after: 2, json: { id_token: absent } } } },
    expect: refused('invalid_token_response'),
  },
  ...(
    [
      ['of another client', { claims: { aud: 'other' } }, 'aud'],
      ['of another issuer', { claims: { iss: 'https://evil.example' } }, 'iss'],
      ['with a nonce of another flow', { claims: { nonce: 'n' } }, 'nonce'],
      ['for another access token', { claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } }, 'at_hash'],
      ['signed by a stranger', { key: 'stranger-es256' }, 'key'],
      ['with a broken signature', { signature: 'flipped' }, 'signature'],
    ] as const
  ).map(([what, idToken, check]) => ({
    name: `refuses a login on a device with an id_token ${what}`,
    clause: 'OpenID Connect Core 3.1.3.7',
    fault: { idToken },
    expect: refused('invalid_id_token', { checks: [check] }),
  })),
])

/** CIBA Core 1.0. */
const backchannelScenarios = table({ area: 'backchannel', run: ['backchannel'] }, [
  {
    name: 'waits for a user who is asked elsewhere',
    clause: 'CIBA Core 10.1',
    fault: {},
    expect: { ...accepted, atMost: { backchannel_authentication: 1, backchannel_token: 3 } },
  },
  { name: 'waits with a proof in each poll', clause: 'RFC 9449 5', client: { dpop: true }, fault: {} },
  ...(
    [
      ['no auth_req_id', { auth_req_id: absent }, ['invalid_body', 'invalid_backchannel_response']],
      ['an auth_req_id with a line break', { auth_req_id: 'a\nb' }, 'invalid_backchannel_response'],
      ['no lifetime', { expires_in: absent }, ['invalid_body', 'invalid_backchannel_response']],
      ['a lifetime of nothing', { expires_in: 0 }, ['invalid_body', 'invalid_backchannel_response']],
      ['a negative interval', { interval: -1 }, ['invalid_body', 'invalid_backchannel_response']],
    ] as const
  ).map(([what, json, codes]) => ({
    name: `refuses an acknowledgement with ${what}`,
    clause: 'CIBA Core 7.3',
    fault: { answers: { backchannel_authentication: { json } } },
    expect: refused(codes, { atMost: { backchannel_token: 0 } }),
  })),
  {
    name: 'goes slower where the server says so, and ends with the request',
    clause: 'CIBA Core 11',
    fault: { answers: { backchannel_token: oauthError('slow_down') } },
    expect: refused('expired_grant', { atMost: { backchannel_token: 6 } }),
  },
  {
    name: 'passes on that the user said no',
    clause: 'CIBA Core 11',
    fault: { answers: { backchannel_token: oauthError('access_denied') } },
    expect: refused('oauth_error', { error: 'access_denied', atMost: { backchannel_token: 1 } }),
  },
  {
    name: 'refuses an answer without an id_token',
    clause: 'CIBA Core 10.1.1',
    fault: { answers: { backchannel_token: { after: 2, json: { id_token: absent } } } },
    expect: refused('invalid_token_response'),
  },
  {
    name: 'refuses an id_token of another request',
    clause: 'CIBA Core 10.3.1',
    fault: { idToken: { claims: { 'urn:openid:params:jwt:claim:auth_req_id': 'another' } } },
    expect: refused('invalid_id_token'),
  },
])

/** RFC 8693. */
const exchangeScenarios = table({ area: 'token_exchange', run: ['login', 'exchange-token'] }, [
  { name: 'exchanges a token', clause: 'RFC 8693 2', fault: {} },
  { name: 'exchanges a token for a bound one', clause: 'RFC 9449 5', client: { dpop: true }, fault: {} },
  ...(
    [
      ['no issued_token_type', { issued_token_type: absent }, 'invalid_token_response'],
      [
        'a token of another type',
        { issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
        'token_type_mismatch',
      ],
      ['an unknown token_type', { token_type: 'mac' }, 'token_type_mismatch'],
      ['no token', { access_token: absent }, ['invalid_body', 'invalid_token_response']],
      ['a token that no header can hold', { access_token: 'a b' }, 'invalid_token_response'],
    ] as const
  ).map(([what, json, codes]) => ({
    name: `refuses an exchange with ${what}`,
    clause: 'RFC 8693 2.2.1',
    fault: { answers: { token_exchange: { json } } },
    expect: refused(codes),
  })),
  {
    name: 'passes on that the target is none',
    clause: 'RFC 8693 2.2.2',
    fault: { answers: { token_exchange: oauthError('invalid_target') } },
    expect: refused('oauth_error', { error: 'invalid_target', atMost: { token_exchange: 1 } }),
  },
  {
    name: 'refuses an exchange with status 200 and an error',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token_exchange: { body: '{"error":"invalid_request"}' } } },
    expect: refused(['oauth_error', 'invalid_token_response']),
  },
])

export const backChannelScenarios: readonly Scenario[] = [
  ...deviceScenarios,
  ...backchannelScenarios,
  ...exchangeScenarios,
]
