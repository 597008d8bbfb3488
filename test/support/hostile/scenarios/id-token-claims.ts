import { absent, type PatchValue } from '../patch.ts'
import { refused, type Scenario, table } from '../scenario.ts'

const core = 'OpenID Connect Core 3.1.3.7'

type ClaimRow = readonly [name: string, clause: string, claim: string, value: PatchValue, more?: Partial<Scenario>]

const wrongClaims: readonly ClaimRow[] = [
  ['from another issuer', `${core} item 2`, 'iss', 'https://evil.example'],
  ['whose iss differs by a trailing slash', `${core} item 2`, 'iss', ({ issuer }) => `${issuer}/`],
  ['without iss', `${core} item 2`, 'iss', absent, at('kind')],
  ['whose iss is an array', 'OpenID Connect Core 2', 'iss', ({ issuer }) => [issuer]],
  ['for another client', `${core} item 3`, 'aud', 'other-app'],
  ['whose aud only begins with the client', `${core} item 3`, 'aud', 'app2'],
  ['whose aud is an array of another client', `${core} item 3`, 'aud', ['other-app']],
  ['with an untrusted audience beside the client', `${core} item 3`, 'aud', ['app', 'https://evil.example']],
  ['without aud', `${core} item 3`, 'aud', absent, at('kind')],
  ['whose aud is an empty array', `${core} item 3`, 'aud', []],
  ['whose aud is an object', 'OpenID Connect Core 2', 'aud', { app: true }],
  ['whose aud holds a number', 'OpenID Connect Core 2', 'aud', ['app', 1]],
  ['whose azp is another client', `${core} item 5`, 'azp', 'other-app'],
  ['whose azp is an array', 'OpenID Connect Core 2', 'azp', ['app']],
  ['that expired an hour ago', `${core} item 9`, 'exp', ({ now }) => now - 3600],
  ['that expired beyond the tolerance', `${core} item 9`, 'exp', ({ now }) => now - 35],
  ['without exp', 'OpenID Connect Core 2', 'exp', absent, at('kind')],
  ['whose exp is a string', 'RFC 7519 4.1.4', 'exp', ({ now }) => String(now + 300), at('shape')],
  ['whose exp is null', 'RFC 7519 4.1.4', 'exp', null, at('shape')],
  ['whose exp is beyond every date', 'RFC 7519 2', 'exp', 1e300, at('shape')],
  ['that was issued tomorrow', `${core} item 10`, 'iat', ({ now }) => now + 86_400],
  ['that was issued beyond the tolerance', `${core} item 10`, 'iat', ({ now }) => now + 60],
  ['without iat', 'OpenID Connect Core 2', 'iat', absent, at('kind')],
  ['whose iat is a string', 'RFC 7519 4.1.6', 'iat', 'now', at('shape')],
  ['that is not yet valid', 'RFC 7519 4.1.5', 'nbf', ({ now }) => now + 120],
  ['whose nbf is a string', 'RFC 7519 4.1.5', 'nbf', 'now', at('shape')],
  ['without sub', 'OpenID Connect Core 2', 'sub', absent, at('kind')],
  ['with an empty sub', 'OpenID Connect Core 2', 'sub', ''],
  ['whose sub is a number', 'OpenID Connect Core 2', 'sub', 42],
  ['whose sub has 256 characters', 'OpenID Connect Core 2', 'sub', 'a'.repeat(256)],
  ['whose sub has letters beyond ASCII', 'OpenID Connect Core 2', 'sub', 'älice'],
  ['with another nonce', `${core} item 11`, 'nonce', 'another-nonce'],
  ['without the nonce that was sent', `${core} item 11`, 'nonce', absent],
  ['whose nonce is an array', 'OpenID Connect Core 2', 'nonce', ({ nonce = '' }) => [nonce]],
  ['with the at_hash of another access token', `${core} with 3.1.3.8`, 'at_hash', 'AAAAAAAAAAAAAAAAAAAAAA'],
  ['with an empty at_hash', 'OpenID Connect Core 3.1.3.8', 'at_hash', ''],
  ['whose at_hash is a number', 'OpenID Connect Core 3.1.3.8', 'at_hash', 1],
  ['with the c_hash of another code', 'OpenID Connect Core 3.3.2.10', 'c_hash', 'AAAAAAAAAAAAAAAAAAAAAA'],
  ['whose auth_time is older than max_age', `${core} item 13`, 'auth_time', ({ now }) => now - 900, maxAge()],
  ['without auth_time where max_age was asked for', `${core} item 13`, 'auth_time', absent, maxAge()],
  ['whose auth_time is a string', 'OpenID Connect Core 2', 'auth_time', 'now', maxAge()],
]

/** The rule that is met first: what every id_token has, or what a date is. */
function at(...checks: string[]): Partial<Scenario> {
  return { expect: refused('invalid_id_token', { checks }) }
}

function maxAge(): Partial<Scenario> {
  return { client: { maxAge: 300 }, ...at('max_age', 'auth_time') }
}

/** OpenID Connect Core 2 and 3.1.3.7, RFC 7519 4. The claim to blame is the check that fails; `aud` and `azp` judge together. */
export const idTokenClaimScenarios = table({ area: 'id_token', run: ['login'] }, [
  ...wrongClaims.map(([name, clause, claim, value, more]) => ({
    name: `refuses an id_token ${name}`,
    clause,
    fault: { idToken: { claims: { [claim]: value } } },
    expect: refused('invalid_id_token', { checks: [claim] }),
    ...more,
  })),
  {
    name: 'refuses several audiences without azp',
    clause: `${core} item 4`,
    level: 'recommended',
    fault: { idToken: { claims: { aud: ['app', 'app'] } } },
    expect: refused('invalid_id_token'),
  },
])
