/** The grants of the core, by their `grant_type`. */
export const supportedGrants = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:openid:params:grant-type:ciba',
  'urn:ietf:params:oauth:grant-type:pre-authorized_code',
] as const

/** A grant that the core implements, by its name on the wire. */
export type SupportedGrant = (typeof supportedGrants)[number]

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code'
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const cibaGrant = 'urn:openid:params:grant-type:ciba'
export const preAuthorizedCodeGrant = 'urn:ietf:params:oauth:grant-type:pre-authorized_code'

/** The others join when they are enabled. */
export const defaultGrants: readonly SupportedGrant[] = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  tokenExchangeGrant,
]

/** RFC 6749 4.4, RFC 8693 5, CIBA 4: of no use, or dangerous, without client authentication. */
export const confidentialGrants: readonly SupportedGrant[] = [
  'client_credentials',
  tokenExchangeGrant,
  jwtBearerGrant,
  cibaGrant,
]

/**
 * Grants in which no user decides: what a client gets by them hangs on what was said of it alone, so a client that says
 * it itself has them only where the host approved.
 */
export const userlessGrants: readonly string[] = ['client_credentials', tokenExchangeGrant, jwtBearerGrant]

/** The grants whose state is kept in records. */
export const storedGrants: readonly SupportedGrant[] = supportedGrants.filter((grant) => grant !== 'client_credentials')

export function isSupportedGrant(value: unknown): value is SupportedGrant {
  return (supportedGrants as readonly unknown[]).includes(value)
}
