import { blame, type ProviderState, type RecordedRequest } from '../state.ts'

const secrets = [
  'client_secret',
  'client_assertion',
  'code_verifier',
  'access_token',
  'refresh_token',
  'id_token',
  'token',
  'code',
]

/** What holds for every request, whatever it asks for. */
export function judgeRequest(state: ProviderState, request: RecordedRequest): void {
  const { url, headers, method } = request
  for (const name of url.searchParams.keys()) {
    if (secrets.includes(name)) blame(state, 'RFC 9700 4.3.2', `${name} in the URL of ${url.pathname}`)
  }
  if (`http://${headers.host}` !== state.origin) {
    blame(state, 'RFC 9700 4.11', `followed a redirect to another origin, ${headers.host}`)
  }
  if (url.pathname.startsWith('/hop/') && method === 'POST') {
    blame(state, 'RFC 9700 4.12', 'sent a POST again where a redirect pointed')
  }
  if (method === 'POST' && headers['content-type']?.split(';')[0] !== 'application/x-www-form-urlencoded') {
    blame(state, 'RFC 6749 4.1.3', `POST to ${url.pathname} as ${headers['content-type']}`)
  }
  if (method === 'GET' && request.answer !== 'userinfo' && (headers.authorization || headers.dpop)) {
    blame(state, 'RFC 9700 4.9', `credentials sent to ${url.pathname}`)
  }
  for (const name of new Set(request.form.keys())) {
    if (name !== 'resource' && request.form.getAll(name).length > 1) {
      blame(state, 'RFC 6749 3.2', `${name} sent twice`)
    }
  }
  if (headers.referer) blame(state, 'RFC 9700 4.2.4', 'Referer sent')
}
