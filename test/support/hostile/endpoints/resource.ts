import { type Answer, errorAnswer, jsonAnswer } from '../answer.ts'
import { registeredClient } from '../client-setup.ts'
import type { IdTokenFault } from '../faults.ts'
import { judgeClientAuth } from '../judge/client-auth.ts'
import { judgeProof, nonceHeader } from '../judge/dpop.ts'
import { makeIdToken } from '../jws.ts'
import type { JsonObject } from '../patch.ts'
import { blame, factsOf, type IssuedToken, type ProviderState, type RecordedRequest } from '../state.ts'

/** OpenID Connect Core 5.3, with the token as RFC 6750 2.1 or RFC 9449 7.1 carry it. */
export function userinfoAnswer(state: ProviderState, request: RecordedRequest): Answer {
  // RFC 6750 2.2: or as a form parameter of a POST, which has no other form.
  const posted = request.form.get('access_token')
  if (posted !== null && request.headers.authorization) blame(state, 'RFC 6750 2', 'token sent in two ways')
  const [scheme = '', value = ''] = posted ? ['Bearer', posted] : (request.headers.authorization ?? '').split(' ')
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
  const claims = { sub: subject, name: 'Alice', email: 'alice@example.com' }
  if (!state.client.signedAnswers) return jsonAnswer(200, claims, headers)
  const type = 'application/jwt'
  return signedAnswer(state, claims, type, state.faults.userinfoJwt, headers)
}

function invalidToken(scheme: string): Answer {
  return jsonAnswer(401, {}, { 'www-authenticate': `${scheme} error="invalid_token", error_description="Not active"` })
}

/** RFC 7662 2. */
export function introspectionAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const known = find(state, request.form)
  const { signedAnswers } = state.client
  if (!known?.active && !signedAnswers) return jsonAnswer(200, { active: false })
  const response = introspectionOf(state, known)
  if (!signedAnswers) return jsonAnswer(200, response)
  if (request.headers.accept !== introspectionType) blame(state, 'RFC 9701 4', 'no signed answer asked for')
  const fault = { ...state.faults.introspectionJwt }
  const header = { typ: 'token-introspection+jwt', ...fault.header }
  return signedAnswer(state, { token_introspection: response }, introspectionType, { ...fault, header })
}

const introspectionType = 'application/token-introspection+jwt'

function introspectionOf(state: ProviderState, known: IssuedToken | undefined): JsonObject {
  if (!known?.active) return { active: false }
  return {
    active: true,
    scope: known.scope,
    client_id: registeredClient.clientId,
    token_type: known.jkt ? 'DPoP' : 'Bearer',
    ...(known.login ? { sub: known.login.subject } : {}),
    ...(known.jkt ? { cnf: { jkt: known.jkt } } : {}),
    exp: Math.floor(state.now() / 1000) + 300,
    iss: state.issuer,
  }
}

/** A JWT with what all such answers have: `iss`, `aud`, `iat`. */
function signedAnswer(
  state: ProviderState,
  claims: JsonObject,
  type: string,
  fault: IdTokenFault = {},
  headers: Record<string, string> = {},
): Answer {
  const facts = factsOf(state)
  const common = { iss: state.issuer, aud: registeredClient.clientId, iat: facts.now }
  const setup = { alg: 'ES256', key: state.signingKey, clientSecret: registeredClient.clientSecret }
  const body = makeIdToken({ ...common, ...claims }, setup, fault, facts)
  return { status: 200, headers: { 'content-type': type, ...headers }, body }
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
