import { absent } from '../patch.ts'
import { accepted, refused, table } from '../scenario.ts'

const mismatch = refused(['refresh_mismatch', 'invalid_id_token'], { atMost: { refresh: 1 } })
const once = { atMost: { refresh: 1 } }

/** OpenID Connect Core 12.2, RFC 6749 6, RFC 9700 4.14. */
export const refreshScenarios = table({ area: 'refresh', run: ['login', 'refresh'] }, [
  {
    name: 'refuses a refresh that brings another subject',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { sub: 'mallory' } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refresh from another issuer',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { iss: 'https://evil.example' } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refresh for another audience',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { aud: 'other-app' } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refresh that widens the audience',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { aud: ['app', 'https://api.example'], azp: 'app' } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refresh that brings another nonce',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { nonce: 'another-nonce' } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refresh that newly brings azp',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { azp: 'app' } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refresh that loses azp',
    clause: 'OpenID Connect Core 12.2',
    fault: { idToken: { claims: { azp: 'app' } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refresh that changes auth_time',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { auth_time: ({ now }) => now - 10 } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refreshed id_token that has expired',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { exp: ({ now }) => now - 3600 } } },
    expect: mismatch,
  },
  {
    name: 'refuses a refreshed id_token whose signature is wrong',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { signature: 'flipped' } },
    expect: mismatch,
  },
  {
    name: 'refuses a refreshed id_token that is not signed',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { header: { alg: 'none' }, signature: 'none' } },
    expect: refused(['refresh_mismatch', 'invalid_id_token', 'no_matching_key'], once),
  },
  {
    name: 'refuses a refresh that steps down from DPoP to Bearer',
    clause: 'RFC 9449 5',
    client: { dpop: true },
    fault: { answers: { refresh: { json: { token_type: 'Bearer' } } } },
    expect: refused('token_type_mismatch', once),
  },
  {
    name: 'refuses a refresh without access_token',
    clause: 'RFC 6749 6',
    fault: { answers: { refresh: { json: { access_token: absent } } } },
    expect: refused(['invalid_token_response', 'invalid_body'], once),
  },
  {
    name: 'passes on that a refresh token is no longer good',
    clause: 'RFC 6749 5.2',
    fault: { answers: { refresh: { status: 400, body: '{"error":"invalid_grant"}' } } },
    expect: refused('oauth_error', { error: 'invalid_grant', ...once }),
  },
  {
    name: 'does not send a refresh token twice when the connection is reset',
    clause: 'RFC 9700 4.14.2',
    fault: { answers: { refresh: { reset: true } } },
    expect: refused('network_error', once),
  },
  {
    name: 'does not send a refresh token twice when the answer never comes',
    clause: 'RFC 9700 4.14.2',
    client: { timeout: 250 },
    fault: { answers: { refresh: { hang: true } } },
    expect: refused('timeout', once),
  },
  {
    name: 'does not send a refresh token twice when the server is unavailable',
    clause: 'RFC 9700 4.14.2',
    fault: {
      answers: { refresh: { status: 503, headers: { 'content-type': 'text/plain', 'retry-after': '0' }, body: '' } },
    },
    expect: refused(['unexpected_status', 'api_error'], once),
  },
  {
    name: 'does not send a refresh token where a redirect points',
    clause: 'RFC 9700 4.12',
    fault: { answers: { refresh: { redirect: { status: 307, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused', once),
  },
  {
    name: 'uses the new refresh token after a rotation',
    clause: 'RFC 9700 4.14.2',
    fault: {},
    run: ['login', 'refresh', 'refresh', 'refresh'],
    expect: { ...accepted, atMost: { refresh: 3 } },
  },
  {
    name: 'keeps the old refresh token where no new one comes',
    clause: 'RFC 6749 6',
    fault: { rotatesRefreshTokens: false },
    run: ['login', 'refresh', 'refresh'],
    expect: { ...accepted, atMost: { refresh: 2 } },
  },
  {
    name: 'takes a refresh without id_token',
    clause: 'OpenID Connect Core 12.2',
    fault: { answers: { refresh: { json: { id_token: absent } } } },
    run: ['login', 'refresh', 'refresh'],
  },
  {
    name: 'takes a refreshed id_token with the nonce of the login',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { nonce: ({ nonce = '' }) => nonce } } },
  },
  {
    name: 'takes a refreshed id_token without auth_time',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { auth_time: absent } } },
  },
  {
    name: 'takes a refreshed id_token with the azp of the login',
    clause: 'OpenID Connect Core 12.2',
    fault: { idToken: { claims: { azp: 'app' } }, refreshIdToken: { claims: { azp: 'app' } } },
  },
  {
    name: 'takes a refreshed id_token signed by a key that was rotated since the login',
    clause: 'OpenID Connect Core 10.1.1',
    fault: {},
    run: ['login', { rotateSigningKeyTo: 'es256-next' }, 'refresh'],
  },
  {
    name: 'refreshes once and sends the new token when the API no longer takes the old one',
    clause: 'spec/3-sessions.md',
    client: { dpop: true },
    fault: {},
    run: ['login', 'api-call', 'end-access-tokens', 'api-call'],
    expect: { ...accepted, atMost: { refresh: 1 } },
  },
  {
    name: 'refreshes ahead of the expiry of a token',
    clause: 'spec/3-sessions.md',
    fault: {},
    run: ['login', { advanceSeconds: 290 }, 'api-call'],
    expect: { ...accepted, atMost: { refresh: 1, userinfo: 1 } },
  },
])
