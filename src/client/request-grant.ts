import type { TokenRequest as TokenParameters } from '../../generated/models.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { requestTokens, type TokenRequest } from '../issuer/request-tokens.ts'
import { verifyIdTokenWith } from '../issuer/verify-id-token.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { type TokenRequestOptions, tokenRequestOptionNames } from '../protocol/grant-request.ts'
import type { VerifiedIdToken } from '../protocol/id-token.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { hasScope } from '../protocol/scope.ts'
import type { JudgedTokens } from '../protocol/token-response.ts'
import type { TokenSet } from '../protocol/token-set.ts'
import type { ClientParts } from './client-parts.ts'
import { grantKey } from './grant-key.ts'
import type { LoginResult } from './login-result.ts'
import { withSignedIdToken } from './signed-id-token.ts'

/** What every grant takes. Unlike a login's, scope and resource are not the client's unless said so. */
export interface GrantOptions extends TokenRequestOptions {
  /** The key to bind the tokens to. @default a new one, where the client uses DPoP */
  readonly dpopKey?: SigningKey
  readonly signal?: AbortSignal
}

export const grantOptionNames: readonly string[] = [...tokenRequestOptionNames, 'dpopKey', 'signal']

/** One token request of a grant, and the checks of the id_token, where one comes. */
export async function requestGrant(
  parts: ClientParts,
  parameters: TokenParameters,
  options: GrantOptions,
): Promise<LoginResult> {
  const dpopKey = await grantKey(parts, options)
  return await parts.issuer.observer.watch('token_request', async () => {
    const judged = await requestTokens(parts.issuer, toTokenRequest(parts, parameters, options, dpopKey))
    return await finishGrant(parts, judged, dpopKey, { signal: options.signal })
  })
}

export function toTokenRequest(
  { settings }: ClientParts,
  parameters: TokenParameters,
  { scope, resource, signal }: GrantOptions,
  dpopKey: SigningKey | undefined,
): TokenRequest {
  const resources = normaliseResources(resource)
  return {
    parameters,
    allowBearerDowngrade: settings.allowBearerDowngrade,
    requireScope: settings.requireScope,
    ...(scope !== undefined && { requestedScope: scope }),
    ...(resources && { resource: resources }),
    ...(dpopKey && { dpopKey }),
    ...(signal && { signal }),
  }
}

interface FinishOptions {
  /** Where it stands that a user has authenticated; an id_token must then say so, where openid was granted. */
  readonly userClause?: string
  /** As asked for; another `acr` is reported. */
  readonly acrValues?: readonly string[] | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * @throws IdTokenError
 * @throws ProtocolError `invalid_token_response`
 */
export async function finishGrant(
  parts: ClientParts,
  { tokens, notices }: JudgedTokens,
  dpopKey: SigningKey | undefined,
  { userClause, ...more }: FinishOptions,
): Promise<LoginResult> {
  if (userClause !== undefined && tokens.idToken === undefined && hasScope(tokens.scope, 'openid')) {
    throw new ProtocolError('invalid_token_response', 'openid was granted and no id_token came: nobody has logged in', {
      clause: userClause,
      expected: 'an id_token',
      actual: 'absent',
    })
  }
  const verified = await verifyGrantedToken(parts, tokens, more)
  const { issuer } = parts
  issuer.observer.notices(notices)
  return {
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    tokens: await withSignedIdToken(parts.settings, tokens),
    notices,
    checks: verified?.checks ?? [],
    ...(verified && { claims: verified.claims }),
    // A Bearer token is not bound to the key, whatever was asked for.
    ...(dpopKey && tokens.tokenType === 'DPoP' && { dpopKey }),
  }
}

async function verifyGrantedToken(
  { settings, issuer }: ClientParts,
  tokens: TokenSet,
  { acrValues, signal }: FinishOptions,
): Promise<VerifiedIdToken | undefined> {
  if (tokens.idToken === undefined) return undefined
  const expectations = {
    ...settings.frontChannel.idToken,
    accessToken: tokens.accessToken,
    receivedFrom: 'token_endpoint' as const,
    // No request of these grants has one, so none may come back.
    nonce: null,
    acrValues,
  }
  return await verifyIdTokenWith(issuer, tokens.idToken, expectations, { signal })
}
