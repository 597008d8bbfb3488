import { absent, type Patch } from '../patch.ts'
import { refused, table } from '../scenario.ts'

type HeaderRow = readonly [name: string, clause: string, header: Patch]

const wrongHeaders: readonly HeaderRow[] = [
  ['whose alg is missing', 'RFC 7515 4.1.1', { alg: absent }],
  ['whose alg is a number', 'RFC 7515 4.1.1', { alg: 256 }],
  ['whose alg is not registered', 'RFC 7515 4.1.1', { alg: 'XX256' }],
  ['whose alg is written in lower case', 'RFC 7515 4.1.1', { alg: 'es256' }],
  ['whose alg names another kind of key', 'RFC 8725 3.1', { alg: 'RS256' }],
  ['with an extension that nobody understands', 'RFC 7515 4.1.11', { crit: ['exp2'], exp2: 1 }],
  ['with an empty crit', 'RFC 7515 4.1.11', { crit: [] }],
  ['with unencoded payload', 'RFC 7797 6', { b64: false, crit: ['b64'] }],
  ['with b64 outside of crit', 'RFC 7797 6', { b64: false }],
  ['that is an access token by its typ', 'RFC 8725 3.11', { typ: 'at+jwt' }],
  ['that is a logout token by its typ', 'RFC 8725 3.11', { typ: 'logout+jwt' }],
  ['that is a proof by its typ', 'RFC 8725 3.11', { typ: 'application/dpop+jwt' }],
  ['that says that it is encrypted', 'RFC 7519 5.2', { enc: 'A256GCM', alg: 'dir' }],
]

/** RFC 7515 4, RFC 8725 3. */
export const idTokenHeaderScenarios = table(
  { area: 'id_token', run: ['login'], expect: refused(['invalid_id_token', 'invalid_jwt', 'no_matching_key']) },
  wrongHeaders.map(([name, clause, header]) => ({
    name: `refuses an id_token ${name}`,
    clause,
    fault: { idToken: { header } },
  })),
)
