import { absent } from '../patch.ts'
import { refused, table } from '../scenario.ts'

const invalid = refused('invalid_authorization_response', { atMost: { token: 0 } })
const unknown = refused(['state_mismatch', 'unknown_transaction', 'invalid_authorization_response'], {
  atMost: { token: 0 },
})
const wrongIssuer = refused('issuer_mismatch', { atMost: { token: 0 } })

/** RFC 6749 4.1.2, RFC 9207, RFC 9700 4. A refused callback sends nothing to the token endpoint. */
export const callbackScenarios = table({ area: 'callback', run: ['login'] }, [
  {
    name: 'refuses a callback without state',
    clause: 'RFC 6749 4.1.2',
    fault: { callback: { set: { state: absent } } },
    expect: unknown,
  },
  {
    name: 'refuses a callback with an empty state',
    clause: 'RFC 6749 4.1.2',
    fault: { callback: { set: { state: '' } } },
    expect: unknown,
  },
  {
    name: 'refuses a callback with a state that it never sent',
    clause: 'RFC 9700 4.7',
    fault: { callback: { set: { state: 'forged-by-somebody-else-entirely' } } },
    expect: unknown,
  },
  {
    name: 'refuses a callback whose state is cut short by one character',
    clause: 'RFC 9700 4.7',
    fault: { callback: { set: { state: ({ state = '' }) => state.slice(0, -1) } } },
    expect: unknown,
  },
  {
    name: 'refuses a callback with two states',
    clause: 'RFC 6749 3.1',
    fault: { callback: { add: { state: 'second' } } },
    expect: invalid,
  },
  {
    name: 'refuses a callback that repeats the right state',
    clause: 'RFC 6749 3.1',
    fault: { callback: { add: { state: ({ state = '' }) => state } } },
    expect: invalid,
  },
  {
    name: 'refuses a callback with two codes',
    clause: 'RFC 6749 3.1',
    fault: { callback: { add: { code: 'another' } } },
    expect: invalid,
  },
  {
    name: 'refuses a callback without a code',
    clause: 'RFC 6749 4.1.2',
    fault: { callback: { set: { code: absent } } },
    expect: invalid,
  },
  {
    name: 'refuses a callback with an empty code',
    clause: 'RFC 6749 4.1.2',
    fault: { callback: { set: { code: '' } } },
    expect: invalid,
  },
  {
    name: 'refuses a callback with code and error together',
    clause: 'RFC 6749 4.1.2.1',
    fault: { callback: { add: { error: 'access_denied' } } },
    expect: invalid,
  },
  {
    name: 'refuses a callback from another issuer',
    clause: 'RFC 9207 2.4',
    fault: { callback: { set: { iss: 'https://evil.example' } } },
    expect: wrongIssuer,
  },
  {
    name: 'refuses a callback whose iss differs by a trailing slash',
    clause: 'RFC 9207 2.4',
    fault: { callback: { set: { iss: ({ issuer }) => `${issuer}/` } } },
    expect: wrongIssuer,
  },
  {
    name: 'refuses a callback without iss when the server promised one',
    clause: 'RFC 9207 2.4',
    fault: { callback: { set: { iss: absent } } },
    expect: refused(['issuer_mismatch', 'invalid_authorization_response'], { atMost: { token: 0 } }),
  },
  {
    name: 'refuses a callback with two iss',
    clause: 'RFC 6749 3.1',
    fault: { callback: { add: { iss: 'https://evil.example' } } },
    expect: invalid,
  },
  {
    name: 'refuses the iss of another issuer although the server promised none',
    clause: 'RFC 9207 2.4',
    fault: {
      metadata: { authorization_response_iss_parameter_supported: absent },
      callback: { set: { iss: 'https://evil.example' } },
    },
    expect: wrongIssuer,
  },
  {
    name: 'refuses an error callback from another issuer',
    clause: 'RFC 9207 2.4',
    fault: { callback: { error: 'access_denied', set: { iss: 'https://evil.example' } } },
    expect: wrongIssuer,
  },
  {
    name: 'turns access_denied into a typed error',
    clause: 'RFC 6749 4.1.2.1',
    fault: { callback: { error: 'access_denied' } },
    expect: refused('authorization_error', { error: 'access_denied', atMost: { token: 0 } }),
  },
  {
    name: 'shows no control characters of an error in the callback',
    clause: 'RFC 6749 4.1.2.1',
    fault: { callback: { error: 'access_denied', set: { error_description: '\u001b[31mred\r\nforged: line \u202e' } } },
    expect: refused(['authorization_error', 'invalid_authorization_response'], { atMost: { token: 0 } }),
  },
  {
    name: 'turns login_required into a typed error',
    clause: 'OpenID Connect Core 3.1.2.6',
    fault: { callback: { error: 'login_required' } },
    expect: refused('authorization_error', { error: 'login_required', atMost: { token: 0 } }),
  },
  {
    name: 'refuses an error callback with two errors',
    clause: 'RFC 6749 3.1',
    fault: { callback: { error: 'access_denied', add: { error: 'server_error' } } },
    expect: invalid,
  },
  {
    name: 'refuses an error callback with a state that it never sent',
    clause: 'RFC 9700 4.7',
    fault: { callback: { error: 'access_denied', set: { state: 'forged-by-somebody-else-entirely' } } },
    expect: unknown,
  },
  {
    name: 'uses a transaction up with an error callback',
    clause: 'spec/2-protocol.md, Authorization request',
    fault: { callback: { error: 'access_denied' } },
    run: [{ fails: 'login' }, 'finish-again'],
    expect: refused('unknown_transaction', { atMost: { token: 0 } }),
  },
  {
    name: 'refuses an access token in the callback of the code flow',
    clause: 'RFC 9700 2.1.2',
    level: 'recommended',
    fault: { callback: { add: { access_token: 'injected', token_type: 'Bearer' } } },
    expect: invalid,
  },
  {
    name: 'refuses an id_token in the callback of the code flow',
    clause: 'RFC 9700 2.1.2',
    level: 'recommended',
    fault: { callback: { add: { id_token: 'e30.e30.AA' } } },
    expect: invalid,
  },
  {
    name: 'refuses a plain answer beside a JARM response that nobody asked for',
    clause: 'JARM 2.3.1',
    level: 'recommended',
    fault: { callback: { add: { response: 'e30.e30.AA' } } },
    expect: invalid,
  },
  {
    name: 'refuses the same callback a second time',
    clause: 'RFC 9700 4.7',
    fault: {},
    run: ['login', 'finish-again'],
    expect: refused('unknown_transaction', { atMost: { token: 1 } }),
  },
  {
    name: 'refuses a callback that comes after eleven minutes',
    clause: 'spec/2-protocol.md, Authorization request',
    fault: {},
    run: ['begin', { advanceSeconds: 11 * 60 }, 'finish'],
    expect: refused(['expired_transaction', 'unknown_transaction'], { atMost: { token: 0 } }),
  },
  {
    name: 'takes a callback that comes after nine minutes',
    clause: 'spec/2-protocol.md, Authorization request',
    fault: {},
    run: ['begin', { advanceSeconds: 9 * 60 }, 'finish'],
  },
  {
    name: 'ignores parameters of the callback that it does not know',
    clause: 'RFC 6749 4.1.2',
    fault: { callback: { add: { session_state: 'abc.def', utm_source: 'op', scope: 'openid profile' } } },
  },
  {
    name: 'ignores a repeated parameter of the callback that it does not know',
    clause: 'RFC 6749 4.1.2',
    level: 'recommended',
    fault: { callback: { set: { utm: '1' }, add: { utm: '2' } } },
  },
  {
    name: 'takes a callback without iss from a server that promised none',
    clause: 'RFC 9207 2.4',
    fault: {
      metadata: { authorization_response_iss_parameter_supported: absent },
      callback: { set: { iss: absent } },
    },
  },
])
