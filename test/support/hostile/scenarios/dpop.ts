import { absent } from '../patch.ts'
import { accepted, refused, table } from '../scenario.ts'

const dpop = { dpop: true } as const

/** RFC 9449. The provider also judges every proof that it gets. */
export const dpopScenarios = table({ area: 'dpop', run: ['login', 'userinfo'], client: dpop }, [
  {
    name: 'answers one demand for a nonce at each kind of server',
    clause: 'RFC 9449 8, 9',
    fault: {},
    expect: { ...accepted, atMost: { par: 2, token: 1, userinfo: 2 } },
  },
  {
    name: 'gives up after one retry when the server demands nonces without end',
    clause: 'spec/2-protocol.md, DPoP',
    fault: {
      dpop: { endless: true, at: 'authorization server' },
      metadata: { pushed_authorization_request_endpoint: absent },
    },
    run: ['login'],
    expect: refused('oauth_error', { error: 'use_dpop_nonce', atMost: { token: 2 } }),
  },
  {
    name: 'gives up after one retry when the PAR endpoint demands nonces without end',
    clause: 'spec/2-protocol.md, DPoP',
    fault: { dpop: { endless: true, at: 'authorization server' } },
    run: ['login'],
    expect: refused('oauth_error', { error: 'use_dpop_nonce', atMost: { par: 2, token: 2 } }),
  },
  {
    name: 'gives up after one retry when the resource demands nonces without end',
    clause: 'spec/2-protocol.md, DPoP',
    fault: { dpop: { endless: true, at: 'resource server' } },
    expect: refused(['oauth_error', 'unexpected_status', 'api_error'], { atMost: { userinfo: 2 } }),
  },
  {
    name: 'does not retry when a nonce is demanded and none is given',
    clause: 'RFC 9449 8',
    fault: { dpop: { nonce: null, at: 'authorization server' } },
    run: ['login'],
    expect: refused(['oauth_error', 'invalid_dpop_nonce'], { atMost: { par: 1, token: 1 } }),
  },
  ...[
    ['a quotation mark', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a space', 'a b'],
    ['two values', 'first, second'],
    ['a letter beyond ASCII', 'nönce'],
  ].map(([what, nonce = '']) => ({
    name: `refuses a nonce with ${what}`,
    clause: 'RFC 9449 8.1',
    fault: { dpop: { nonce, at: 'authorization server' as const } },
    run: ['login'] as const,
    expect: refused(['invalid_dpop_nonce', 'oauth_error'], { atMost: { par: 1, token: 1 } }),
  })),
  {
    name: 'refuses a nonce of a megabyte with a typed error',
    clause: 'RFC 9449 8.1',
    level: 'recommended',
    fault: { dpop: { nonce: 'n'.repeat(12_000), at: 'authorization server' } },
    run: ['login'],
    expect: refused(['invalid_dpop_nonce', 'oauth_error'], { atMost: { par: 2, token: 2 } }),
  },
  {
    name: 'uses the nonce that came with a success for the next proof',
    clause: 'RFC 9449 8.2',
    fault: { dpop: { rotate: true } },
    run: ['login', 'refresh', 'userinfo', 'userinfo'],
    expect: { ...accepted, atMost: { par: 2, token: 1, refresh: 1, userinfo: 3 } },
  },
  {
    name: 'asks for a DPoP-bound token again when it refreshes',
    clause: 'RFC 9449 5',
    fault: {},
    run: ['login', 'refresh', 'userinfo'],
    expect: { ...accepted, atMost: { refresh: 1 } },
  },
  {
    name: 'binds each of two logins to a key of its own',
    clause: 'spec/3-sessions.md',
    fault: {},
    run: ['login', 'login', 'userinfo'],
  },
  {
    name: 'refuses a server whose proof algorithms are none of its own',
    clause: 'RFC 9449 5.1',
    level: 'recommended',
    fault: { metadata: { dpop_signing_alg_values_supported: ['RS512'] } },
    run: ['begin'],
    expect: refused('unsupported_by_server'),
  },
  ...(['none', 'client_secret_post', 'private_key_jwt'] as const).map((auth) => ({
    name: `makes proof and authentication anew for a retry, with ${auth}`,
    clause: 'spec/2-protocol.md, DPoP',
    client: { dpop: true, auth },
    fault: {},
    run: ['login', 'refresh', 'userinfo'] as const,
  })),
])
