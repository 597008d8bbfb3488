import { epochSeconds } from '../lib/runtime.ts'
import type { AuthorizationRequestData } from './authorization-params.ts'
import { claimsBeyondScope } from './claims-by-scope.ts'
import type { RegisteredClient } from './client.ts'
import { isNativeClient, isPublicClient } from './client-policies.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { Consent } from './consents.ts'
import { wireSubject } from './wire-subject.ts'

/** A login at this server, as its pages know it. */
export interface LoginSession {
  readonly subject: string
  readonly sid: string
  /** Seconds since the epoch. */
  readonly authTime: number
  readonly acr?: string
  readonly amr?: readonly string[]
}

/** What comes next: a page for the user, an error for the client, or the code. */
export type AuthorizationDecision =
  | { readonly kind: 'login'; readonly reason: 'no_session' | 'prompt' | 'max_age' | 'other_user' | 'acr' }
  | { readonly kind: 'select_account' }
  | { readonly kind: 'consent' }
  | { readonly kind: 'issue' }
  | {
      readonly kind: 'error'
      readonly error:
        | 'login_required'
        | 'consent_required'
        | 'interaction_required'
        | 'unmet_authentication_requirements'
    }

/** What is known of the user when an authorization request is decided. */
export interface DecisionInput {
  readonly session?: LoginSession
  /** What this user has granted to this client before, or just now. */
  readonly consent?: Consent
  /**
   * The subject of the user who consented to this very request. Where each request is asked about, what another one of
   * the same client was granted meanwhile is no answer.
   */
  readonly consentedBy?: string
  /** Seconds since the epoch: when the user chose the account for this request. */
  readonly accountSelectedAt?: number
}

/**
 * Whether the user must log in, choose, consent, or none of it. Asked again after each page, it comes to an end,
 * since what happened after `requestedAt` counts as done for this request.
 *
 * @see OIDC Core 3.1.2.1 (prompt, max_age), 3.1.2.3, 3.1.2.4, 3.1.2.6, 5.5.1.1
 */
export async function decideAuthorization(
  config: TokenEndpointConfig,
  request: AuthorizationRequestData,
  client: RegisteredClient,
  input: DecisionInput,
): Promise<AuthorizationDecision> {
  const silent = request.prompt.includes('none')
  const login = await findLoginReason(config, request, client, input.session)
  if (login) return silent ? { kind: 'error', error: 'login_required' } : login
  const session = input.session!
  // OIDC unmet_authentication_requirements 1.0: logged in for this request, and still not as it demands.
  const acr = judgeAcr(request, session)
  if (acr === 'unmet') return { kind: 'error', error: 'unmet_authentication_requirements' }
  if (acr === 'step_up')
    return silent ? { kind: 'error', error: 'interaction_required' } : { kind: 'login', reason: 'acr' }
  const isChosen = (input.accountSelectedAt ?? 0) >= request.requestedAt || session.authTime >= request.requestedAt
  if (request.prompt.includes('select_account') && !isChosen) return { kind: 'select_account' }
  if (needsConsent(request, { ...input, session }, isUnassured(config, client, request))) {
    return silent ? { kind: 'error', error: 'consent_required' } : { kind: 'consent' }
  }
  return { kind: 'issue' }
}

async function findLoginReason(
  config: TokenEndpointConfig,
  request: AuthorizationRequestData,
  client: RegisteredClient,
  session: LoginSession | undefined,
): Promise<Extract<AuthorizationDecision, { kind: 'login' }> | undefined> {
  if (!session) return { kind: 'login', reason: 'no_session' }
  const isFresh = session.authTime >= request.requestedAt
  if (request.prompt.includes('login') && !isFresh) return { kind: 'login', reason: 'prompt' }
  const age = epochSeconds(config.runtime) - session.authTime
  if (request.maxAge !== undefined && age > request.maxAge && !isFresh) return { kind: 'login', reason: 'max_age' }
  if (request.maxAge === 0 && !isFresh) return { kind: 'login', reason: 'max_age' }
  const expected = expectedSubs(request)
  if (expected.length === 0) return undefined
  const sub = await wireSubject(config, client, session.subject)
  return expected.every((subs) => subs.includes(sub)) ? undefined : { kind: 'login', reason: 'other_user' }
}

/** OIDC Core 5.5.1: a `sub` asked for by value means that user and no other, and by values one of those. */
function expectedSubs({ expectedSub, claims }: AuthorizationRequestData): readonly (readonly unknown[])[] {
  const asked = [claims?.id_token?.sub, claims?.userinfo?.sub, { value: expectedSub }]
  return asked.flatMap((sub) => [
    ...(sub?.value === undefined ? [] : [[sub.value]]),
    ...(sub?.values === undefined ? [] : [sub.values]),
  ])
}

/** OIDC Core 5.5.1.1: an essential acr with values must be one of them; `acr_values` are only preferred. */
function judgeAcr(
  { claims, requestedAt }: AuthorizationRequestData,
  session: LoginSession,
): 'met' | 'step_up' | 'unmet' {
  const asked = claims?.id_token?.acr
  if (asked?.essential !== true) return 'met'
  const wanted = asked.values ?? (asked.value === undefined ? undefined : [asked.value])
  if (!wanted || wanted.includes(session.acr)) return 'met'
  return session.authTime >= requestedAt ? 'unmet' : 'step_up'
}

/** RFC 8252 8.6: a native app without a secret or an https redirect may be another that took its name. */
function isUnassured(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  { redirectUri }: AuthorizationRequestData,
): boolean {
  return isNativeClient(config, client) && isPublicClient(config, client) && !redirectUri.startsWith('https:')
}

/** OIDC Core 3.1.2.4: nothing is released that the user did not grant, claims that were asked for one by one included. */
function needsConsent(
  request: AuthorizationRequestData,
  { session, consent, consentedBy }: DecisionInput & { readonly session: LoginSession },
  isUnassuredClient: boolean,
): boolean {
  if (!consent) return true
  // What is asked for in detail is asked about each time.
  const isAskedEachTime = isUnassuredClient || request.prompt.includes('consent') || request.authorizationDetails
  if (isAskedEachTime && consentedBy !== session.subject) return true
  const covers = (granted: readonly string[], asked: readonly string[]) => asked.every((one) => granted.includes(one))
  if (!covers(consent.scope, request.scope) || !covers(consent.resources, request.resources)) return true
  return !covers(consent.claims ?? [], claimsBeyondScope(request))
}
