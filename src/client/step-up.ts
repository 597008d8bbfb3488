import { readStepUpChallenge, type StepUpRequest } from '../protocol/step-up.ts'

/**
 * Reads what a resource server wants of the user's authentication, as options of `createAuthorizationUrl`. The login
 * that follows fails unless it steps up: its `acr` is essential, its `auth_time` held against `maxAge`. That takes an
 * id_token, so a client that logs in by OpenID asks for `openid` beside the scope of the challenge; of one that does not,
 * the resource server alone sees whether the login was good enough.
 *
 * @param response what the resource server answered, or its headers
 * @returns `undefined` where it asks for no step-up
 * @see RFC 9470 3, 4
 * @example
 * const stepUp = parseStepUpChallenge(response)
 * if (stepUp) return Response.redirect(await client.createAuthorizationUrl(stepUp))
 */
export function parseStepUpChallenge(response: Response | Headers): StepUpRequest | undefined {
  return readStepUpChallenge(response instanceof Headers ? response : response.headers)
}
