import { absent } from '../patch.ts'
import { accepted, refused, type Scenario, table } from '../scenario.ts'

const html = { headers: { 'content-type': 'text/html' }, body: '<p>Hello</p>' }

/** OpenID Connect Core 5.3. */
const userinfoScenarios = table({ area: 'userinfo', run: ['login', 'userinfo'] }, [
  {
    name: 'refuses the userinfo of somebody else',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { json: { sub: 'mallory' } } } },
    expect: refused('userinfo_subject_mismatch'),
  },
  {
    name: 'refuses userinfo without sub',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { json: { sub: absent } } } },
    expect: refused(['userinfo_subject_mismatch', 'invalid_userinfo_response', 'invalid_body']),
  },
  {
    name: 'refuses userinfo whose sub is an array',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { json: { sub: ['alice'] } } } },
    expect: refused(['userinfo_subject_mismatch', 'invalid_userinfo_response', 'invalid_body']),
  },
  {
    name: 'refuses userinfo that is an array',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { body: (honest) => `[${honest}]` } } },
    expect: refused(['invalid_userinfo_response', 'invalid_body']),
  },
  {
    name: 'refuses an HTML page in place of userinfo',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: html } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses userinfo without a content type',
    clause: 'OpenID Connect Core 5.3.2',
    level: 'recommended',
    fault: { answers: { userinfo: { headers: { 'content-type': null } } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses an unsigned JWT in place of userinfo',
    clause: 'OpenID Connect Core 5.3.2',
    fault: {
      answers: {
        userinfo: {
          headers: { 'content-type': 'application/jwt' },
          body: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.',
        },
      },
    },
    expect: refused(['unexpected_content_type', 'invalid_userinfo_response', 'invalid_jwt']),
  },
  {
    name: 'refuses truncated userinfo',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { body: (honest) => honest.slice(0, -3) } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses userinfo with a claim twice',
    clause: 'RFC 8259 4, OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { body: (honest) => honest.replace('{', '{"sub":"somebody-else",') } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses userinfo of more than a megabyte',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { userinfo: { json: { padding: 'x'.repeat(1 << 20) } } } },
    expect: refused('body_too_large'),
  },
  {
    name: 'does not take an access token to another origin',
    clause: 'RFC 9700 4.9.1',
    fault: { answers: { userinfo: { redirect: { status: 302, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused'),
  },
  {
    name: 'passes on the error of a bearer challenge',
    clause: 'RFC 6750 3.1',
    fault: {
      answers: {
        userinfo: {
          status: 403,
          body: '',
          headers: { 'content-type': null, 'www-authenticate': 'Bearer realm="x", error="insufficient_scope"' },
        },
      },
    },
    expect: refused('oauth_error', { error: 'insufficient_scope' }),
  },
  {
    name: 'compares the sub of userinfo letter by letter',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { json: { sub: 'Alice' } } } },
    expect: refused('userinfo_subject_mismatch'),
  },
  ...[
    ['cut short', 'Bearer error="invalid_token'],
    ['of commas', ','.repeat(2000)],
    ['without a scheme', 'error="invalid_token"'],
  ].map(([what, challenge = '']) => ({
    name: `gives a refusal with a challenge ${what} a typed error`,
    clause: 'RFC 9110 11.6.1',
    fault: {
      answers: {
        userinfo: { status: 401, body: '', headers: { 'content-type': null, 'www-authenticate': challenge } },
      },
    },
    expect: refused(['unexpected_status', 'api_error', 'oauth_error']),
  })),
  {
    name: 'takes no harm from a __proto__ member in userinfo',
    clause: 'spec/2-protocol.md, id_token 1',
    fault: { answers: { userinfo: { body: (honest) => honest.replace('{', '{"__proto__":{"polluted":true},') } } },
  },
  {
    name: 'takes userinfo with claims that it does not know',
    clause: 'OpenID Connect Core 5.3.2',
    fault: { answers: { userinfo: { json: { groups: ['a', 'b'], address: { country: 'DE' }, phone: null } } } },
  },
])

/** RFC 7662. */
const introspectionScenarios = table({ area: 'introspection', run: ['login', 'introspection'] }, [
  {
    name: 'reads what the server says of a token',
    clause: 'RFC 7662 2.2',
    fault: {},
  },
  {
    name: 'refuses an introspection answer without active',
    clause: 'RFC 7662 2.2',
    fault: { answers: { introspection: { json: { active: absent } } } },
    expect: refused(['invalid_introspection_response', 'invalid_body']),
  },
  {
    name: 'refuses an introspection answer whose active is a string',
    clause: 'RFC 7662 2.2',
    fault: { answers: { introspection: { json: { active: 'true' } } } },
    expect: refused(['invalid_introspection_response', 'invalid_body']),
  },
  {
    name: 'refuses an introspection answer for a token of another issuer',
    clause: 'RFC 7662 2.2',
    level: 'recommended',
    fault: { answers: { introspection: { json: { iss: 'https://evil.example' } } } },
    expect: refused('invalid_introspection_response'),
  },
  {
    name: 'refuses an HTML page in place of an introspection answer',
    clause: 'RFC 7662 2.2',
    fault: { answers: { introspection: html } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses an introspection answer without a content type',
    clause: 'RFC 7662 2.2',
    level: 'recommended',
    fault: { answers: { introspection: { headers: { 'content-type': null } } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'does not send a token where the introspection endpoint redirects',
    clause: 'RFC 9700 4.12',
    fault: { answers: { introspection: { redirect: { status: 307, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused'),
  },
])

/** RFC 7009. */
const revocationScenarios = table({ area: 'revocation', run: ['login', 'revocation'] }, [
  {
    name: 'takes any body of a revocation answer',
    clause: 'RFC 7009 2.2',
    fault: { answers: { revocation: { headers: { 'content-type': 'text/html' }, body: '<p>Gone</p>' } } },
  },
  {
    name: 'takes any body of a revocation answer, under no media type',
    clause: 'RFC 7009 2.2',
    fault: { answers: { revocation: { headers: { 'content-type': null }, body: 'gone' } } },
  },
  {
    name: 'revokes a token a second time',
    clause: 'RFC 7009 2.2',
    fault: {},
    run: ['login', 'revocation', 'revocation'],
  },
  {
    name: 'reports a revocation endpoint that is down',
    clause: 'RFC 7009 2.2.1',
    fault: { answers: { revocation: { status: 503, headers: { 'retry-after': '0' }, body: '' } } },
    expect: refused(['unexpected_status', 'api_error'], { atMost: { revocation: 1 } }),
  },
  {
    name: 'reports that a kind of token cannot be revoked',
    clause: 'RFC 7009 2.2.1',
    fault: {
      answers: {
        revocation: {
          status: 400,
          body: '{"error":"unsupported_token_type"}',
          headers: { 'content-type': 'application/json' },
        },
      },
    },
    expect: refused('oauth_error', { error: 'unsupported_token_type' }),
  },
  {
    name: 'does not send a token where the revocation endpoint redirects',
    clause: 'RFC 9700 4.12',
    fault: { answers: { revocation: { redirect: { status: 308, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused'),
  },
])

/** RFC 6749 4.4. */
const clientCredentialsScenarios = table({ area: 'client_credentials', run: ['client-credentials'] }, [
  {
    name: 'gets a token for itself',
    clause: 'RFC 6749 4.4',
    fault: {},
    expect: { ...accepted, atMost: { client_credentials: 1, jwks: 0, par: 0 } },
  },
  {
    name: 'gets a DPoP-bound token for itself',
    clause: 'RFC 9449 5',
    client: { dpop: true },
    fault: {},
    expect: { ...accepted, atMost: { client_credentials: 2 } },
  },
  {
    name: 'refuses a Bearer token for itself where a DPoP-bound one was asked for',
    clause: 'RFC 9449 5',
    client: { dpop: true },
    fault: { answers: { client_credentials: { json: { token_type: 'Bearer' } } } },
    expect: refused('token_type_mismatch'),
  },
  {
    name: 'takes a token for itself that comes with a refresh token',
    clause: 'RFC 6749 4.4.3',
    fault: { answers: { client_credentials: { json: { refresh_token: 'rt-nobody-asked-for' } } } },
  },
  {
    name: 'passes on that it may not have a token for itself',
    clause: 'RFC 6749 5.2',
    fault: { answers: { client_credentials: { status: 400, body: '{"error":"unauthorized_client"}' } } },
    expect: refused('oauth_error', { error: 'unauthorized_client', atMost: { client_credentials: 1 } }),
  },
])

export const endpointScenarios: readonly Scenario[] = [
  ...userinfoScenarios,
  ...introspectionScenarios,
  ...revocationScenarios,
  ...clientCredentialsScenarios,
]
