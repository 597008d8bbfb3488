import type { ClaimsRequest } from '../../generated/models.ts'
import { reservedIdTokenClaims } from './mint-id-token.ts'

/** OIDC Core 5.4 */
const claimsByScope: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
}

/**
 * Of all that is known of a user, the part that a client may have: at userinfo by scope, and everywhere what it
 * asked for one by one. For `buildIdTokenClaims`.
 *
 * @see OIDC Core 5.4, 5.5
 */
export function selectClaims(
  known: Readonly<Record<string, unknown>>,
  options: {
    readonly scope: readonly string[]
    readonly claims?: ClaimsRequest
    readonly target: 'id_token' | 'userinfo'
  },
): Record<string, unknown> {
  const { scope, claims, target } = options
  // With an access token at hand, what a scope stands for comes from userinfo (OIDC Core 5.4).
  const byScope = target === 'userinfo' ? scope.flatMap((one) => claimsByScope[one] ?? []) : []
  const asked = Object.keys(claims?.[target] ?? {})
  const names = [...new Set([...byScope, ...asked])].filter((name) => Object.hasOwn(known, name))
  return Object.fromEntries(names.map((name) => [name, known[name]]).filter(([, value]) => value !== undefined))
}

/**
 * The claims about the user that a request asks for one by one and that no scope of it stands for: what a page has to
 * ask about beside the scope. The protocol's own claims (`sub`, `acr`, `auth_time`, ...) tell nothing more of a user.
 *
 * @see OIDC Core 5.4, 5.5
 */
export function claimsBeyondScope(request: {
  readonly scope: readonly string[]
  readonly claims?: ClaimsRequest
}): readonly string[] {
  const { scope, claims } = request
  const byScope = scope.flatMap((one) => claimsByScope[one] ?? [])
  const asked = [...Object.keys(claims?.id_token ?? {}), ...Object.keys(claims?.userinfo ?? {})]
  // OIDC Core 5.2: `name#fr` is the claim `name` in a language.
  const isKnown = (name: string) => byScope.includes(name.split('#', 1)[0]!) || reservedIdTokenClaims.includes(name)
  return [...new Set(asked)].filter((name) => !isKnown(name))
}
