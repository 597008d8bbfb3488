import { absent } from '../patch.ts'
import { accepted, refused, table } from '../scenario.ts'

const down = { unprocessed: true, status: 503, headers: { 'content-type': 'text/plain' }, body: 'down' } as const
const gone = refused('session_expired', { atMost: { refresh: 1 } })
const nearExpiry = { advanceSeconds: 260 }
const afterExpiry = { advanceSeconds: 400 }

/** spec/3-sessions.md: what a session makes of a refresh that goes wrong. */
export const sessionScenarios = table({ area: 'session', run: ['login', afterExpiry, 'api-call'] }, [
  {
    name: 'refreshes an expired token before the call',
    clause: 'spec/3-sessions.md',
    fault: {},
    expect: { ...accepted, atMost: { refresh: 1, userinfo: 1 } },
  },
  {
    name: 'keeps a token whose lifetime nobody told until it is refused',
    clause: 'RFC 6749 5.1',
    fault: { answers: { token: { json: { expires_in: absent } } } },
    run: ['login', { advanceSeconds: 86_400 }, 'api-call', 'end-access-tokens', 'api-call'],
    expect: { ...accepted, atMost: { refresh: 1 } },
  },
  {
    name: 'refreshes a token of a minute no earlier than in its last quarter',
    clause: 'spec/3-sessions.md',
    fault: { answers: { token: { json: { expires_in: 60 } } } },
    run: ['login', { advanceSeconds: 40 }, 'api-call'],
    expect: { ...accepted, atMost: { refresh: 0 } },
  },
  {
    name: 'ends where an expired token came without a refresh token',
    clause: 'RFC 6749 1.5',
    fault: { answers: { token: { json: { refresh_token: absent } } } },
    expect: refused('session_expired', { atMost: { refresh: 0 } }),
  },
  {
    name: 'refreshes once for ten calls that are refused at once',
    clause: 'spec/3-sessions.md',
    client: { dpop: true },
    fault: {},
    run: ['login', 'end-access-tokens', 'ten-api-calls'],
    expect: { ...accepted, atMost: { refresh: 1 } },
  },
  {
    name: 'refreshes once for ten calls with an expired token',
    clause: 'spec/3-sessions.md',
    fault: {},
    run: ['login', afterExpiry, 'ten-api-calls'],
    expect: { ...accepted, atMost: { refresh: 1, userinfo: 10 } },
  },
  {
    name: 'gives every one of ten concurrent calls a proof of its own',
    clause: 'RFC 9449 4.2',
    client: { dpop: true },
    fault: {},
    run: ['login', 'ten-api-calls'],
    expect: { ...accepted, atMost: { refresh: 0, userinfo: 20 } },
  },
  {
    name: 'goes on with a token that is still good while it cannot be refreshed',
    clause: 'spec/3-sessions.md',
    fault: { answers: { refresh: down } },
    run: ['login', nearExpiry, 'api-call', 'api-call', 'api-call'],
    expect: { ...accepted, atMost: { refresh: 1 } },
  },
  {
    name: 'says that an expired token could not be refreshed, and keeps the session',
    clause: 'spec/3-sessions.md',
    fault: { answers: { refresh: down } },
    expect: refused('refresh_failed', { atMost: { refresh: 1 } }),
  },
  {
    name: 'refreshes once the server is back',
    clause: 'spec/3-sessions.md',
    fault: { answers: { refresh: { ...down, times: 1 } } },
    run: ['login', afterExpiry, { fails: 'api-call' }, { advanceSeconds: 600 }, 'api-call'],
    expect: { ...accepted, atMost: { refresh: 2 } },
  },
  {
    name: 'does not ask again before Retry-After has passed',
    clause: 'spec/3-sessions.md',
    fault: {
      answers: {
        refresh: {
          unprocessed: true,
          status: 429,
          headers: { 'content-type': 'application/json', 'retry-after': '120' },
          body: '{"error":"slow_down"}',
        },
      },
    },
    run: ['login', afterExpiry, { fails: 'api-call' }, { advanceSeconds: 60 }, 'api-call'],
    expect: refused('refresh_failed', { atMost: { refresh: 1 } }),
  },
  {
    name: 'keeps the session when the connection is lost before the server acts',
    clause: 'spec/3-sessions.md',
    fault: { answers: { refresh: { unprocessed: true, reset: true, times: 1 } } },
    run: ['login', afterExpiry, { fails: 'api-call' }, { advanceSeconds: 600 }, 'api-call'],
    expect: { ...accepted, atMost: { refresh: 2 } },
  },
  {
    name: 'keeps the session when a malformed answer comes',
    clause: 'spec/3-sessions.md',
    fault: { answers: { refresh: { unprocessed: true, status: 200, body: '{"hello":true}', times: 1 } } },
    run: ['login', afterExpiry, { fails: 'api-call' }, { advanceSeconds: 600 }, 'api-call'],
    expect: { ...accepted, atMost: { refresh: 2 } },
  },
  {
    name: 'keeps the session when invalid_grant comes in no well-formed answer',
    clause: 'spec/3-sessions.md',
    fault: {
      answers: {
        refresh: {
          unprocessed: true,
          status: 400,
          headers: { 'content-type': 'text/html' },
          body: 'invalid_grant',
          times: 1,
        },
      },
    },
    run: ['login', afterExpiry, { fails: 'api-call' }, { advanceSeconds: 600 }, 'api-call'],
    expect: { ...accepted, atMost: { refresh: 2 } },
  },
  {
    name: 'ends with invalid_grant, and asks no more',
    clause: 'RFC 6749 5.2',
    fault: { answers: { refresh: { status: 400, body: '{"error":"invalid_grant"}' } } },
    run: ['login', afterExpiry, { fails: 'api-call' }, 'api-call'],
    expect: gone,
  },
  {
    name: 'ends when a refresh brings another subject, and uses none of its tokens',
    clause: 'OpenID Connect Core 12.2',
    fault: { refreshIdToken: { claims: { sub: 'mallory' } } },
    run: ['login', afterExpiry, { fails: 'api-call' }, 'api-call'],
    expect: refused('session_expired', { atMost: { refresh: 1, userinfo: 0 } }),
  },
  {
    name: 'refreshes once, not for ever, when the API refuses every token',
    clause: 'spec/3-sessions.md',
    fault: {
      answers: { userinfo: { status: 401, body: '', headers: { 'www-authenticate': 'Bearer error="invalid_token"' } } },
    },
    run: ['login', { fails: 'api-call' }],
    expect: { ...accepted, atMost: { refresh: 1, userinfo: 2 } },
  },
  {
    name: 'does not refresh when the API asks for more scope',
    clause: 'RFC 6750 3.1',
    fault: {
      answers: {
        userinfo: { status: 403, body: '', headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } },
      },
    },
    run: ['login', { fails: 'api-call' }],
    expect: { ...accepted, atMost: { refresh: 0, userinfo: 1 } },
  },
  {
    name: 'does not take its token where the API redirects',
    clause: 'RFC 9700 4.9.1',
    client: { dpop: true },
    fault: { answers: { userinfo: { redirect: { status: 307, hops: 1, to: 'other-origin' } } } },
    run: ['login', { fails: 'api-call' }],
    expect: { ...accepted, atMost: { userinfo: 2 } },
  },
])

/** `verifyIdToken` on its own, with issuer and client id alone. */
export const verifyScenarios = table({ area: 'id_token', run: ['login', 'verify-id-token'] }, [
  {
    name: 'verifies an id_token with nothing else of the library',
    clause: 'spec/2-protocol.md, id_token',
    fault: {},
    run: ['login', 'verify-id-token', 'verify-id-token'],
    expect: { ...accepted, atMost: { discovery: 2, jwks: 2 } },
  },
  {
    name: 'refuses an id_token alone when it has expired meanwhile',
    clause: 'OpenID Connect Core 3.1.3.7 item 9',
    fault: {},
    run: ['login', { advanceSeconds: 400 }, 'verify-id-token'],
    expect: refused('invalid_id_token', { checks: ['exp'] }),
  },
  {
    name: 'verifies an id_token alone by a key that was rotated a second ago',
    clause: 'OpenID Connect Core 10.1.1',
    fault: {},
    run: ['login', 'verify-id-token', { rotateSigningKeyTo: 'es256-next' }, 'login', 'verify-id-token'],
  },
])
