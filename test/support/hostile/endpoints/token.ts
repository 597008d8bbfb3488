import { createHash } from 'node:crypto'
import { type Answer, errorAnswer, jsonAnswer } from '../answer.ts'
import { registeredClient } from '../client-setup.ts'
import type { IdTokenFault } from '../faults.ts'
import { judgeClientAuth, s256 } from '../judge/client-auth.ts'
import { judgeProof, nonceHeader } from '../judge/dpop.ts'
import { encryptTo } from '../jwe.ts'
import { makeIdToken } from '../jws.ts'
import { algOf } from '../keys.ts'
import type { JsonObject } from '../patch.ts'
import { blame, expectUnused, factsOf, type Login, type ProviderState, type RecordedRequest, token } from '../state.ts'
import { backChannelGrants } from './back-channel.ts'

const role = 'authorization server'

/** RFC 6749 4.1.3, 4.4 and 6, with RFC 9449 5. */
export function tokenAnswer(state: ProviderState, request: RecordedRequest): Answer {
  if (!judgeClientAuth(state, request)) return errorAnswer(401, 'invalid_client')
  const name = request.form.get('grant_type') ?? ''
  const grant = grants[name] ?? backChannelGrants[name]
  if (!grant) return errorAnswer(400, 'unsupported_grant_type')
  const bound = bindingOf(state, request)
  if (bound.kind === 'refused') return bound.answer
  const result = grant(state, request.form, bound.jkt, issue)
  const nonce = bound.jkt ? nonceHeader(state, role) : {}
  return typeof result === 'string' ? errorAnswer(400, result, nonce) : jsonAnswer(200, result, nonce)
}

type Binding = { readonly kind: 'refused'; readonly answer: Answer } | { readonly kind: 'open'; readonly jkt?: string }

function bindingOf(state: ProviderState, request: RecordedRequest): Binding {
  if (request.headers.dpop === undefined) {
    if (state.client.dpop) blame(state, 'RFC 9449 5', 'token request without a proof')
    return { kind: 'open' }
  }
  const login = state.codes.get(request.form.get('code') ?? '')
  const refreshed = state.refreshTokens.get(request.form.get('refresh_token') ?? '')
  const jkt = login?.jkt ?? refreshed?.jkt
  const verdict = judgeProof(state, request, { role, ...(jkt ? { jkt } : {}) })
  return verdict.kind === 'refused' ? verdict : { kind: 'open', jkt: verdict.jkt }
}

/** A grant gives tokens, or the name of an error. */
export type Grant = (
  state: ProviderState,
  form: URLSearchParams,
  jkt: string | undefined,
  give: typeof issue,
) => JsonObject | string

const grants: Readonly<Record<string, Grant>> = {
  authorization_code(state, form, jkt) {
    const login = state.codes.get(form.get('code') ?? '')
    if (!login) {
      blame(state, 'RFC 6749 4.1.3', 'code that was never issued')
      return 'invalid_grant'
    }
    if (login.codeUsed) blame(state, 'RFC 6749 4.1.2', 'code used twice')
    login.codeUsed = true
    const verifier = form.get('code_verifier') ?? ''
    if (s256(verifier) !== login.parameters.get('code_challenge')) {
      blame(state, 'RFC 7636 4.6', 'verifier missing, or of another challenge')
    }
    if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) blame(state, 'RFC 7636 4.1', 'verifier too short or too long')
    expectUnused(state, 'code_verifier', verifier, 'RFC 7636 7.1')
    if (form.get('redirect_uri') !== login.parameters.get('redirect_uri')) {
      blame(state, 'RFC 6749 4.1.3', 'redirect_uri is another than in the authorization request')
    }
    return issue(state, login.parameters.get('scope') ?? '', login, state.faults.idToken, jkt)
  },
  refresh_token(state, form, jkt) {
    const used = form.get('refresh_token') ?? ''
    const known = state.refreshTokens.get(used)
    if (!known?.login || !known.active) {
      blame(state, 'RFC 9700 4.14.2', 'refresh token used again after its rotation, or never issued')
      return 'invalid_grant'
    }
    const rotates = state.faults.rotatesRefreshTokens ?? true
    if (rotates) known.active = false
    const tokens = issue(state, form.get('scope') ?? known.scope, known.login, state.faults.refreshIdToken, jkt, true)
    if (!rotates) delete tokens.refresh_token
    return tokens
  },
  client_credentials(state, form, jkt) {
    const scope = form.get('scope') ?? ''
    if (scope.split(' ').includes('openid')) blame(state, 'OpenID Connect Core 3.1.2.1', 'openid without a user')
    const { id_token, refresh_token, ...tokens } = issue(state, scope, undefined, undefined, jkt)
    return tokens
  },
}

function issue(
  state: ProviderState,
  scope: string,
  login: Login | undefined,
  fault: IdTokenFault = {},
  jkt?: string,
  isRefresh = false,
): JsonObject {
  const accessToken = token('at')
  const refreshToken = token('rt')
  const bound = { scope, active: true, ...(login ? { login } : {}), ...(jkt ? { jkt } : {}) }
  state.accessTokens.set(accessToken, { ...bound })
  state.refreshTokens.set(refreshToken, { ...bound })
  state.lastAccessToken = accessToken
  const tokens: JsonObject = {
    access_token: accessToken,
    token_type: jkt ? 'DPoP' : 'Bearer',
    expires_in: 300,
    scope,
    refresh_token: refreshToken,
  }
  if (login && scope.split(' ').includes('openid')) {
    tokens.id_token = state.lastIdToken = idTokenFor(state, login, accessToken, fault, isRefresh)
  }
  return tokens
}

function idTokenFor(state: ProviderState, login: Login, accessToken: string, fault: IdTokenFault, isRefresh: boolean) {
  const facts = factsOf(state, isRefresh ? 'refresh' : 'token')
  const alg = algOf[state.signingKey]
  const claims: JsonObject = {
    iss: state.issuer,
    sub: login.subject,
    aud: registeredClient.clientId,
    exp: facts.now + 300,
    iat: facts.now,
    auth_time: login.authTime,
    at_hash: halfHash(alg, accessToken),
  }
  const nonce = login.parameters.get('nonce')
  // OpenID Connect Core 12.2: a refreshed id_token should have no nonce.
  if (nonce && !isRefresh) claims.nonce = nonce
  const setup = { alg, key: state.signingKey, clientSecret: registeredClient.clientSecret }
  const signed = makeIdToken(claims, setup, fault, facts)
  return state.client.encrypted ? encryptTo(registeredClient.clientSecret, signed, state.faults.encryption) : signed
}

/** `at_hash` (OpenID Connect Core 3.1.3.6): the left half of the hash that the algorithm uses. */
function halfHash(alg: string, value: string): string {
  const bits = alg === 'EdDSA' ? 512 : Number(alg.slice(2))
  return createHash(`sha${bits}`)
    .update(value)
    .digest()
    .subarray(0, bits / 16)
    .toString('base64url')
}
