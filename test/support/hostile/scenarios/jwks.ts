import { privateJwk, publishedJwk } from '../keys.ts'
import { absent, type JsonObject } from '../patch.ts'
import { accepted, refused, table } from '../scenario.ts'

const noKey = refused(['no_matching_key', 'invalid_id_token'])
const withoutKid = ({ kid, ...jwk }: JsonObject) => jwk

/** RFC 7517 and spec/2-protocol.md, JWKS. */
export const jwksScenarios = table({ area: 'jwks', run: ['login'] }, [
  {
    name: 'refuses an id_token by a key that is not in the set',
    clause: 'OpenID Connect Core 10.1',
    fault: { idToken: { key: 'stranger-es256' } },
    expect: noKey,
  },
  {
    name: 'refuses an id_token by a stranger that takes the kid of a published key',
    clause: 'OpenID Connect Core 10.1',
    fault: { idToken: { key: 'stranger-es256', header: { kid: 'es256' } } },
    expect: noKey,
  },
  {
    name: 'refuses an id_token whose kid is not a string',
    clause: 'RFC 7515 4.1.4',
    fault: { idToken: { header: { kid: 1 } } },
    expect: refused(['no_matching_key', 'invalid_id_token', 'invalid_jwt']),
  },
  ...['__proto__', 'constructor', 'toString', ''].map((kid) => ({
    name: `finds no key by the name "${kid}"`,
    clause: 'RFC 7517 4.5',
    fault: { idToken: { header: { kid } } },
    expect: refused(['no_matching_key', 'invalid_id_token', 'invalid_jwt']),
  })),
  {
    name: 'refuses an id_token without kid when several keys fit',
    clause: 'OpenID Connect Core 10.1',
    fault: { jwks: (keys) => [...keys, publishedJwk('es256-next')], idToken: { header: { kid: absent } } },
    expect: noKey,
  },
  {
    name: 'refuses an empty set of keys',
    clause: 'RFC 7517 5',
    fault: { jwks: () => [] },
    expect: refused(['no_matching_key', 'invalid_id_token', 'invalid_jwks']),
  },
  {
    name: 'refuses a set without keys',
    clause: 'RFC 7517 5',
    fault: { answers: { jwks: { json: { keys: absent } } } },
    expect: refused(['invalid_jwks', 'invalid_body']),
  },
  {
    name: 'refuses a set whose keys are an object',
    clause: 'RFC 7517 5',
    fault: { answers: { jwks: { json: { keys: { 0: {} } } } } },
    expect: refused(['invalid_jwks', 'invalid_body']),
  },
  {
    name: 'refuses an HTML page in place of keys',
    clause: 'RFC 7517 8.5',
    fault: { answers: { jwks: { headers: { 'content-type': 'text/html' }, body: '<p>keys</p>' } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses a truncated set of keys',
    clause: 'RFC 7517 5',
    fault: { answers: { jwks: { body: (honest) => honest.slice(0, 40) } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'refuses a set of keys with a member twice',
    clause: 'RFC 8259 4, RFC 7517 4',
    fault: { answers: { jwks: { body: (honest) => honest.replace('{', '{"keys":[],') } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'reports keys that cannot be had',
    clause: 'OpenID Connect Core 10.1',
    fault: { answers: { jwks: { status: 500, headers: { 'content-type': 'text/plain' }, body: 'oops' } } },
    expect: refused(['unexpected_status', 'api_error']),
  },
  {
    name: 'refuses keys of more than 512 KiB',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { jwks: { json: { padding: 'x'.repeat(600 * 1024) } } } },
    expect: refused('body_too_large'),
  },
  {
    name: 'ends a wait for keys that never come',
    clause: 'spec/2-protocol.md, Discovery',
    client: { timeout: 250 },
    fault: { answers: { jwks: { hang: true } } },
    expect: refused('timeout'),
  },
  {
    name: 'does not follow a redirect of the keys to another origin',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { jwks: { redirect: { status: 302, hops: 1, to: 'other-origin' } } } },
    expect: refused('redirect_refused'),
  },
  {
    name: 'does not take a key meant for a MAC out of the set',
    clause: 'RFC 8725 3.1',
    fault: {
      jwks: () => [{ kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ', kid: 'es256', alg: 'HS256' }],
      metadata: { id_token_signing_alg_values_supported: ['ES256', 'HS256'] },
      idToken: { header: { alg: 'HS256' }, key: 'client-secret' },
    },
    expect: refused(['no_matching_key', 'invalid_id_token', 'invalid_jwt']),
  },
  {
    name: 'refuses a fifth key of the same kid',
    clause: 'spec/2-protocol.md, id_token 3',
    level: 'recommended',
    fault: {
      jwks: (keys) => [
        ...Array.from({ length: 4 }, () => ({ ...publishedJwk('stranger-es256'), kid: 'es256' })),
        ...keys,
      ],
    },
    expect: noKey,
  },
  {
    name: 'keeps a flood of unknown key ids within its budget',
    clause: 'spec/2-protocol.md, JWKS',
    fault: { idToken: { key: 'stranger-es256', header: { kid: ({ count }) => `flood-${count}` } } },
    repeat: 12,
    expect: { ...noKey, atMost: { jwks: 6 } },
  },
  {
    name: 'does not hammer a server whose keys cannot be had',
    clause: 'spec/2-protocol.md, JWKS',
    fault: { answers: { jwks: { status: 503, headers: { 'content-type': 'text/plain' }, body: 'down' } } },
    repeat: 6,
    expect: refused(['unexpected_status', 'api_error'], { atMost: { jwks: 3 } }),
  },
  {
    name: 'asks again for keys that could not be had, after a while',
    clause: 'spec/2-protocol.md, JWKS',
    fault: { answers: { jwks: { times: 1, status: 404, headers: { 'content-type': 'text/plain' }, body: 'gone' } } },
    run: [{ fails: 'login' }, { advanceSeconds: 600 }, 'login'],
  },
  {
    name: 'accepts an id_token by a key that was rotated a second ago',
    clause: 'OpenID Connect Core 10.1.1',
    fault: {},
    run: ['login', { rotateSigningKeyTo: 'es256-next' }, 'login'],
    expect: { ...accepted, atMost: { jwks: 2 } },
  },
  {
    name: 'goes on working with known keys while the set cannot be had',
    clause: 'spec/2-protocol.md, JWKS',
    fault: { answers: { jwks: { after: 1, status: 503 } } },
    run: ['login', { advanceSeconds: 7200 }, 'login'],
  },
  {
    name: 'tries each of two keys that share a kid',
    clause: 'spec/2-protocol.md, id_token 3',
    fault: { jwks: (keys) => [{ ...publishedJwk('stranger-es256'), kid: 'es256' }, ...keys] },
  },
  {
    name: 'uses the one key that fits an id_token without kid',
    clause: 'OpenID Connect Core 10.1',
    fault: { jwks: (keys) => [publishedJwk('rsa'), ...keys], idToken: { header: { kid: absent } } },
  },
  {
    name: 'uses the one key of a set without key ids',
    clause: 'OpenID Connect Core 10.1',
    fault: { jwks: (keys) => keys.map(withoutKid), idToken: { header: { kid: absent } } },
  },
  {
    name: 'uses a key that says neither alg nor use',
    clause: 'RFC 7517 4',
    fault: { jwks: (keys) => keys.map(({ alg, use, ...jwk }) => jwk) },
  },
  {
    name: 'skips keys that it cannot use',
    clause: 'RFC 7517 5',
    fault: {
      jwks: (keys) => [
        privateJwk('stranger-es256'),
        { kty: 'oct', k: 'AAAA', kid: 'mac' },
        { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'malformed' },
        { kty: 'EC', crv: 'P-256', x: 42, y: null, kid: 'mistyped' },
        { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', kid: 'from-the-future' },
        { kty: 'RSA', kid: 'empty' },
        { ...publishedJwk('weak-rsa') },
        ...keys,
      ],
    },
  },
  {
    name: 'skips members of the set that are no keys',
    clause: 'RFC 7517 5',
    level: 'recommended',
    fault: { jwks: (keys) => [null, 'key', [], {}, ...keys] },
  },
  {
    name: 'reads keys served as application/jwk-set+json',
    clause: 'RFC 7517 8.5.2',
    fault: { answers: { jwks: { headers: { 'content-type': 'application/jwk-set+json' } } } },
  },
  {
    name: 'follows a redirect of the keys on one origin',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { jwks: { redirect: { status: 301, hops: 1, to: 'same-origin' } } } },
  },
])
