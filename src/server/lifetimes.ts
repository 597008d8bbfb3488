/** Seconds that each thing lives. */
export interface Lifetimes {
  /** @default 900 */
  readonly accessToken: number
  /** @default 3600 */
  readonly idToken: number
  /** Of each refresh token, successors included. @default 1_209_600 (14 days) */
  readonly refreshToken: number
  /** Of a whole family, from its first token on. @default 7_776_000 (90 days) */
  readonly refreshFamily: number
  /** @default 60 */
  readonly authorizationCode: number
  /** @default 90 */
  readonly pushedRequest: number
  /** The time step of DPoP nonces; the step before and the one after are accepted too. @default 300 */
  readonly dpopNonce: number
  /** @default 600 */
  readonly deviceCode: number
  /** @default 5 */
  readonly pollInterval: number
  /** @default 120 */
  readonly cibaRequest: number
  /** @default 300 */
  readonly preAuthorizedCode: number
  /** How long a login's logout addresses are kept after its last id_token. @default 86_400 */
  readonly logoutSession: number
  /** @default 300 */
  readonly jwksCache: number
}

/** Seconds that each thing lives unless `lifetimes` says otherwise. */
export const defaultLifetimes: Lifetimes = Object.freeze({
  accessToken: 900,
  idToken: 3600,
  refreshToken: 1_209_600,
  refreshFamily: 7_776_000,
  authorizationCode: 60,
  pushedRequest: 90,
  dpopNonce: 300,
  deviceCode: 600,
  pollInterval: 5,
  cibaRequest: 120,
  preAuthorizedCode: 300,
  logoutSession: 86_400,
  jwksCache: 300,
})

/** CIBA: a client may ask for more than the default, up to this. */
export const mostCibaLifetime = 600

/** What a caller asked for, where it is shorter: a caller may only shorten. */
export function shortened(lifetime: number, asked: number | undefined): number {
  return asked === undefined ? lifetime : Math.max(1, Math.min(lifetime, Math.floor(asked)))
}

/** @throws TypeError that names the field */
export function resolveLifetimes(options: Partial<Lifetimes> = {}): Lifetimes {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(defaultLifetimes, name)) throw new TypeError(`lifetimes: unknown field "${name}"`)
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(`lifetimes.${name}: expected a positive number of whole seconds`)
    }
  }
  const lifetimes = { ...defaultLifetimes, ...options }
  if (lifetimes.cibaRequest > mostCibaLifetime) {
    throw new TypeError(`lifetimes.cibaRequest: expected at most ${mostCibaLifetime} seconds`)
  }
  if (lifetimes.refreshToken > lifetimes.refreshFamily) {
    throw new TypeError('lifetimes.refreshToken: expected at most lifetimes.refreshFamily')
  }
  return Object.freeze(lifetimes)
}
