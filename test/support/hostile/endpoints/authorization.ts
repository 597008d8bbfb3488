import { type Answer, errorAnswer, jsonAnswer } from '../answer.ts'
import { judgeAuthorizationRequest, judgeFrontChannel } from '../judge/authorization.ts'
import { judgeClientAuth } from '../judge/client-auth.ts'
import { judgeProof, nonceHeader } from '../judge/dpop.ts'
import { absent } from '../patch.ts'
import { blame, factsOf, type Login, type ProviderState, type RecordedRequest, token } from '../state.ts'

/** RFC 9126 2.1. A proof is welcome, and binds the code to its key (RFC 9449 10.1). */
export function parAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const parameters = new URLSearchParams(request.form)
  let nonce = {}
  if (request.headers.dpop !== undefined) {
    const verdict = judgeProof(state, request, { role: 'authorization server' })
    if (verdict.kind === 'refused') return verdict.answer
    parameters.set('dpop_jkt', verdict.jkt)
    nonce = nonceHeader(state, 'authorization server')
  }
  judgeAuthorizationRequest(state, parameters)
  const uri = `urn:ietf:params:oauth:request_uri:${token('par')}`
  state.pushed.set(uri, parameters)
  return jsonAnswer(201, { request_uri: uri, expires_in: 60 }, nonce)
}

/** The user is there, is logged in and agrees: straight back to the client. */
export function authorizationAnswer(state: ProviderState, url: URL): Answer {
  const callback = callbackUrl(state, loginFrom(state, url.searchParams))
  return { status: 302, headers: { location: callback.href }, body: '' }
}

function loginFrom(state: ProviderState, query: URLSearchParams): Login {
  const requestUri = query.get('request_uri')
  const parameters = requestUri ? state.pushed.get(requestUri) : query
  if (!parameters) throw new Error('Unknown request_uri in the authorization URL')
  if (requestUri) {
    judgeFrontChannel(state, query)
    state.pushed.delete(requestUri)
  } else {
    judgeAuthorizationRequest(state, parameters)
    // RFC 9126 4: a server with the endpoint does not yet demand its use; this library promises it.
    if (!('pushed_authorization_request_endpoint' in (state.faults.metadata ?? {}))) {
      blame(state, 'RFC 9126 4', 'authorization request not pushed')
    }
  }
  const jkt = parameters.get('dpop_jkt')
  const login: Login = {
    parameters,
    subject: 'alice',
    authTime: Math.floor(state.now() / 1000),
    code: token('code'),
    codeUsed: false,
    ...(jkt ? { jkt } : {}),
  }
  state.codes.set(login.code, login)
  state.lastLogin = login
  return login
}

function callbackUrl(state: ProviderState, login: Login): URL {
  const fault = state.faults.callback ?? {}
  const url = new URL(login.parameters.get('redirect_uri') ?? '')
  if (fault.error) {
    url.searchParams.set('error', fault.error)
    url.searchParams.set('error_description', 'No <b>such</b> luck')
  } else {
    url.searchParams.set('code', login.code)
  }
  url.searchParams.set('state', login.parameters.get('state') ?? '')
  url.searchParams.set('iss', state.issuer)
  const facts = factsOf(state)
  for (const [change, entries] of [
    ['set', fault.set],
    ['append', fault.add],
  ] as const) {
    for (const [name, entry] of Object.entries(entries ?? {})) {
      const value = typeof entry === 'function' ? entry(facts, url.searchParams.get(name)) : entry
      if (value === absent) url.searchParams.delete(name)
      else url.searchParams[change](name, String(value))
    }
  }
  return url
}
