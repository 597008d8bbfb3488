import { parseChallenges } from '../lib/www-authenticate.ts'
import { isScope } from './scope.ts'

/** What a resource server wants of the user's authentication, as options of the next authorization request. */
export interface StepUpRequest {
  /** The preferred one first. */
  readonly acrValues?: readonly string[]
  /** The new login fails without one of them: a step-up that did not step up is none. */
  readonly acrEssential?: boolean
  /** Seconds. */
  readonly maxAge?: number
  /** Space-separated, where the challenge names the scope, too. */
  readonly scope?: string
}

const mostAge = 2 ** 31 - 1

/**
 * Reads the challenge of a resource server that finds the user not authenticated strongly or lately enough.
 * Untrusted text: what is malformed in it is left out.
 *
 * @returns `undefined` where it asks for no such thing
 * @see RFC 9470 3, 4
 */
export function readStepUpChallenge(headers: Headers): StepUpRequest | undefined {
  const challenge = parseChallenges(headers.get('www-authenticate')).find(
    ({ parameters }) => parameters.error === 'insufficient_user_authentication',
  )
  if (!challenge) return undefined
  const { acr_values: acr = '', max_age: maxAge = '', scope } = challenge.parameters
  // RFC 9470 3: "A space-separated string listing the authentication context class reference values in order of preference."
  const acrValues = [...new Set(acr.split(' ').filter((value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)))]
  // RFC 9470 3: max_age is "a non-negative integer value".
  const age = /^\d{1,10}$/.test(maxAge) ? Math.min(Number(maxAge), mostAge) : undefined
  return {
    ...(acrValues.length > 0 && { acrValues, acrEssential: true }),
    ...(age !== undefined && { maxAge: age }),
    ...(scope !== undefined && scope !== '' && isScope(scope) && { scope }),
  }
}
