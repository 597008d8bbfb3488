import type { AuthorizationDetail, ClaimsRequest } from '../../generated/models.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { isAuthorizationDetails } from '../protocol/authorization-details.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { isScope } from '../protocol/scope.ts'
import type { Authorization } from './authorization.ts'
import type { TokenEndpointConfig } from './config.ts'
import { createEvent, type ServerEvent } from './events.ts'
import { storeOf } from './guard-store.ts'
import { shortened } from './lifetimes.ts'
import { type CodeRecord, keys, put } from './records.ts'
import { createPartition, createSecret } from './secrets.ts'

/** What a code freezes. Everything here was validated as a request and decided by the user. */
export interface AuthorizationCodeInput {
  readonly clientId: string
  readonly redirectUri: string
  /** Whether the request named it; a client with one registered URI may leave it out. @default true */
  readonly redirectUriSent?: boolean
  /** The subject as the host knows it. */
  readonly subject: string
  /** As granted. */
  readonly scope: readonly string[]
  /** S256, 43 base64url characters. Required unless PKCE is not. */
  readonly codeChallenge?: string
  readonly resources?: readonly string[]
  readonly nonce?: string
  /** Seconds since the epoch. */
  readonly authTime?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly sid?: string
  readonly claims?: ClaimsRequest
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** RFC 9449 10 */
  readonly dpopJkt?: string
  /** Seconds; may only shorten. @default 60 */
  readonly lifetime?: number
  readonly clientIp?: string
}

/** Each malformed field is an error of its own. */
export type AuthorizationCodeFault =
  | 'invalid_client_id'
  | 'invalid_redirect_uri'
  | 'invalid_subject'
  | 'invalid_scope'
  | 'missing_code_challenge'
  | 'invalid_code_challenge'
  | 'invalid_resources'
  | 'invalid_nonce'
  | 'invalid_auth_time'
  | 'invalid_acr'
  | 'invalid_amr'
  | 'invalid_sid'
  | 'invalid_claims'
  | 'invalid_authorization_details'
  | 'invalid_dpop_jkt'
  | 'invalid_lifetime'

/** A code, or the fault of the caller that kept it from being made. */
export type AuthorizationCodeOutcome =
  | { readonly ok: true; readonly code: string; readonly expiresIn: number; readonly events: readonly ServerEvent[] }
  | { readonly ok: false; readonly fault: AuthorizationCodeFault }

const thumbprintForm = /^[\w-]{43}$/

/**
 * Freezes what was authorized behind a code that is good once, for a minute, and of which only the hash is stored.
 *
 * @throws StoreError where the store fails
 * @see RFC 6749 4.1.2; OAuth 2.1 4.1.2
 */
export async function issueAuthorizationCode(
  config: TokenEndpointConfig,
  input: AuthorizationCodeInput,
): Promise<AuthorizationCodeOutcome> {
  const fault = findFault(config, input)
  if (fault) return { ok: false, fault }
  const { runtime, lifetimes } = config
  const lifetime = shortened(lifetimes.authorizationCode, input.lifetime)
  const now = epochSeconds(runtime)
  const secret = await createSecret('ac', createPartition(runtime), runtime)
  const { codeChallenge, dpopJkt } = input
  const record: CodeRecord = {
    format: 'code-1',
    authorization: freeze(input),
    redirectUri: input.redirectUri,
    redirectUriSent: input.redirectUriSent ?? true,
    expiresAt: now + lifetime,
    ...(codeChallenge !== undefined && { codeChallenge }),
    ...(dpopJkt !== undefined && { dpopJkt }),
  }
  const change = put(
    keys.code(secret.partition, secret.hash),
    record,
    null,
    record.expiresAt + lifetimes.authorizationCode,
  )
  const result = await storeOf(config).commit([change])
  if (!result.ok) throw new TypeError('runtime.randomBytes: gave the same bytes twice')
  const { subject, clientId, clientIp } = input
  const scope = input.scope.join(' ')
  return {
    ok: true,
    code: secret.text,
    expiresIn: lifetime,
    events: [createEvent('code_issued', { subject, clientId, scope, metadata: { clientIp } })],
  }
}

function freeze(input: AuthorizationCodeInput): Authorization {
  const { nonce, authTime, acr, amr, sid, claims, authorizationDetails } = input
  return {
    clientId: input.clientId,
    subject: input.subject,
    scope: [...new Set(input.scope)],
    resources: [...new Set(input.resources)],
    ...(nonce !== undefined && { nonce }),
    ...(authTime !== undefined && { authTime }),
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
    ...(sid !== undefined && { sid }),
    ...(claims !== undefined && { claims }),
    ...(authorizationDetails !== undefined && { authorizationDetails }),
  }
}

function findFault(config: TokenEndpointConfig, input: AuthorizationCodeInput): AuthorizationCodeFault | undefined {
  const { codeChallenge } = input
  if (codeChallenge === undefined && config.pkceRequired) return 'missing_code_challenge'
  const checks: readonly (readonly [AuthorizationCodeFault, boolean])[] = [
    ['invalid_client_id', isText(input.clientId)],
    [
      'invalid_redirect_uri',
      isText(input.redirectUri) && URL.canParse(input.redirectUri) && !input.redirectUri.includes('#'),
    ],
    ['invalid_subject', isText(input.subject)],
    [
      'invalid_scope',
      isTexts(input.scope) && input.scope.every((one) => one !== '' && !one.includes(' ') && isScope(one)),
    ],
    // RFC 7636 4.2: S256 is the only method.
    ['invalid_code_challenge', codeChallenge === undefined || matches(codeChallenge, thumbprintForm)],
    ['invalid_resources', input.resources === undefined || areResources(input.resources)],
    ['invalid_nonce', input.nonce === undefined || isText(input.nonce)],
    ['invalid_auth_time', input.authTime === undefined || isPast(input.authTime, epochSeconds(config.runtime))],
    ['invalid_acr', input.acr === undefined || isText(input.acr)],
    ['invalid_amr', input.amr === undefined || isTexts(input.amr)],
    ['invalid_sid', input.sid === undefined || isText(input.sid)],
    ['invalid_claims', input.claims === undefined || (typeof input.claims === 'object' && input.claims !== null)],
    [
      'invalid_authorization_details',
      input.authorizationDetails === undefined || isAuthorizationDetails(input.authorizationDetails),
    ],
    ['invalid_dpop_jkt', input.dpopJkt === undefined || matches(input.dpopJkt, thumbprintForm)],
    ['invalid_lifetime', input.lifetime === undefined || (Number.isSafeInteger(input.lifetime) && input.lifetime > 0)],
  ]
  return checks.find(([, holds]) => !holds)?.[0]
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function matches(value: unknown, form: RegExp): boolean {
  return typeof value === 'string' && form.test(value)
}

function isPast(value: unknown, now: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= now + 60
}

function areResources(resources: readonly string[]): boolean {
  try {
    normaliseResources(resources)
    return true
  } catch {
    return false
  }
}
