import type { AccessErrorCode } from '../errors/access.ts'
import { formatChallenge } from '../lib/www-authenticate.ts'
import type { AccessRequirements } from './access-requirements.ts'
import { schemeName, type TokenScheme } from './presented-token.ts'

/** What the answers of one resource have in common. */
export interface ChallengeContext {
  /** The schemes that are taken here. */
  readonly schemes: readonly TokenScheme[]
  /** JWS algorithms of DPoP proofs that are taken here. */
  readonly dpopAlgorithms: readonly string[]
  readonly realm?: string | undefined
  /** Where the resource's metadata is (RFC 9728 5.1). */
  readonly resourceMetadata?: string | undefined
}

/** A refusal, as far as the client is told of it. */
export interface Refused {
  readonly code: AccessErrorCode
  /** The scheme by which the token came, where one did. */
  readonly scheme?: TokenScheme | undefined
  /** What the request needs. */
  readonly requirements: AccessRequirements
  /** Whether the token lacks scopes, too. */
  readonly lacksScope?: boolean | undefined
}

/** Fixed texts: the client learns the kind of failure, the owner the rest, from the error. */
const descriptions: Readonly<Record<Exclude<AccessErrorCode, 'missing_credentials' | 'unavailable'>, string>> = {
  invalid_request: 'The access token must come once, in the Authorization header',
  invalid_token: 'The access token is expired, revoked, malformed, or not good for this request',
  invalid_dpop_proof: 'The DPoP proof is missing, does not fit the request, or was used before',
  use_dpop_nonce: 'The DPoP proof must have the nonce that comes with this answer',
  insufficient_scope: 'The access token lacks a scope that this request needs',
  insufficient_user_authentication: 'The user must authenticate again, more recently or by other means',
}

/** @see RFC 6750 3.1; RFC 9449 7.1, 9; RFC 9470 3 */
export const accessErrorStatus: Readonly<Record<AccessErrorCode, number>> = {
  missing_credentials: 401,
  invalid_request: 400,
  invalid_token: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  insufficient_scope: 403,
  insufficient_user_authentication: 401,
  unavailable: 503,
}

/**
 * The challenges of a refusal: one for each scheme that is taken here, the error in that of the scheme that was used.
 *
 * @see RFC 6750 3, RFC 9449 7.1, RFC 9470 3, RFC 9728 5.1
 */
export function buildChallenges(refused: Refused, context: ChallengeContext): readonly string[] {
  const { code } = refused
  if (code === 'unavailable') return []
  const { schemes } = context
  const used = refused.scheme !== undefined && schemes.includes(refused.scheme) ? refused.scheme : schemes[0]
  // The one with the error first: clients that read only the first challenge read that.
  const order = [...schemes].sort((one, other) => Number(other === used) - Number(one === used))
  return order.map((scheme) =>
    formatChallenge(schemeName(scheme), {
      realm: context.realm,
      ...(scheme === used && code !== 'missing_credentials' && errorParameters(code, refused)),
      // RFC 6750 3: the scope that is needed, with no word on what came.
      ...(code === 'missing_credentials' && { scope: refused.requirements.scope }),
      resource_metadata: context.resourceMetadata,
      ...(scheme === 'dpop' && { algs: context.dpopAlgorithms.join(' ') }),
    }),
  )
}

/** Never called without credentials: RFC 6750 3.1 wants no error code then. */
function errorParameters(
  error: keyof typeof descriptions,
  { requirements, lacksScope }: Refused,
): Readonly<Record<string, string | undefined>> {
  const parameters = { error, error_description: descriptions[error] }
  const { scope, acrValues, maxAge } = requirements
  if (error === 'insufficient_scope') return { ...parameters, scope }
  if (error !== 'insufficient_user_authentication') return parameters
  return {
    ...parameters,
    acr_values: acrValues?.join(' '),
    max_age: maxAge === undefined ? undefined : String(maxAge),
    // RFC 9470 3: so that one new login brings all that is needed.
    scope: lacksScope ? scope : undefined,
  }
}
