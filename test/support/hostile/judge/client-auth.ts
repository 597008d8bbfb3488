import { createHash, createHmac, verify } from 'node:crypto'
import { registeredClient } from '../client-setup.ts'
import { blame, expectUnused, type ProviderState, type RecordedRequest } from '../state.ts'

type Method = NonNullable<ProviderState['client']['auth']>

/** Whether the client proved itself as it was registered to, and in no other way beside. */
export function judgeClientAuth(state: ProviderState, request: RecordedRequest): boolean {
  const registered = state.client.auth ?? 'client_secret_basic'
  const used = methodsUsed(request)
  if (used.length !== 1 || used[0] !== registered) {
    blame(state, 'RFC 6749 2.3', `authenticated with ${used.join(' and ') || 'nothing'}; registered is ${registered}`)
    return false
  }
  const valid = judges[registered](state, request)
  if (!valid) blame(state, 'RFC 6749 2.3.1', `${registered} does not authenticate the client`)
  return valid
}

function methodsUsed({ headers, form }: RecordedRequest): Method[] {
  const used: Method[] = []
  if (headers.authorization !== undefined) used.push('client_secret_basic')
  if (form.has('client_secret')) used.push('client_secret_post')
  if (form.has('client_assertion')) used.push(assertionMethod(form.get('client_assertion') ?? ''))
  return used.length === 0 && form.has('client_id') ? ['none'] : used
}

/** By whom an assertion is made shows in its algorithm. */
function assertionMethod(assertion: string): Method {
  const { alg } = JSON.parse(Buffer.from(assertion.split('.')[0] ?? '', 'base64url').toString()) as { alg?: string }
  return alg?.startsWith('HS') ? 'client_secret_jwt' : 'private_key_jwt'
}

const judges: Record<Method, (state: ProviderState, request: RecordedRequest) => boolean> = {
  none: (_state, { form }) => form.get('client_id') === registeredClient.clientId,
  client_secret_post: (_state, { form }) => form.get('client_secret') === registeredClient.clientSecret,
  client_secret_basic(_state, { headers }) {
    const [scheme, credentials = ''] = (headers.authorization as string).split(' ')
    const [id = '', secret = ''] = Buffer.from(credentials, 'base64').toString().split(':').map(formDecode)
    return scheme === 'Basic' && id === registeredClient.clientId && secret === registeredClient.clientSecret
  },
  private_key_jwt: judgeAssertion,
  client_secret_jwt: judgeAssertion,
}

// RFC 6749 2.3.1: identifier and secret are form-encoded before they are joined.
const formDecode = (text: string) => new URLSearchParams(`v=${text}`).get('v') ?? ''

function judgeAssertion(state: ProviderState, { form }: RecordedRequest): boolean {
  const assertion = form.get('client_assertion') ?? ''
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  const key = { key: registeredClient.publicKey, dsaEncoding: 'ieee-p1363' } as const
  const signed = Buffer.from(`${header}.${payload}`)
  const mac = createHmac('sha256', registeredClient.clientSecret).update(signed).digest('base64url')
  const holds =
    assertionMethod(assertion) === 'client_secret_jwt'
      ? mac === signature
      : verify('sha256', signed, key, Buffer.from(signature, 'base64url'))
  if (!holds) return false
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const now = Math.floor(state.now() / 1000)
  const clause = 'RFC 7523 3'
  if (claims.iss !== 'app' || claims.sub !== 'app') blame(state, clause, 'assertion of another client')
  if (claims.aud !== state.issuer) blame(state, 'RFC 7523bis 3', 'the audience of the assertion is not the issuer')
  if (!(Number(claims.exp) > now && Number(claims.exp) <= now + 300)) {
    blame(state, clause, 'assertion expired or lives longer than five minutes')
  }
  if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') {
    blame(state, 'RFC 7523 2.2', 'client_assertion_type missing')
  }
  expectUnused(state, 'assertion jti', String(claims.jti ?? ''), 'RFC 7523 3 item 7')
  return true
}

/** S256 of RFC 7636 4.2. */
export const s256 = (verifier: string): string => createHash('sha256').update(verifier, 'ascii').digest('base64url')
