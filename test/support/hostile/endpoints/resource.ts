import { type Answer, errorAnswer, jsonAnswer } from '../answer.ts'
import { registeredClient } from '../client-setup.ts'
import { judgeClientAuth } from '../judge/client-auth.ts'
import { judgeProof, nonceHeader } from '../judge/dpop.ts'
import { blame, type IssuedToken, type ProviderState, type RecordedRequest } from '../state.ts'

/** OpenID Connect Core 5.3, with the token as RFC 6750 2.1 or RFC 9449 7.1 carry it. */
export function userinfoAnswer(state: ProviderState, request: RecordedRequest): Answer {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ')
  const known = state.accessTokens.get(value)
  if (!known?.active) return invalidToken(scheme || 'Bearer')
  const expected = known.jkt ? 'dpop' : 'bearer'
  if (scheme.toLowerCase() !== expected) blame(state, 'RFC 9449 7.1', `${expected} token sent as ${scheme}`)
  let headers = {}
  if (known.jkt) {
    const verdict = judgeProof(state, request, { role: 'resource server', accessToken: value, jkt: known.jkt })
    if (verdict.kind === 'refused') return verdict.answer
    headers = nonceHeader(state, 'resource server')
  } else if (request.headers.dpop !== undefined) {
    blame(state, 'RFC 9449 7.1', 'proof beside a token that is bound to no key')
  }
  const subject = known.login?.subject ?? ''
  return jsonAnswer(200, { sub: subject, name: 'Alice', email: 'alice@example.com' }, headers)
}

function invalidToken(scheme: string): Answer {
  return jsonAnswer(401, {}, { 'www-authenticate': `${scheme} error="invalid_token", error_description="Not active"` })
}

/** RFC 7662 2. */
export function introspectionAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const known = find(state, request.form)
  if (!known?.active) return jsonAnswer(200, { active: false })
  return jsonAnswer(200, {
    active: true,
    scope: known.scope,
    client_id: registeredClient.clientId,
    token_type: known.jkt ? 'DPoP' : 'Bearer',
    ...(known.login ? { sub: known.login.subject } : {}),
    ...(known.jkt ? { cnf: { jkt: known.jkt } } : {}),
    exp: Math.floor(state.now() / 1000) + 300,
    iss: state.issuer,
  })
}

/** RFC 7009 2: 200 for any token, known or not. */
export function revocationAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const known = find(state, request.form)
  if (known) known.active = false
  return { status: 200, headers: {}, body: '' }
}

function find(state: ProviderState, form: URLSearchParams): IssuedToken | undefined {
  const value = form.get('token') ?? ''
  if (!value) blame(state, 'RFC 7662 2.1', 'no token named')
  return state.accessTokens.get(value) ?? state.refreshTokens.get(value)
}
