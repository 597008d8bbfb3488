import type { IdTokenFault } from '../faults.ts'
import { absent } from '../patch.ts'
import { refused, type Scenario, table } from '../scenario.ts'

type Row = readonly [what: string, clause: string, fault: IdTokenFault]

/** What makes any signed JWT of the provider none to be believed. */
const forgeries: readonly Row[] = [
  ['unsigned', 'RFC 8725 3.2', { header: { alg: 'none' }, signature: 'none' }],
  ['with a broken signature', 'RFC 7515 5.2', { signature: 'flipped' }],
  ['without a signature', 'RFC 7515 5.2', { signature: 'none' }],
  ['signed by a stranger', 'RFC 7515 4.1.4', { key: 'stranger-es256' }],
  ['signed by a key that it brings', 'RFC 7515 4.1.3', { key: 'embedded-jwk' }],
  ['signed with the public key as a secret', 'RFC 8725 2.1', { header: { alg: 'HS256' }, key: 'public-key-as-secret' }],
  ['signed with the client secret', 'RFC 8725 3.1', { header: { alg: 'HS256' }, key: 'client-secret' }],
  ['with a critical extension', 'RFC 7515 4.1.11', { header: { crit: ['exp'] } }],
  ['of another issuer', 'RFC 8725 3.8', { claims: { iss: 'https://evil.example' } }],
  ['of an issuer with a slash more', 'RFC 8725 3.8', { claims: { iss: (facts) => `${facts.issuer}/` } }],
  ['without issuer', 'RFC 8725 3.8', { claims: { iss: absent } }],
  ['for another audience', 'RFC 8725 3.9', { claims: { aud: 'other' } }],
  ['for another audience, too', 'RFC 8725 3.9', { claims: { aud: ['app', 'other'] } }],
  ['without audience', 'RFC 8725 3.9', { claims: { aud: absent } }],
  ['from the future', 'RFC 7519 4.1.6', { claims: { iat: (facts) => facts.now + 600 } }],
  ['that is an access token', 'RFC 8725 3.11', { header: { typ: 'at+jwt' } }],
  ['with a claim twice', 'RFC 8725 2.4', { claimsText: (json) => json.replace('{', '{"iss":"https://evil.example",') }],
]

const userinfoScenarios = table(
  { area: 'signed_answers', run: ['login', 'userinfo'], client: { signedAnswers: true } },
  [
    { name: 'takes signed userinfo', clause: 'OpenID Connect Core 5.3.2', fault: {} },
    ...[
      ...forgeries,
      ['of somebody else', 'OpenID Connect Core 5.3.2', { claims: { sub: 'mallory' } }] as Row,
      ['without sub', 'OpenID Connect Core 5.3.2', { claims: { sub: absent } }] as Row,
      ['that is an id_token', 'RFC 8725 3.12', { claims: { nonce: 'n' } }] as Row,
      ['that is a logout token', 'RFC 8725 3.12', { claims: { events: {} } }] as Row,
    ].map(([what, clause, userinfoJwt]) => ({
      name: `refuses signed userinfo ${what}`,
      clause,
      fault: { userinfoJwt },
      expect: refused(['invalid_userinfo_response', 'invalid_jwt', 'userinfo_subject_mismatch']),
    })),
    {
      name: 'refuses plain userinfo where a signed one was registered',
      clause: 'OpenID Connect Core 5.3.2',
      fault: {
        answers: { userinfo: { headers: { 'content-type': 'application/json' }, body: '{"sub":"alice"}' } },
      },
      expect: refused('invalid_userinfo_response'),
    },
  ],
)

const introspectionScenarios = table(
  { area: 'signed_answers', run: ['login', 'introspection'], client: { signedAnswers: true } },
  [
    { name: 'takes a signed introspection response', clause: 'RFC 9701 5', fault: {} },
    ...[
      ...forgeries,
      ['without a type', 'RFC 9701 5', { header: { typ: absent } }] as Row,
      ['with the type of any JWT', 'RFC 9701 5', { header: { typ: 'JWT' } }] as Row,
      ['with a sub of its own', 'RFC 9701 5', { claims: { sub: 'alice' } }] as Row,
      ['with an exp of its own', 'RFC 9701 5', { claims: { exp: 9999999999 } }] as Row,
      ['without the response in it', 'RFC 9701 5', { claims: { token_introspection: absent } }] as Row,
      ['with a list in it', 'RFC 9701 5', { claims: { token_introspection: [] } }] as Row,
      ['that says "true"', 'RFC 7662 2.2', { claims: { token_introspection: { active: 'true' } } }] as Row,
    ].map(([what, clause, introspectionJwt]) => ({
      name: `refuses a signed introspection response ${what}`,
      clause,
      fault: { introspectionJwt },
      expect: refused(['invalid_introspection_response', 'invalid_jwt']),
    })),
    {
      name: 'refuses a plain introspection response where a signed one was registered',
      clause: 'RFC 9701 5',
      fault: {
        answers: { introspection: { headers: { 'content-type': 'application/json' }, body: '{"active":true}' } },
      },
      expect: refused('invalid_introspection_response'),
    },
  ],
)

const event = 'http://schemas.openid.net/event/backchannel-logout'

const logoutScenarios = table({ area: 'logout', run: ['login', 'logout-token'] }, [
  { name: 'takes a logout token', clause: 'Back-Channel Logout 2.6', fault: {} },
  {
    name: 'takes a logout token once',
    clause: 'Back-Channel Logout 2.6 item 8',
    fault: {},
    run: ['login', 'logout-token', 'logout-token-again'],
    expect: refused('replayed_logout_token'),
  },
  {
    name: 'takes two logout tokens',
    clause: 'Back-Channel Logout 2.6 item 8',
    fault: {},
    run: ['login', 'logout-token', 'logout-token'],
  },
  ...[
    ...forgeries,
    ['with a nonce', 'Back-Channel Logout 2.6 item 7', { claims: { nonce: 'n' } }] as Row,
    ['without events', 'Back-Channel Logout 2.6 item 6', { claims: { events: absent } }] as Row,
    ['with another event', 'Back-Channel Logout 2.6 item 6', { claims: { events: { other: {} } } }] as Row,
    ['with an event that is true', 'Back-Channel Logout 2.4', { claims: { events: { [event]: true } } }] as Row,
    ['about nobody', 'Back-Channel Logout 2.6 item 5', { claims: { sub: absent, sid: absent } }] as Row,
    ['without jti', 'Back-Channel Logout 2.4', { claims: { jti: absent } }] as Row,
    ['without exp', 'Back-Channel Logout 2.4', { claims: { exp: absent } }] as Row,
    ['that has expired', 'Back-Channel Logout 2.6 item 4', { claims: { exp: (facts) => facts.now - 600 } }] as Row,
    ['without iat', 'Back-Channel Logout 2.4', { claims: { iat: absent } }] as Row,
  ].map(([what, clause, logoutToken]) => ({
    name: `refuses a logout token ${what}`,
    clause,
    fault: { logoutToken },
    expect: refused(['invalid_logout_token', 'invalid_jwt']),
  })),
])

export const signedAnswerScenarios: readonly Scenario[] = [
  ...userinfoScenarios,
  ...introspectionScenarios,
  ...logoutScenarios,
]
