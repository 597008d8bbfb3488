import type { AuthorizationDetail, TokenResponse } from '../../generated/models.ts'
import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import type { RecordChange } from '../lib/record-store.ts'
import { readResources, resolveAudience } from './audience.ts'
import type { Authorization } from './authorization.ts'
import type { PolicyContext } from './config.ts'
import { readGrantedDetails } from './details.ts'
import type { GrantContext } from './grant.ts'
import { mintAccessToken } from './mint-access-token.ts'
import { mintIdToken } from './mint-id-token.ts'
import { callHost, refuseGrant } from './refusal.ts'
import { applyScopePolicy } from './scope-policy.ts'

/** The tokens that an authorization is exchanged for, beside the refresh token. */
export interface AuthorizedTokens {
  readonly policy: PolicyContext
  readonly scope: readonly string[]
  readonly response: TokenResponse
  readonly changes: readonly RecordChange[]
  readonly hasIdToken: boolean
}

export interface AuthorizedTokensInput {
  readonly authorization: Authorization
  readonly family: string
  /** Within the authorization's; judged already. */
  readonly scope: readonly string[]
  readonly code?: string | undefined
  readonly nonce?: string | undefined
  readonly idTokenClaims?: Readonly<Record<string, unknown>>
}

/** Mints what an authorization allows: its user, audience, scope, details, access token, id_token, in this order. */
export function mintAuthorizedTokens(
  context: GrantContext,
  input: AuthorizedTokensInput,
): MaybePromise<AuthorizedTokens> {
  return andThen(decide(context, input), (policy) =>
    andThen(readGrantedDetails(context, policy, input.authorization.authorizationDetails), (details) =>
      mint(context, input, policy, details),
    ),
  )
}

/** The user, who may be gone by now, the audience, and the scope by the host's policy. */
function decide(context: GrantContext, { authorization, scope }: AuthorizedTokensInput): MaybePromise<PolicyContext> {
  const { subject } = authorization
  return andThen(loadPrincipal(context, subject), (principal) =>
    andThen(readAudience(context, authorization), (audience) =>
      applyScopePolicy(context, { subject, principal, audience, scope }),
    ),
  )
}

function mint(
  context: GrantContext,
  input: AuthorizedTokensInput,
  policy: PolicyContext,
  details: readonly AuthorizationDetail[] | undefined,
): MaybePromise<AuthorizedTokens> {
  const { authorization, family, code, nonce, idTokenClaims: idClaims = {} } = input
  const { authTime, acr, claims } = authorization
  const { scope } = policy
  const about = { policy, family, authTime, acr, claims, authorizationDetails: details }
  return andThen(mintAccessToken(context, about), (access) => {
    const hasIdToken = scope.includes('openid')
    const idToken = hasIdToken
      ? mintIdToken(context, { policy, authorization, accessToken: access.value, code, nonce, claims: idClaims })
      : undefined
    return andThen(idToken, (text) => {
      return {
        policy,
        scope,
        response: tokenResponse(context, access, scope, details, text),
        changes: access.changes,
        hasIdToken,
      }
    })
  })
}

/** The user behind a subject, who may be gone by now. */
export function loadPrincipal({ config, client, grantType }: GrantContext, subject: string): MaybePromise<object> {
  const { clientId } = client
  return andThen(
    callHost('loadPrincipal', () => config.loadPrincipal(subject, { clientId, grantType })),
    (principal) => {
      if (!principal) throw refuseGrant('no such principal')
      return principal
    },
  )
}

/** The answer's body (RFC 6749 5.1); the scope always stands in it. */
export function tokenResponse(
  { constraint }: GrantContext,
  access: { readonly value: string; readonly expiresIn: number },
  scope: readonly string[],
  details?: readonly AuthorizationDetail[],
  idToken?: string,
): TokenResponse {
  return {
    access_token: access.value,
    token_type: constraint.tokenType,
    expires_in: access.expiresIn,
    scope: scope.join(' '),
    ...(idToken !== undefined && { id_token: idToken }),
    // RFC 9396 7: the details as granted.
    ...(details?.length && { authorization_details: details }),
  }
}

function readAudience({ config, client, params }: GrantContext, { resources }: Authorization) {
  return resolveAudience(config, client.client, readResources(params.all('resource')), resources)
}
