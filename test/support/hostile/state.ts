import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from './answer.ts'
import type { ClientSetup } from './client-setup.ts'
import { registeredClient } from './client-setup.ts'
import type { AnswerName, Faults } from './faults.ts'
import type { KeyName } from './keys.ts'
import type { FaultContext } from './patch.ts'

/** One request as it came in. */
export interface RecordedRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly form: URLSearchParams
  /** What it asked for, where that is known. */
  answer?: AnswerName
}

/** What the user agreed to, and everything since. */
export interface Login {
  readonly parameters: URLSearchParams
  readonly subject: string
  readonly authTime: number
  readonly code: string
  /** The thumbprint of the DPoP key. */
  jkt?: string
  codeUsed: boolean
}

export interface IssuedToken {
  readonly login?: Login
  readonly scope: string
  readonly jkt?: string
  active: boolean
}

/** A grant that waits for the user: a device code or a CIBA request. */
export interface PendingGrant {
  readonly login: Login
  /** Milliseconds. */
  readonly interval: number
  /** Milliseconds since the epoch. */
  askedAt: number
  polls: number
  used: boolean
}

/** What one provider remembers. */
export interface ProviderState {
  readonly issuer: string
  readonly origin: string
  readonly client: ClientSetup
  readonly faults: Faults
  readonly now: () => number
  readonly requests: RecordedRequest[]
  readonly misdeeds: string[]
  readonly pushed: Map<string, URLSearchParams>
  readonly codes: Map<string, Login>
  readonly pendingGrants: Map<string, PendingGrant>
  readonly refreshTokens: Map<string, IssuedToken>
  readonly accessTokens: Map<string, IssuedToken>
  /** Answers held back while the client is sent round. */
  readonly withheld: Map<string, Answer>
  readonly answered: Map<AnswerName, number>
  /** Values that must be used once, by kind. */
  readonly seen: Map<string, Set<string>>
  readonly nonces: Record<DpopRole, string>
  signingKey: KeyName
  lastLogin?: Login
  lastAccessToken?: string
  lastIdToken?: string
}

export type DpopRole = 'authorization server' | 'resource server'

export function newState(
  origin: string,
  options: { readonly client: ClientSetup; readonly faults: Faults; readonly now: () => number },
): ProviderState {
  return {
    ...options,
    origin,
    issuer: origin,
    requests: [],
    misdeeds: [],
    pushed: new Map(),
    codes: new Map(),
    pendingGrants: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
    withheld: new Map(),
    answered: new Map(),
    seen: new Map(),
    nonces: { 'authorization server': token('as-nonce'), 'resource server': token('rs-nonce') },
    signingKey: options.faults.signingKey ?? 'es256',
  }
}

export const token = (kind: string) => `${kind}-${randomBytes(24).toString('base64url')}`

/** Notes what the client did wrong, with the clause that says so. */
export function blame(state: ProviderState, clause: string, misdeed: string): void {
  state.misdeeds.push(`${misdeed} (${clause})`)
}

/** Blames the client for a value that it used before. */
export function expectUnused(state: ProviderState, kind: string, value: string, clause: string): void {
  const seen = state.seen.get(kind) ?? new Set()
  state.seen.set(kind, seen)
  if (seen.has(value)) blame(state, clause, `${kind} used twice`)
  seen.add(value)
}

const secretFields = [
  'device_code',
  'auth_req_id',
  'subject_token',
  'code_verifier',
  'client_assertion',
  'client_secret',
  'refresh_token',
  'code',
  'token',
]

export function secretsOf(state: ProviderState): readonly string[] {
  const sent = state.requests.flatMap(({ form }) => secretFields.flatMap((name) => form.getAll(name)))
  const issued = [
    ...state.codes.keys(),
    ...state.pendingGrants.keys(),
    ...state.accessTokens.keys(),
    ...state.refreshTokens.keys(),
  ]
  const idToken = state.lastIdToken && state.lastIdToken.length > 100 ? [state.lastIdToken] : []
  return [...sent, ...issued, ...idToken, registeredClient.clientSecret]
}

export function factsOf(state: ProviderState, answer?: AnswerName): FaultContext {
  const login = state.lastLogin
  const nonce = login?.parameters.get('nonce')
  const loginState = login?.parameters.get('state')
  return {
    issuer: state.issuer,
    origin: state.origin,
    clientId: registeredClient.clientId,
    now: Math.floor(state.now() / 1000),
    count: answer ? (state.answered.get(answer) ?? 0) : 0,
    ...(login ? { code: login.code } : {}),
    ...(loginState ? { state: loginState } : {}),
    ...(nonce ? { nonce } : {}),
    ...(state.lastAccessToken ? { accessToken: state.lastAccessToken } : {}),
  }
}
