import { refused, table } from '../scenario.ts'

const fails = refused('invalid_id_token', { checks: ['encryption'], atMost: { token: 1, refresh: 0 } })
const signedBy = (alg: string) => ({ idTokenAlg: alg })

/** id_tokens and answers that are encrypted as registered (RFC 7516), or signed with the client secret. */
export const encryptionScenarios = table(
  { area: 'encryption', run: ['login'], client: { encrypted: true }, expect: fails },
  [
    {
      name: 'opens honest id_tokens at login and refresh',
      clause: 'OpenID Connect Core 3.1.3.7 item 1',
      fault: {},
      run: ['login', 'refresh'],
      expect: { outcome: 'accepted' },
    },
    {
      name: 'opens an honest JARM response',
      clause: 'JARM 2.2',
      client: { encrypted: true, responseMode: 'jwt' },
      fault: {},
      expect: { outcome: 'accepted' },
    },
    {
      name: 'refuses a JARM response that is only signed, where encryption was registered',
      clause: 'JARM 3',
      client: { encrypted: true, responseMode: 'jwt' },
      fault: { encryption: { plain: true } },
      expect: refused('invalid_jwe', { atMost: { token: 0 } }),
    },
    {
      name: 'refuses a plain id_token where encryption was registered',
      clause: 'OpenID Connect Core 3.1.3.7 item 1',
      fault: { encryption: { plain: true } },
    },
    {
      name: 'refuses an id_token to the key of somebody else',
      clause: 'RFC 7516 5.2',
      fault: { encryption: { stranger: true } },
    },
    {
      name: 'refuses an id_token by another content encryption than registered',
      clause: 'OpenID Connect Registration 2',
      fault: { encryption: { header: { enc: 'A256GCM' } } },
    },
    {
      name: 'refuses an id_token by another key management than registered',
      clause: 'OpenID Connect Registration 2',
      fault: { encryption: { header: { alg: 'RSA1_5' } } },
    },
    {
      name: 'does no work that PBES2 asks for',
      clause: 'RFC 8725 3.2',
      fault: { encryption: { header: { alg: 'PBES2-HS512+A256KW', p2c: 2_147_483_647, p2s: 'AAAA' } } },
    },
    {
      name: 'refuses a compressed id_token',
      clause: 'RFC 8725 3.6',
      fault: { encryption: { header: { zip: 'DEF' } } },
    },
    {
      name: 'refuses an encrypted id_token with a critical extension',
      clause: 'RFC 7516 4.1.13',
      fault: { encryption: { header: { crit: ['exp'] } } },
    },
    {
      name: 'refuses claims that are encrypted and not signed',
      clause: 'OpenID Connect Core 2',
      fault: {
        encryption: { content: (token) => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() },
      },
    },
    {
      name: 'refuses an unsigned JWT inside an encrypted one',
      clause: 'OpenID Connect Core 2',
      fault: { encryption: { content: (token) => token.replace(/[^.]+$/, '') } },
    },
    {
      name: 'refuses an encrypted id_token that was tampered with',
      clause: 'RFC 7516 5.2',
      fault: { encryption: { compact: (token) => token.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')) } },
    },
    {
      name: 'refuses an encrypted id_token of more than 96 KiB',
      clause: 'RFC 8725 3.1',
      fault: { encryption: { content: (token) => token + 'A'.repeat(100_000) } },
    },
    {
      name: 'looks at what is inside like at any other id_token',
      clause: 'OpenID Connect Core 3.1.3.7',
      fault: { idToken: { claims: { aud: 'other-app' } } },
      expect: refused('invalid_id_token', { checks: ['aud'] }),
    },
    {
      name: 'takes an id_token by HS256 where it was registered',
      clause: 'OpenID Connect Core 3.1.3.7 item 8',
      client: signedBy('HS256'),
      fault: { idToken: { header: { alg: 'HS256' }, key: 'client-secret' } },
      expect: { outcome: 'accepted' },
    },
    {
      name: 'refuses an id_token by ES256 where HS256 was registered',
      clause: 'OpenID Connect Core 3.1.3.7 item 7',
      client: signedBy('HS256'),
      fault: {},
      expect: refused('invalid_id_token', { checks: ['alg'] }),
    },
    {
      name: 'refuses a MAC by a public key where HS256 was registered',
      clause: 'RFC 8725 2.1',
      client: signedBy('HS256'),
      fault: { idToken: { header: { alg: 'HS256' }, key: 'public-key-as-secret' } },
      expect: refused('invalid_id_token', { checks: ['signature'] }),
    },
  ],
)
