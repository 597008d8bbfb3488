import type { ClaimsRequest } from '../../generated/models.ts'

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
