import { refused, table } from '../scenario.ts'

/** RFC 7515 7.1, RFC 7519 7.2, RFC 8259. */
export const idTokenShapeScenarios = table(
  { area: 'id_token', run: ['login'], expect: refused(['invalid_id_token', 'invalid_jwt']) },
  [
    {
      name: 'refuses an id_token of two parts',
      clause: 'RFC 7515 7.1',
      fault: { idToken: { compact: (token) => token.slice(0, token.lastIndexOf('.')) } },
    },
    {
      name: 'refuses an id_token of four parts',
      clause: 'RFC 7515 7.1',
      fault: { idToken: { compact: (token) => `${token}.AA` } },
    },
    {
      name: 'refuses an empty id_token',
      clause: 'RFC 7515 7.1',
      fault: { idToken: { compact: () => '' } },
      expect: refused(['invalid_id_token', 'invalid_jwt', 'invalid_token_response', 'invalid_body']),
    },
    {
      name: 'refuses an id_token in padded base64url',
      clause: 'RFC 7515 2',
      fault: { idToken: { compact: (token) => `${token}==` } },
    },
    {
      name: 'refuses an id_token in base64 of the other alphabet',
      clause: 'RFC 7515 2',
      fault: { idToken: { claims: { x: '???>>>' }, compact: (token) => token.replace(/[-_]/g, '+') } },
    },
    {
      name: 'refuses an id_token with stray bits at the end of its signature',
      clause: 'RFC 4648 3.5',
      fault: { idToken: { compact: strayBits } },
    },
    {
      name: 'refuses an id_token with white space in it',
      clause: 'RFC 7515 2',
      fault: { idToken: { compact: (token) => token.replace('.', '.\n') } },
      expect: refused(['invalid_id_token', 'invalid_jwt', 'invalid_token_response']),
    },
    {
      name: 'refuses an id_token of more than 64 KiB',
      clause: 'spec/2-protocol.md, id_token 1',
      fault: { idToken: { claims: { padding: 'x'.repeat(64 * 1024) } } },
    },
    {
      name: 'refuses claims with a member twice',
      clause: 'RFC 7519 4',
      fault: { idToken: { claimsText: (json) => json.replace('{', '{"sub":"mallory",') } },
    },
    {
      name: 'refuses claims with a member twice, once of them escaped',
      clause: 'RFC 7519 4',
      fault: { idToken: { claimsText: (json) => json.replace('{', '{"s\\u0075b":"mallory",') } },
    },
    {
      name: 'refuses a header with a member twice',
      clause: 'RFC 7515 4',
      fault: { idToken: { headerText: (json) => json.replace('{', '{"alg":"none",') } },
    },
    {
      name: 'refuses claims with a nested member twice',
      clause: 'RFC 8725 3.10',
      level: 'recommended',
      fault: { idToken: { claimsText: (json) => json.replace('{', '{"address":{"a":1,"a":2},') } },
    },
    {
      name: 'refuses claims that are not UTF-8',
      clause: 'RFC 7519 7.2',
      fault: {
        idToken: {
          claimsText: (json) => Buffer.from(json.replace('{', '{"name":"\xff\xfe",'), 'latin1'),
        },
      },
    },
    {
      name: 'refuses claims that open with a byte order mark',
      clause: 'RFC 8259 8.1',
      fault: { idToken: { claimsText: (json) => `\uFEFF${json}` } },
    },
    {
      name: 'refuses claims nested deeper than any honest claim',
      clause: 'RFC 8259 9',
      level: 'recommended',
      fault: {
        idToken: { claimsText: (json) => json.replace('{', `{"deep":${'['.repeat(20_000)}${']'.repeat(20_000)},`) },
      },
    },
    {
      name: 'refuses claims that are an array',
      clause: 'RFC 7519 7.2',
      fault: { idToken: { claimsText: (json) => `[${json}]` } },
    },
    {
      name: 'refuses claims that are null',
      clause: 'RFC 7519 7.2',
      fault: { idToken: { claimsText: () => 'null' } },
    },
    {
      name: 'refuses claims that are cut short',
      clause: 'RFC 7519 7.2',
      fault: { idToken: { claimsText: (json) => json.slice(0, -2) } },
    },
    {
      name: 'refuses claims with something after them',
      clause: 'RFC 8259 2',
      fault: { idToken: { claimsText: (json) => `${json}{}` } },
    },
  ],
)

/** A 64-byte signature leaves four bits of its last character unused; they must be zero. */
function strayBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) + 1]
}
