/** What can be made to go wrong, so that an application's author can test their own handling. */
export const devFaults = [
  'expired-tokens',
  'rotated-keys',
  'nonce-demands',
  'lost-responses',
  'slow-responses',
  'unavailable',
  'revoked-grants',
  'denied-logins',
] as const

/**
 * - `expired-tokens`: access tokens live for one second
 * - `rotated-keys`: each token answer is signed by keys that nobody has seen before; older ones stay published
 * - `nonce-demands`: every DPoP proof needs a nonce of the server's
 * - `lost-responses`: every other answer of the token endpoint is lost after its work is done
 * - `slow-responses`: each answer of the token endpoint comes three seconds late
 * - `unavailable`: every other request to the token endpoint is answered 503, before anything is done
 * - `revoked-grants`: no refresh token is good any more
 * - `denied-logins`: each authorization request is answered access_denied, without a page
 */
export type DevFault = (typeof devFaults)[number]

/** The faults that are switched on: a set, which a test changes while the server runs. */
export type DevFaults = Set<DevFault>

export function isDevFault(name: string): name is DevFault {
  return (devFaults as readonly string[]).includes(name)
}
