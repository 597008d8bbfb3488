import { absent } from '../patch.ts'
import { refused, table } from '../scenario.ts'

const once = { atMost: { token: 1 } }
const shape = refused(['invalid_token_response', 'invalid_body'], once)
const json = (fields: object, status = 400) => ({ status, body: JSON.stringify(fields) })

/** RFC 6749 5, RFC 9449 5 and the limits of spec/2-protocol.md. No request with a code is ever sent twice. */
export const tokenScenarios = table({ area: 'token', run: ['login'] }, [
  {
    name: 'refuses an HTML page in place of a token answer',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { headers: { 'content-type': 'text/html' }, body: '<p>Signed in</p>' } } },
    expect: refused('unexpected_content_type', once),
  },
  {
    name: 'refuses a token answer without a content type',
    clause: 'RFC 6749 5.1',
    level: 'recommended',
    fault: { answers: { token: { headers: { 'content-type': null } } } },
    expect: refused('unexpected_content_type', once),
  },
  {
    name: 'refuses an HTML page that calls itself a token answer',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { body: '<p>Signed in</p>' } } },
    expect: refused('invalid_json', once),
  },
  {
    name: 'refuses an empty token answer',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { body: '' } } },
    expect: refused(['invalid_json', 'invalid_body'], once),
  },
  {
    name: 'refuses a token answer with status 204',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { status: 204, body: '' } } },
    expect: refused('unexpected_status', once),
  },
  {
    name: 'refuses a truncated token answer',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { body: (honest) => honest.slice(0, 120) } } },
    expect: refused('invalid_json', once),
  },
  {
    name: 'refuses a token answer with a parameter twice',
    clause: 'RFC 6749 3.2',
    fault: { answers: { token: { body: (honest) => honest.replace('{', '{"access_token":"another",') } } },
    expect: refused('invalid_json', once),
  },
  {
    name: 'refuses a token answer with a parameter twice, under no media type',
    clause: 'RFC 6749 3.2',
    fault: {
      answers: {
        token: {
          headers: { 'content-type': null },
          body: (honest) => honest.replace('{', '{"access_token":"another",'),
        },
      },
    },
    expect: refused('invalid_json', once),
  },
  {
    name: 'refuses a token answer that is an array',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { body: (honest) => `[${honest}]` } } },
    expect: shape,
  },
  {
    name: 'refuses a token answer that is null',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { body: 'null' } } },
    expect: shape,
  },
  {
    name: 'refuses a form-encoded token answer',
    clause: 'RFC 6749 5.1',
    fault: {
      answers: {
        token: {
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: 'access_token=at&token_type=Bearer',
        },
      },
    },
    expect: refused('unexpected_content_type', once),
  },
  {
    name: 'treats a 200 with an error in it as the error',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token: json({ error: 'invalid_grant', error_description: 'Code expired' }, 200) } },
    expect: refused('oauth_error', { ...once, error: 'invalid_grant' }),
  },
  {
    name: 'refuses tokens that come with an error beside them',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token: { json: { error: 'server_error' } } } },
    expect: refused('invalid_token_response', once),
  },
  {
    name: 'refuses a Bearer token where a DPoP-bound one was asked for',
    clause: 'RFC 9449 5',
    client: { dpop: true },
    fault: { answers: { token: { json: { token_type: 'Bearer' } } } },
    expect: refused('token_type_mismatch', { atMost: { token: 2 } }),
  },
  {
    name: 'takes a Bearer token where a DPoP-bound one was asked for, if that is allowed by name',
    clause: 'spec/2-protocol.md, Errors, quirks, events',
    client: { dpop: true, allow: 'bearer-downgrade' },
    fault: { answers: { token: { json: { token_type: 'Bearer' } } } },
  },
  {
    name: 'refuses a DPoP token that nobody proved a key for',
    clause: 'RFC 9449 5',
    fault: { answers: { token: { json: { token_type: 'DPoP' } } } },
    expect: refused('token_type_mismatch', once),
  },
  {
    name: 'refuses a token of a type that it does not know',
    clause: 'RFC 6749 7.1',
    fault: { answers: { token: { json: { token_type: 'mac' } } } },
    expect: refused(['token_type_mismatch', 'invalid_token_response'], once),
  },
  {
    name: 'refuses the token type N_A of an access token',
    clause: 'RFC 8693 2.2.1',
    fault: { answers: { token: { json: { token_type: 'N_A' } } } },
    expect: refused(['token_type_mismatch', 'invalid_token_response'], once),
  },
  {
    name: 'refuses a token answer without token_type',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { token_type: absent } } } },
    expect: refused(['invalid_token_response', 'invalid_body', 'token_type_mismatch'], once),
  },
  {
    name: 'refuses a token answer without access_token',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { access_token: absent } } } },
    expect: shape,
  },
  {
    name: 'refuses an empty access_token',
    clause: 'RFC 6749 A.12',
    fault: { answers: { token: { json: { access_token: '' } } } },
    expect: shape,
  },
  {
    name: 'refuses an access_token that is a number',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { access_token: 12345 } } } },
    expect: shape,
  },
  {
    name: 'refuses an access_token with a line break in it',
    clause: 'RFC 6749 A.12',
    fault: { answers: { token: { json: { access_token: 'at\r\nX-Injected: yes' } } } },
    expect: shape,
  },
  {
    name: 'refuses a refresh_token that is an object',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { refresh_token: { value: 'rt' } } } } },
    expect: shape,
  },
  {
    name: 'refuses a scope that is an array',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { scope: ['openid'] } } } },
    expect: shape,
  },
  {
    name: 'refuses a negative expires_in',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { expires_in: -1 } } } },
    expect: shape,
  },
  {
    name: 'refuses an expires_in that is no number',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { expires_in: 'soon' } } } },
    expect: shape,
  },
  {
    name: 'refuses an expires_in that overflows',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { body: (honest) => honest.replace('"expires_in":300', '"expires_in":1e999') } } },
    expect: shape,
  },
  {
    name: 'refuses an expires_in that is null',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { expires_in: null } } } },
    expect: shape,
  },
  {
    name: 'refuses a login without an id_token',
    clause: 'OpenID Connect Core 3.1.3.3',
    fault: { answers: { token: { json: { id_token: absent } } } },
    expect: refused(['invalid_token_response', 'invalid_id_token'], once),
  },
  {
    name: 'refuses an id_token that is not a string',
    clause: 'OpenID Connect Core 3.1.3.3',
    fault: { answers: { token: { json: { id_token: { sub: 'alice' } } } } },
    expect: refused(['invalid_token_response', 'invalid_body', 'invalid_id_token'], once),
  },
  {
    name: 'refuses a token answer of more than a megabyte',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { token: { json: { padding: 'x'.repeat(1 << 20) } } } },
    expect: refused('body_too_large', once),
  },
  {
    name: 'ends a token answer that drips in past the deadline',
    clause: 'spec/2-protocol.md, Discovery',
    client: { timeout: 250 },
    fault: { answers: { token: { drip: { bytes: 4, everyMs: 15 } } } },
    expect: refused('timeout', once),
  },
  {
    name: 'ends a wait for a token answer and does not send the code again',
    clause: 'spec/2-protocol.md, Authorization response',
    client: { timeout: 250 },
    fault: { answers: { token: { hang: true } } },
    expect: refused('timeout', once),
  },
  {
    name: 'reports a connection that is reset in place of a token answer',
    clause: 'RFC 9112 8',
    fault: { answers: { token: { reset: true } } },
    expect: refused('network_error', once),
  },
  ...[0, 1, 60, 200, 400, 600].map((bytes) => ({
    name: `reports a connection that is reset after ${bytes} bytes of a token answer`,
    clause: 'RFC 9112 8',
    fault: { answers: { token: { cutAfter: bytes } } },
    expect: refused('network_error', once),
  })),
  {
    name: 'does not send code and credentials where a 307 points',
    clause: 'RFC 9700 4.12',
    fault: { answers: { token: { redirect: { status: 307, hops: 1, to: 'same-origin' } } } },
    expect: refused('redirect_refused', once),
  },
  {
    name: 'does not send code and credentials to another origin',
    clause: 'RFC 9700 4.12',
    fault: { answers: { token: { redirect: { status: 308, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused', once),
  },
  {
    name: 'does not follow a 303 of the token endpoint',
    clause: 'RFC 9700 4.12',
    fault: { answers: { token: { redirect: { status: 303, hops: 1, to: 'same-origin' } } } },
    expect: refused('redirect_refused', once),
  },
  {
    name: 'passes on invalid_grant',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token: json({ error: 'invalid_grant' }) } },
    expect: refused('oauth_error', { error: 'invalid_grant', ...once }),
  },
  {
    name: 'shows no control characters of an error description',
    clause: 'RFC 6749 5.2',
    fault: {
      answers: {
        token: json({ error: 'invalid_grant', error_description: '\u001b[31mred\r\nforged: line \u202e' }),
      },
    },
    expect: refused(['oauth_error', 'invalid_body', 'unexpected_status'], once),
  },
  {
    name: 'shows no control characters of an error code',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token: json({ error: 'invalid_grant\r\n\u001b[31m' }) } },
    expect: refused(['oauth_error', 'invalid_body', 'unexpected_status', 'api_error'], once),
  },
  {
    name: 'passes on invalid_client that comes with a Basic challenge',
    clause: 'RFC 6749 5.2',
    fault: {
      answers: {
        token: {
          ...json({ error: 'invalid_client' }, 401),
          headers: { 'www-authenticate': 'Basic realm="op", charset="UTF-8"' },
        },
      },
    },
    expect: refused('oauth_error', { error: 'invalid_client', ...once }),
  },
  {
    name: 'gives an empty 401 a typed error',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token: { status: 401, body: '', headers: { 'content-type': null } } } },
    expect: refused(['unexpected_status', 'unexpected_content_type', 'invalid_json', 'api_error'], once),
  },
  {
    name: 'gives an error answer without an error code a typed error',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token: json({ message: 'computer says no' }) } },
    expect: refused(['invalid_body', 'unexpected_status', 'api_error'], once),
  },
  {
    name: 'gives an error code that is a number a typed error',
    clause: 'RFC 6749 5.2',
    fault: { answers: { token: json({ error: 17 }) } },
    expect: refused(['invalid_body', 'unexpected_status', 'api_error'], once),
  },
  {
    name: 'does not send the code again when the server is unavailable',
    clause: 'spec/2-protocol.md, Authorization response',
    fault: {
      answers: { token: { status: 503, headers: { 'content-type': 'text/html', 'retry-after': '0' }, body: '<p>503' } },
    },
    expect: refused(['unexpected_status', 'unexpected_content_type', 'api_error'], once),
  },
  {
    name: 'does not send the code again when it is told to slow down',
    clause: 'spec/2-protocol.md, Errors',
    fault: {
      answers: { token: { ...json({ error: 'slow_down' }, 429), headers: { 'retry-after': '0' } } },
    },
    expect: refused(['oauth_error', 'unexpected_status', 'api_error'], once),
  },
  {
    name: 'takes a token type in any case of letters',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { token_type: 'bEARER' } } } },
  },
  {
    name: 'takes a DPoP token type in any case of letters',
    clause: 'RFC 6749 5.1',
    client: { dpop: true },
    fault: { answers: { token: { json: { token_type: 'dpop' } } } },
  },
  {
    name: 'takes expires_in as a string of digits',
    clause: 'spec/2-protocol.md, Token endpoint',
    level: 'recommended',
    fault: { answers: { token: { json: { expires_in: '300' } } } },
  },
  {
    name: 'takes a token answer without expires_in',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { expires_in: absent } } } },
  },
  {
    name: 'takes an absent scope to be the one that was asked for',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { scope: absent } } } },
  },
  {
    name: 'takes a narrower scope than it asked for',
    clause: 'RFC 6749 3.3',
    fault: { answers: { token: { json: { scope: 'openid' } } } },
  },
  {
    name: 'takes a token answer without refresh_token',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { refresh_token: absent } } } },
  },
  {
    name: 'ignores members of a token answer that it does not know',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { session_state: 'x', not_before: 0, extra: { a: [null] } } } } },
  },
  {
    name: 'takes no harm from a __proto__ member in a token answer',
    clause: 'spec/2-protocol.md, id_token 1',
    fault: { answers: { token: { body: (honest) => honest.replace('{', '{"__proto__":{"polluted":true},') } } },
  },
  {
    name: 'takes a token answer with a charset in the content type',
    clause: 'RFC 8259 11',
    fault: { answers: { token: { headers: { 'content-type': 'application/json;charset=UTF-8' } } } },
  },
  ...(['none', 'client_secret_post', 'private_key_jwt'] as const).map((auth) => ({
    name: `authenticates with ${auth} as registered, and in no other way beside`,
    clause: 'RFC 6749 2.3',
    client: { auth },
    fault: {},
    run: ['login', 'refresh', 'revocation'] as const,
  })),
])
