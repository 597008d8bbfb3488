import { absent } from '../patch.ts'
import { accepted, refused, table } from '../scenario.ts'

/** Refused before the code is used. */
const fails = (...checks: string[]) => refused('invalid_id_token', { checks, atMost: { token: 0 } })
const invalid = refused('invalid_authorization_response', { atMost: { token: 0 } })
const client = { responseType: 'code id_token' } as const

/** OpenID Connect Core 3.3: an id_token comes with the code, and must vouch for it. */
export const hybridScenarios = table({ area: 'hybrid', run: ['login'], client }, [
  { name: 'takes an honest answer', clause: 'OpenID Connect Core 3.3', fault: {}, run: ['login', 'refresh'] },
  {
    name: 'takes an honest answer in a form, signed as a whole',
    clause: 'JARM 2.1.2',
    client: { ...client, responseMode: 'form_post.jwt' },
    fault: {},
  },
  {
    name: 'refuses an answer without an id_token',
    clause: 'OpenID Connect Core 3.3.2.5',
    fault: { callback: { set: { id_token: absent } } },
    expect: refused(['invalid_authorization_response', 'issuer_mismatch'], { atMost: { token: 0 } }),
  },
  {
    name: 'refuses an answer without a code',
    clause: 'OpenID Connect Core 3.3.2.5',
    fault: { callback: { set: { code: absent } } },
    expect: invalid,
  },
  {
    name: 'refuses an access token beside the code',
    clause: 'RFC 9700 2.1.2',
    fault: { callback: { add: { access_token: 'injected' } } },
    expect: invalid,
  },
  {
    name: 'refuses a code that the id_token does not vouch for',
    clause: 'OpenID Connect Core 3.3.2.10',
    fault: { callback: { set: { code: 'swapped' } } },
    expect: fails('c_hash'),
  },
  {
    name: 'refuses an id_token without c_hash',
    clause: 'OpenID Connect Core 3.3.2.11',
    fault: { frontIdToken: { claims: { c_hash: absent } } },
    expect: fails('c_hash'),
  },
  {
    name: 'refuses an id_token that vouches for another state',
    clause: 'FAPI 1.0 Advanced 5.2.3.1',
    fault: { frontIdToken: { claims: { s_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } } },
    expect: fails('s_hash'),
  },
  {
    name: 'takes an id_token without s_hash',
    clause: 'OpenID Connect Core 3.3.2.11',
    fault: { frontIdToken: { claims: { s_hash: absent } } },
    expect: accepted,
  },
  {
    name: 'refuses an id_token with another nonce',
    clause: 'OpenID Connect Core 3.3.2.11',
    fault: { frontIdToken: { claims: { nonce: 'another' } } },
    expect: fails('nonce'),
  },
  {
    name: 'refuses an id_token without nonce',
    clause: 'OpenID Connect Core 3.3.2.11',
    fault: { frontIdToken: { claims: { nonce: absent } } },
    expect: fails('nonce'),
  },
  {
    name: 'refuses an id_token for another client',
    clause: 'OpenID Connect Core 3.2.2.11',
    fault: { frontIdToken: { claims: { aud: 'other-app' } } },
    expect: fails('aud'),
  },
  {
    name: 'refuses an id_token of another issuer',
    clause: 'OpenID Connect Core 3.2.2.11',
    fault: { frontIdToken: { claims: { iss: 'https://evil.example' } } },
    expect: fails('iss'),
  },
  {
    name: 'refuses an id_token of another issuer where no iss comes beside it',
    clause: 'RFC 9207 2.4',
    fault: { callback: { set: { iss: absent } }, frontIdToken: { claims: { iss: 'https://evil.example' } } },
    expect: fails('iss'),
  },
  {
    name: 'takes the iss of the id_token where none comes beside it',
    clause: 'RFC 9207 2.4',
    level: 'recommended',
    fault: { callback: { set: { iss: absent } } },
  },
  {
    name: 'refuses an id_token that has expired',
    clause: 'OpenID Connect Core 3.2.2.11',
    fault: { frontIdToken: { claims: { exp: ({ now }) => now - 60 } } },
    expect: fails('exp'),
  },
  {
    name: 'refuses an unsigned id_token',
    clause: 'OpenID Connect Core 3.3.2.11',
    fault: { frontIdToken: { header: { alg: 'none' }, signature: 'none' } },
    expect: fails('alg'),
  },
  {
    name: 'refuses an id_token that a stranger has signed',
    clause: 'OpenID Connect Core 3.2.2.11',
    fault: { frontIdToken: { key: 'stranger-es256', header: { kid: 'es256' } } },
    expect: fails('signature'),
  },
  {
    name: 'refuses another user at the token endpoint than with the code',
    clause: 'OpenID Connect Core 3.3.3.6',
    fault: { idToken: { claims: { sub: 'mallory' } } },
    expect: refused('invalid_id_token', { checks: ['hybrid_sub'], atMost: { token: 1 } }),
  },
  {
    name: 'refuses another authentication at the token endpoint than with the code',
    clause: 'OpenID Connect Core 3.3.3.6',
    level: 'recommended',
    fault: { idToken: { claims: { auth_time: ({ now }) => now - 3600 } } },
    expect: refused('invalid_id_token', { checks: ['hybrid_auth_time'], atMost: { token: 1 } }),
  },
  {
    name: 'refuses an answer in the query',
    clause: 'OAuth 2.0 Multiple Response Type Encoding Practices 5',
    fault: { callback: { carrier: 'query' } },
    expect: invalid,
  },
])
