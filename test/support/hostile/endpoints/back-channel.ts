import { type Answer, errorAnswer, jsonAnswer } from '../answer.ts'
import { registeredClient } from '../client-setup.ts'
import { judgeClientAuth } from '../judge/client-auth.ts'
import { makeIdToken } from '../jws.ts'
import { algOf } from '../keys.ts'
import type { JsonObject } from '../patch.ts'
import { blame, factsOf, type PendingGrant, type ProviderState, type RecordedRequest, token } from '../state.ts'
import type { Grant } from './token.ts'

/** Polls that come before the user has answered. */
const patience = 2
const seconds = 5

/** RFC 8628 3.2. */
export function deviceAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const code = begin(state, request, 'device')
  const page = `${state.issuer}/device`
  return jsonAnswer(200, {
    device_code: code,
    user_code: 'WDJB-MJHT',
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=WDJB-MJHT`,
    expires_in: 120,
    interval: seconds,
  })
}

/** CIBA Core 7.3. */
export function backchannelAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const { form } = request
  const hints = ['login_hint', 'login_hint_token', 'id_token_hint'].filter((name) => form.has(name))
  if (hints.length !== 1) blame(state, 'CIBA Core 7.1', `${hints.length} hints name the user`)
  if (!form.get('scope')?.split(' ').includes('openid')) blame(state, 'CIBA Core 7.1', 'no openid in the scope')
  return jsonAnswer(200, { auth_req_id: begin(state, request, 'ciba'), expires_in: 120, interval: seconds })
}

function begin(state: ProviderState, { form }: RecordedRequest, kind: string): string {
  const code = token(kind)
  const now = state.now()
  const login = {
    parameters: new URLSearchParams({ scope: form.get('scope') ?? '' }),
    subject: 'alice',
    authTime: Math.floor(now / 1000),
    code,
    codeUsed: false,
  }
  state.pendingGrants.set(code, { login, interval: seconds * 1000, askedAt: now, polls: 0, used: false })
  state.lastLogin = login
  return code
}

/** Gives tokens when the user has answered; asked too often, it blames. */
const pending =
  (parameter: string, clause: string): Grant =>
  (state, form, jkt, give) => {
    const grant = state.pendingGrants.get(form.get(parameter) ?? '')
    if (!grant) {
      blame(state, clause, `${parameter} that was never issued`)
      return 'invalid_grant'
    }
    judgePace(state, grant, clause)
    if (++grant.polls <= patience) return 'authorization_pending'
    if (grant.used) blame(state, clause, `${parameter} used twice`)
    grant.used = true
    return give(state, grant.login.parameters.get('scope') ?? '', grant.login, state.faults.idToken, jkt)
  }

function judgePace(state: ProviderState, grant: PendingGrant, clause: string): void {
  const now = state.now()
  if (now - grant.askedAt < grant.interval) blame(state, clause, 'polled faster than the interval')
  grant.askedAt = now
}

export const backChannelGrants: Readonly<Record<string, Grant>> = {
  'urn:ietf:params:oauth:grant-type:device_code': pending('device_code', 'RFC 8628 3.5'),
  'urn:openid:params:grant-type:ciba': pending('auth_req_id', 'CIBA Core 11'),
  'urn:ietf:params:oauth:grant-type:token-exchange': (state, form, jkt, give) => {
    if (!state.accessTokens.has(form.get('subject_token') ?? '')) return 'invalid_request'
    const { id_token, refresh_token, ...tokens } = give(state, form.get('scope') ?? '', undefined, undefined, jkt)
    return { ...tokens, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
  },
}

/** OpenID Connect Back-Channel Logout 1.0 2.4. */
export function makeLogoutToken(state: ProviderState): string {
  const facts = factsOf(state)
  const claims: JsonObject = {
    iss: state.issuer,
    aud: registeredClient.clientId,
    sub: state.lastLogin?.subject ?? 'alice',
    sid: 'session-1',
    iat: facts.now,
    exp: facts.now + 120,
    jti: token('jti'),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  }
  const fault = state.faults.logoutToken ?? {}
  const alg = algOf[state.signingKey]
  const setup = { alg, key: state.signingKey, clientSecret: registeredClient.clientSecret }
  return makeIdToken(claims, setup, { ...fault, header: { typ: 'logout+jwt', ...fault.header } }, facts)
}
