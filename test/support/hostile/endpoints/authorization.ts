import { type Answer, errorAnswer, jsonAnswer } from '../answer.ts'
import { judgeAuthorizationRequest, judgeFrontChannel } from '../judge/authorization.ts'
import { judgeClientAuth } from '../judge/client-auth.ts'
import { judgeProof, nonceHeader } from '../judge/dpop.ts'
import { openRequest } from '../judge/request-object.ts'
import { absent, type Patch } from '../patch.ts'
import { blame, factsOf, type Login, type ProviderState, type RecordedRequest, token } from '../state.ts'
import { frontIdToken, responseJwt } from './front-channel.ts'

/** RFC 9126 2.1. A proof is welcome, and binds the code to its key (RFC 9449 10.1). */
export function parAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const parameters = openRequest(state, new URLSearchParams(request.form), 'pushed')
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
  const answer = comeBack(state, url)
  if (!(answer instanceof URL)) throw new Error('The answer travels by form: use comeBack')
  return { status: 302, headers: { location: answer.href }, body: '' }
}

/** What the browser brings to the client: a redirect, or a form that it posts. */
export function comeBack(state: ProviderState, url: URL): URL | Request {
  const login = loginFrom(state, url.searchParams)
  const { callback = {} } = state.faults
  const parameters = answerParameters(state, login)
  const carrier = callback.carrier ?? carrierOf(login.parameters)
  const target = new URL(login.parameters.get('redirect_uri') ?? '')
  if (carrier === 'form_post') return new Request(target, { method: 'POST', body: parameters })
  target[carrier === 'query' ? 'search' : 'hash'] = parameters.toString()
  return target
}

function carrierOf(parameters: URLSearchParams): 'query' | 'fragment' | 'form_post' {
  const usual = parameters.get('response_type') === 'code' ? 'query' : 'fragment'
  const [carrier] = (parameters.get('response_mode') ?? usual).split('.')
  return carrier === 'jwt' ? usual : (carrier as 'query')
}

function loginFrom(state: ProviderState, query: URLSearchParams): Login {
  const requestUri = query.get('request_uri')
  const parameters = requestUri ? state.pushed.get(requestUri) : openRequest(state, query, 'in a URL')
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

function answerParameters(state: ProviderState, login: Login): URLSearchParams {
  const fault = state.faults.callback ?? {}
  const answer = new URLSearchParams()
  if (fault.error) {
    answer.set('error', fault.error)
    answer.set('error_description', 'No <b>such</b> luck')
  } else {
    answer.set('code', login.code)
    if (login.parameters.get('response_type') === 'code id_token') answer.set('id_token', frontIdToken(state, login))
  }
  answer.set('state', login.parameters.get('state') ?? '')
  answer.set('iss', state.issuer)
  change(state, answer, 'set', fault.set)
  change(state, answer, 'append', fault.add)
  const isJarm = login.parameters.get('response_mode')?.endsWith('jwt')
  if (!isJarm || fault.plain) return answer
  const outer = new URLSearchParams({ response: responseJwt(state, answer, fault.jwt) })
  change(state, outer, 'append', fault.beside)
  return outer
}

function change(state: ProviderState, target: URLSearchParams, how: 'set' | 'append', patch: Patch = {}): void {
  const facts = factsOf(state)
  for (const [name, entry] of Object.entries(patch)) {
    const value = typeof entry === 'function' ? entry(facts, target.get(name)) : entry
    if (value === absent) target.delete(name)
    else target[how](name, String(value))
  }
}
