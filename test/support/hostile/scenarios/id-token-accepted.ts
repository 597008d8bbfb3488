import { absent } from '../patch.ts'
import { table } from '../scenario.ts'

const core = 'OpenID Connect Core 3.1.3.7'

/** What an honest provider may do, and a client must take. */
export const idTokenAcceptedScenarios = table({ area: 'id_token', run: ['login'] }, [
  {
    name: 'takes an id_token without at_hash in the code flow',
    clause: 'OpenID Connect Core 3.1.3.6',
    fault: { idToken: { claims: { at_hash: absent } } },
  },
  {
    name: 'takes an id_token whose aud is an array of the client alone',
    clause: 'OpenID Connect Core 2',
    fault: { idToken: { claims: { aud: ['app'] } } },
  },
  {
    name: 'takes an id_token whose azp is the client',
    clause: `${core} item 5`,
    fault: { idToken: { claims: { azp: 'app' } } },
  },
  {
    name: 'takes an id_token that expired within the tolerance',
    clause: `${core} item 9`,
    fault: {
      idToken: {
        claims: { exp: ({ now }) => now - 10, iat: ({ now }) => now - 300 },
      },
    },
  },
  {
    name: 'takes an id_token from a server whose clock is ahead within the tolerance',
    clause: `${core} item 10`,
    fault: {
      idToken: { claims: { iat: ({ now }) => now + 15, nbf: ({ now }) => now + 15 } },
    },
  },
  {
    name: 'takes times with fractions of a second',
    clause: 'RFC 7519 2',
    fault: {
      idToken: {
        claims: { iat: ({ now }) => now - 0.5, exp: ({ now }) => now + 300.25 },
      },
    },
  },
  {
    name: 'takes a sub of 255 characters',
    clause: 'OpenID Connect Core 2',
    fault: { idToken: { claims: { sub: 'a'.repeat(255) } } },
  },
  {
    name: 'takes an id_token without typ',
    clause: 'RFC 7519 5.1',
    fault: { idToken: { header: { typ: absent } } },
  },
  {
    name: 'takes an id_token whose typ is application/jwt',
    clause: 'RFC 7515 4.1.9',
    fault: { idToken: { header: { typ: 'application/jwt' } } },
  },
  {
    name: 'ignores claims and header members that it does not know',
    clause: 'RFC 7519 4',
    fault: {
      idToken: { header: { x: [1] }, claims: { groups: ['a'], address: { country: 'DE' }, amr: ['pwd', 'otp'] } },
    },
  },
  {
    name: 'takes no harm from a __proto__ member in claims',
    clause: 'spec/2-protocol.md, id_token 1',
    fault: { idToken: { claimsText: (json) => json.replace('{', '{"__proto__":{"polluted":true},') } },
  },
  {
    name: 'takes claims with escapes and letters of every script',
    clause: 'RFC 8259 8.1',
    fault: { idToken: { claims: { name: 'Ålice "\u2028" 愛麗絲 👩🏽‍💻' } } },
  },
  {
    name: 'takes an id_token with max_age and a recent auth_time',
    clause: `${core} item 13`,
    client: { maxAge: 300 },
    fault: {},
  },
  ...(['rsa', 'rsa-pss', 'ed25519'] as const).map((signingKey) => ({
    name: `takes an id_token signed with the ${signingKey} key`,
    clause: `${core} item 7`,
    fault: { signingKey },
  })),
])
