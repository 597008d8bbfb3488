import { absent } from '../patch.ts'
import { refused, table } from '../scenario.ts'

const invalid = refused(['invalid_authorization_response', 'invalid_jwt'], { atMost: { token: 0 } })
const wrongIssuer = refused('issuer_mismatch', { atMost: { token: 0 } })
const unknown = refused(['unknown_transaction', 'invalid_authorization_response'], { atMost: { token: 0 } })

/** JARM 2: an answer in a signed JWT, and the ways that it travels. */
export const jarmScenarios = table({ area: 'jarm', run: ['login'], client: { responseMode: 'jwt' }, expect: invalid }, [
  { name: 'takes an honest response', clause: 'JARM 2.4', fault: {}, expect: { outcome: 'accepted' } },
  {
    name: 'takes an honest response in a form',
    clause: 'JARM 2.3.3',
    client: { responseMode: 'form_post.jwt' },
    fault: {},
    expect: { outcome: 'accepted' },
  },
  {
    name: 'takes an honest response in a fragment',
    clause: 'JARM 2.3.2',
    client: { responseMode: 'fragment.jwt' },
    fault: {},
    expect: { outcome: 'accepted' },
  },
  {
    name: 'refuses a response of another issuer',
    clause: 'JARM 2.4',
    fault: { callback: { jwt: { claims: { iss: 'https://evil.example' } } } },
    expect: wrongIssuer,
  },
  {
    name: 'refuses a response without issuer',
    clause: 'JARM 2.1',
    fault: { callback: { jwt: { claims: { iss: absent } } } },
    expect: wrongIssuer,
  },
  {
    name: 'refuses a response to another client',
    clause: 'JARM 2.4',
    fault: { callback: { jwt: { claims: { aud: 'other-app' } } } },
  },
  {
    name: 'refuses a response to another client beside this one',
    clause: 'JARM 2.4',
    fault: { callback: { jwt: { claims: { aud: ['app', 'other-app'] } } } },
  },
  {
    name: 'refuses a response without audience',
    clause: 'JARM 2.1',
    fault: { callback: { jwt: { claims: { aud: absent } } } },
  },
  {
    name: 'refuses a response without expiry',
    clause: 'JARM 2.1',
    fault: { callback: { jwt: { claims: { exp: absent } } } },
  },
  {
    name: 'refuses a response that has expired',
    clause: 'JARM 2.4',
    fault: { callback: { jwt: { claims: { exp: ({ now }) => now - 60 } } } },
  },
  {
    name: 'refuses a response from the future',
    clause: 'RFC 7519 4.1.5',
    level: 'recommended',
    fault: { callback: { jwt: { claims: { nbf: ({ now }) => now + 600 } } } },
  },
  {
    name: 'refuses an unsigned response',
    clause: 'JARM 2.4',
    fault: { callback: { jwt: { header: { alg: 'none' }, signature: 'none' } } },
  },
  {
    name: 'refuses a response that a stranger has signed',
    clause: 'JARM 2.4',
    fault: { callback: { jwt: { key: 'stranger-es256', header: { kid: 'es256' } } } },
  },
  {
    name: 'refuses a response signed with a key that it brings itself',
    clause: 'RFC 8725 3.10',
    fault: { callback: { jwt: { key: 'embedded-jwk' } } },
  },
  {
    name: 'refuses a response whose signature is off by one bit',
    clause: 'JARM 2.4',
    fault: { callback: { jwt: { signature: 'flipped' } } },
  },
  {
    name: 'refuses a MAC by the public key',
    clause: 'RFC 8725 2.1',
    fault: { callback: { jwt: { header: { alg: 'HS256' }, key: 'public-key-as-secret' } } },
  },
  {
    name: 'refuses a MAC by the client secret that was not registered',
    clause: 'JARM 3',
    fault: { callback: { jwt: { header: { alg: 'HS256' }, key: 'client-secret' } } },
  },
  {
    name: 'refuses an access token as a response',
    clause: 'RFC 8725 3.11',
    fault: { callback: { jwt: { header: { typ: 'at+jwt' } } } },
  },
  {
    name: 'refuses an id_token as a response',
    clause: 'RFC 8725 3.12',
    fault: { callback: { jwt: { claims: { sub: 'alice' } } } },
  },
  {
    name: 'refuses a response with a critical extension',
    clause: 'RFC 7515 4.1.11',
    fault: { callback: { jwt: { header: { crit: ['x'], x: 1 } } } },
  },
  {
    name: 'refuses a response that names a claim twice',
    clause: 'RFC 8725 2.4',
    fault: { callback: { jwt: { claimsText: (json) => json.replace('{', '{"code":"first",') } } },
  },
  {
    name: 'refuses a response whose code is no string',
    clause: 'JARM 2.1',
    fault: { callback: { jwt: { claims: { code: ['a', 'b'] } } } },
  },
  {
    name: 'refuses a response without state',
    clause: 'JARM 2.1',
    fault: { callback: { jwt: { claims: { state: absent } } } },
    expect: unknown,
  },
  {
    name: 'refuses a response with a state that it never sent',
    clause: 'RFC 9700 4.7',
    fault: { callback: { jwt: { claims: { state: 'forged-by-somebody-else-entirely' } } } },
    expect: unknown,
  },
  {
    name: 'refuses a plain answer where a signed one was asked for',
    clause: 'JARM 2.3',
    fault: { callback: { plain: true } },
  },
  {
    name: 'refuses a code beside the response',
    clause: 'JARM 2.3',
    fault: { callback: { beside: { code: 'unsigned' } } },
  },
  {
    name: 'refuses another iss beside the response',
    clause: 'RFC 9207 2.4',
    fault: { callback: { beside: { iss: 'https://evil.example' } } },
    expect: wrongIssuer,
  },
  {
    name: 'takes the same iss beside the response',
    clause: 'RFC 9207 2.4',
    level: 'recommended',
    fault: { callback: { beside: { iss: ({ issuer }) => issuer } } },
    expect: { outcome: 'accepted' },
  },
  {
    name: 'refuses two responses',
    clause: 'RFC 6749 3.1',
    fault: { callback: { beside: { response: 'e30.e30.AA' } } },
  },
  {
    name: 'turns an error in a response into a typed one',
    clause: 'JARM 2.1.1',
    fault: { callback: { error: 'access_denied' } },
    expect: refused('authorization_error', { error: 'access_denied', atMost: { token: 0 } }),
  },
  {
    name: 'believes no error in a response that a stranger has signed',
    clause: 'JARM 2.4',
    fault: { callback: { error: 'access_denied', jwt: { key: 'stranger-es256', header: { kid: 'es256' } } } },
  },
  {
    name: 'refuses a response in a query where a form was asked for',
    clause: 'OAuth 2.0 Multiple Response Type Encoding Practices 2.1',
    level: 'recommended',
    client: { responseMode: 'form_post.jwt' },
    fault: { callback: { carrier: 'query' } },
  },
  {
    name: 'takes a plain answer in a form',
    clause: 'OAuth 2.0 Form Post Response Mode 2',
    client: { responseMode: 'form_post' },
    fault: {},
    expect: { outcome: 'accepted' },
  },
  {
    name: 'refuses a plain answer in a query where a form was asked for',
    clause: 'OAuth 2.0 Multiple Response Type Encoding Practices 2.1',
    level: 'recommended',
    client: { responseMode: 'form_post' },
    fault: { callback: { carrier: 'query' } },
  },
  {
    name: 'refuses a plain answer in a fragment where a query was asked for',
    clause: 'OAuth 2.0 Multiple Response Type Encoding Practices 2.1',
    level: 'recommended',
    client: { responseMode: 'query' },
    fault: { callback: { carrier: 'fragment' } },
  },
  {
    name: 'refuses the same form a second time',
    clause: 'RFC 9700 4.7',
    client: { responseMode: 'form_post' },
    fault: {},
    run: ['login', 'finish-again'],
    expect: refused('unknown_transaction', { atMost: { token: 1 } }),
  },
])
