import { privateJwk, publishedJwk } from '../keys.ts'
import { absent } from '../patch.ts'
import { refused, table } from '../scenario.ts'

const core = 'OpenID Connect Core 3.1.3.7'

/** RFC 7518 3, RFC 8725 3, OpenID Connect Core 3.1.3.7 items 6 to 8. */
export const idTokenSignatureScenarios = table(
  { area: 'id_token', run: ['login'], expect: refused(['invalid_id_token', 'invalid_jwt', 'no_matching_key']) },
  [
    {
      name: 'refuses an unsigned id_token',
      clause: 'OpenID Connect Core 2',
      fault: { idToken: { header: { alg: 'none', kid: absent }, signature: 'none' } },
    },
    {
      name: 'refuses an unsigned id_token although the server lists none',
      clause: 'OpenID Connect Core 2',
      fault: {
        metadata: { id_token_signing_alg_values_supported: ['ES256', 'none'] },
        idToken: { header: { alg: 'none', kid: absent }, signature: 'none' },
      },
    },
    {
      name: 'refuses an id_token whose alg is None',
      clause: 'RFC 8725 3.2',
      fault: { idToken: { header: { alg: 'None' }, signature: 'none' } },
    },
    {
      name: 'refuses an id_token whose signature was taken away',
      clause: `${core} item 6`,
      fault: { idToken: { signature: 'none' } },
    },
    {
      name: 'refuses an id_token whose signature has one bit wrong',
      clause: `${core} item 6`,
      fault: { idToken: { signature: 'flipped' } },
    },
    {
      name: 'refuses an id_token whose signature is all zeros',
      clause: 'RFC 7518 3.4',
      fault: { idToken: { signature: 'zeros' } },
    },
    {
      name: 'refuses an id_token whose signature lacks a byte',
      clause: 'RFC 7518 3.4',
      fault: { idToken: { signature: 'short' } },
    },
    {
      name: 'refuses an id_token whose signature has a byte too many',
      clause: 'RFC 7518 3.4',
      fault: { idToken: { signature: 'long' } },
    },
    {
      name: 'refuses an ES256 signature in DER',
      clause: 'RFC 7518 3.4',
      fault: { idToken: { signature: 'der' } },
    },
    {
      name: 'refuses the signature of another token',
      clause: `${core} item 6`,
      fault: { idToken: { signature: 'of-another-token' } },
    },
    {
      name: 'refuses an id_token signed with the client secret unless the client was registered so',
      clause: `${core} item 7`,
      fault: {
        metadata: { id_token_signing_alg_values_supported: ['ES256', 'HS256'] },
        idToken: { header: { alg: 'HS256' }, key: 'client-secret' },
      },
    },
    {
      name: 'refuses an id_token whose MAC was made with the public key',
      clause: 'RFC 8725 3.1',
      fault: {
        signingKey: 'rsa',
        metadata: { id_token_signing_alg_values_supported: ['RS256', 'HS256'] },
        idToken: { header: { alg: 'HS256' }, key: 'public-key-as-secret' },
      },
    },
    {
      name: 'refuses an id_token signed by the key that it brings along',
      clause: 'RFC 8725 3.10',
      fault: { idToken: { key: 'embedded-jwk' } },
    },
    {
      name: 'refuses an id_token signed by the only key there is, which it brings along',
      clause: 'RFC 8725 3.10',
      fault: { idToken: { key: 'embedded-jwk', header: { kid: absent } } },
    },
    {
      name: 'never fetches the jku of an id_token',
      clause: 'RFC 8725 3.10',
      fault: {
        idToken: {
          key: 'stranger-es256',
          header: { jku: ({ issuer }) => `${issuer}/evil-jwks`, kid: 'es256' },
        },
      },
    },
    {
      name: 'refuses ES256 by a P-384 key',
      clause: 'RFC 7518 3.4',
      fault: {
        jwks: () => [{ ...publishedJwk('p384'), alg: 'ES256' }],
        idToken: { key: 'p384' },
      },
    },
    {
      name: 'refuses ES256 by a secp256k1 key',
      clause: 'RFC 7518 3.4',
      fault: {
        jwks: () => [{ ...publishedJwk('secp256k1'), alg: 'ES256' }],
        idToken: { key: 'secp256k1' },
      },
    },
    {
      name: 'refuses EdDSA by an Ed448 key',
      clause: 'RFC 9864 2.2',
      fault: { signingKey: 'ed448', idToken: { claims: { at_hash: absent } } },
    },
    {
      name: 'refuses a PS256 signature without salt',
      clause: 'RFC 7518 3.5',
      fault: { signingKey: 'rsa-pss', idToken: { signature: 'pss-salt-0' } },
    },
    {
      name: 'refuses RS256 with a key of 1024 bits',
      clause: 'RFC 7518 3.3',
      fault: { signingKey: 'weak-rsa' },
    },
    {
      name: 'refuses RS256 with a public exponent of 3',
      clause: 'spec/2-protocol.md, id_token 3',
      fault: { signingKey: 'rsa-e3' },
    },
    {
      name: 'refuses an algorithm that is not the one the client was registered with',
      clause: `${core} item 7`,
      client: { idTokenAlg: 'RS256' },
      fault: {},
    },
    {
      name: 'refuses an algorithm that the server does not list',
      clause: `${core} item 7`,
      fault: { metadata: { id_token_signing_alg_values_supported: ['RS256'] } },
    },
    {
      name: 'refuses an id_token signed with a key that the set marks for encryption',
      clause: 'RFC 7517 4.2',
      fault: { jwks: () => [{ ...publishedJwk('es256'), use: 'enc' }] },
    },
    {
      name: 'refuses an id_token signed with a key that may only sign',
      clause: 'RFC 7517 4.3',
      fault: { jwks: () => [{ ...publishedJwk('es256'), use: undefined, key_ops: ['sign'] }] },
    },
    {
      name: 'refuses an id_token signed with a key that the set gives another alg',
      clause: 'RFC 7517 4.4',
      fault: { jwks: () => [{ ...publishedJwk('es256'), alg: 'ES384' }] },
    },
    {
      name: 'does not use a private key that was published',
      clause: 'spec/2-protocol.md, JWKS',
      fault: { jwks: () => [privateJwk('es256')] },
    },
  ],
)
