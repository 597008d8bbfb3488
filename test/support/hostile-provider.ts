import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, jsonAnswer, spoilAnswer, writeAnswer } from './hostile/answer.ts'
import type { ClientSetup } from './hostile/client-setup.ts'
import { authorizationAnswer, comeBack, parAnswer } from './hostile/endpoints/authorization.ts'
import { backchannelAnswer, deviceAnswer, makeLogoutToken } from './hostile/endpoints/back-channel.ts'
import { discoveryAnswer, jwksAnswer } from './hostile/endpoints/metadata.ts'
import { introspectionAnswer, revocationAnswer, userinfoAnswer } from './hostile/endpoints/resource.ts'
import { tokenAnswer } from './hostile/endpoints/token.ts'
import type { AnswerFault, AnswerName, Faults } from './hostile/faults.ts'
import { judgeRequest } from './hostile/judge/request.ts'
import type { KeyName } from './hostile/keys.ts'
import { factsOf, newState, type ProviderState, type RecordedRequest, secretsOf } from './hostile/state.ts'

export interface HostileProviderOptions {
  /** How the one client is registered. */
  readonly client?: ClientSetup
  /** @default none: an honest provider */
  readonly faults?: Faults
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
}

/** A small OpenID provider that can commit any single fault, and judges every request that it gets. */
export interface HostileProvider {
  readonly issuer: string
  readonly requests: readonly RecordedRequest[]
  /** What the client did that no client may do, each with its clause. */
  readonly misdeeds: readonly string[]
  /** What was sent last, honest or not. */
  readonly lastIdToken: string | undefined
  /** Every value so far that no error and no log may show. */
  secrets(): readonly string[]
  /** How often an endpoint was asked. */
  count(answer: AnswerName): number
  /** Plays browser and user: from the authorization URL to the callback URL. */
  login(authorizationUrl: URL): URL
  /** The same, whichever way the answer travels: by form it is a POST. */
  comeBack(authorizationUrl: URL): URL | Request
  /** Ends the last login's session, by a token that says so. */
  makeLogoutToken(): string
  /** From now on this key signs, and it alone is published. */
  rotateSigningKey(to: KeyName): void
  /** From now on no access token is accepted that was issued before. */
  endAccessTokens(): void
  close(): Promise<void>
}

export async function startHostileProvider(options: HostileProviderOptions = {}): Promise<HostileProvider> {
  const server = createServer((request, response) => {
    // A fault in the rig itself must show as a failed test, not as a hanging one.
    handle(state, request, response).catch((error: unknown) => {
      state.misdeeds.push(`the provider broke: ${String(error)}`)
      response.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const state = newState(origin, {
    client: options.client ?? {},
    faults: options.faults ?? {},
    now: options.now ?? Date.now,
  })
  return {
    issuer: state.issuer,
    requests: state.requests,
    misdeeds: state.misdeeds,
    get lastIdToken() {
      return state.lastIdToken
    },
    secrets: () => secretsOf(state),
    count: (answer) => state.requests.filter((request) => request.answer === answer).length,
    login: (url) => new URL(authorizationAnswer(state, url).headers.location ?? ''),
    comeBack: (url) => comeBack(state, url),
    makeLogoutToken: () => makeLogoutToken(state),
    rotateSigningKey: (to) => {
      state.signingKey = to
    },
    endAccessTokens: () => {
      for (const issued of state.accessTokens.values()) issued.active = false
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function handle(state: ProviderState, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = await record(state, message)
  judgeRequest(state, request)
  const withheld = state.withheld.get(request.url.pathname)
  if (withheld) return continueRedirects(state, request.url, withheld, response)
  const { answer: name } = request
  if (!name) {
    const known = request.url.pathname === '/authorize'
    return writeAnswer(response, known ? authorizationAnswer(state, request.url) : notFound)
  }
  const honest = isUnprocessed(state, name) ? jsonAnswer(503, {}) : endpoints[name](state, request)
  const fault = isDemand(honest) ? undefined : takeFault(state, name)
  const answer = fault ? spoilAnswer(honest, fault, factsOf(state, name)) : honest
  if (!fault?.redirect) return writeAnswer(response, answer, fault)
  const path = `/hop/${fault.redirect.hops}/${name}`
  const target = fault.redirect.to === 'other-origin' ? state.origin.replace('127.0.0.1', 'localhost') : ''
  state.withheld.set(path, answer)
  return writeAnswer(response, { status: fault.redirect.status, headers: { location: target + path }, body: '' })
}

const notFound: Answer = { status: 404, headers: {}, body: '' }

const endpoints: Readonly<Record<AnswerName, (state: ProviderState, request: RecordedRequest) => Answer>> = {
  discovery: (state, { url }) => discoveryAnswer(state, url.pathname),
  jwks: jwksAnswer,
  par: parAnswer,
  token: tokenAnswer,
  refresh: tokenAnswer,
  client_credentials: tokenAnswer,
  introspection: introspectionAnswer,
  revocation: revocationAnswer,
  userinfo: userinfoAnswer,
  device_authorization: deviceAnswer,
  device_token: tokenAnswer,
  backchannel_authentication: backchannelAnswer,
  backchannel_token: tokenAnswer,
  token_exchange: tokenAnswer,
}

async function record(state: ProviderState, message: IncomingMessage): Promise<RecordedRequest> {
  let body = ''
  for await (const chunk of message) body += chunk
  const target = message.url ?? '/'
  const request: RecordedRequest = {
    method: message.method ?? '',
    target,
    url: new URL(target, state.origin),
    headers: message.headers,
    form: new URLSearchParams(body),
  }
  const name = nameOf(request)
  if (name) request.answer = name
  state.requests.push(request)
  return request
}

function nameOf({ url, form }: RecordedRequest): AnswerName | undefined {
  if (url.pathname.startsWith('/.well-known/')) return 'discovery'
  if (url.pathname === '/token') {
    return answersOfGrants[form.get('grant_type') ?? ''] ?? 'token'
  }
  return paths[url.pathname]
}

const answersOfGrants: Readonly<Record<string, AnswerName>> = {
  refresh_token: 'refresh',
  client_credentials: 'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code': 'device_token',
  'urn:openid:params:grant-type:ciba': 'backchannel_token',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'token_exchange',
}

const paths: Readonly<Record<string, AnswerName>> = {
  '/jwks': 'jwks',
  '/par': 'par',
  '/introspect': 'introspection',
  '/revoke': 'revocation',
  '/userinfo': 'userinfo',
  '/device_authorization': 'device_authorization',
  '/backchannel': 'backchannel_authentication',
}

/** A nonce demand is a step of the protocol, not the answer that a fault is about. */
const isDemand = ({ status, headers, body }: Answer) =>
  status >= 400 && `${headers['www-authenticate']}${body}`.includes('use_dpop_nonce')

const isUnprocessed = (state: ProviderState, name: AnswerName) => activeFault(state, name)?.unprocessed === true

function takeFault(state: ProviderState, name: AnswerName): AnswerFault | undefined {
  const fault = activeFault(state, name)
  state.answered.set(name, (state.answered.get(name) ?? 0) + 1)
  return fault
}

function activeFault(state: ProviderState, name: AnswerName): AnswerFault | undefined {
  const count = state.answered.get(name) ?? 0
  const fault = state.faults.answers?.[name]
  const after = fault?.after ?? 0
  return count >= after && count < after + (fault?.times ?? Number.POSITIVE_INFINITY) ? fault : undefined
}

/** `/hop/3/jwks` leads to `/hop/2/jwks`; at 1 the answer that was withheld is given. */
function continueRedirects(state: ProviderState, url: URL, answer: Answer, response: ServerResponse): Promise<void> {
  const [, , hops = '1', name = ''] = url.pathname.split('/')
  state.withheld.delete(url.pathname)
  if (hops === '1') return writeAnswer(response, answer)
  const next = `/hop/${Number(hops) - 1}/${name}`
  state.withheld.set(next, answer)
  return writeAnswer(response, { status: 302, headers: { location: next }, body: '' })
}
