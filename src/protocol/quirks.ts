/**
 * Ways in which servers are known to break the rules, each met only where it is named, and reported when it takes
 * effect. Without them this library is strict.
 *
 * - `token-endpoint-audience`: the server takes client assertions only with its token endpoint as audience, as was
 *   usual before RFC 7523bis. They are then made out to that URL, for every endpoint.
 * - `missing-content-type`: the server's endpoints answer without `Content-Type`, where the specifications demand one
 *   (RFC 6749 5.1). A success is then read as JSON; metadata and keys need their type all the same.
 * - `key-without-kid`: the server signs with several keys and leaves `kid` out of the header (RFC 7515 4.1.4). Every
 *   key that fits is then tried, four at most.
 * - `rsa-exponent-3`: the server's RSA keys have the public exponent 3 (FIPS 186-5 5.4 has 65537 at the least).
 * - `templated-issuer`: one address serves many tenants, as `https://login.microsoftonline.com/common/v2.0` does. Its
 *   metadata may have a placeholder in the place of one segment of the issuer's path, and an id_token its tenant, which
 *   must be the token's own `tid` (OIDC Discovery 4.3, OIDC Core 3.1.3.7 item 2).
 */
export type Quirk =
  | 'token-endpoint-audience'
  | 'missing-content-type'
  | 'key-without-kid'
  | 'rsa-exponent-3'
  | 'templated-issuer'

const known: readonly Quirk[] = [
  'token-endpoint-audience',
  'missing-content-type',
  'key-without-kid',
  'rsa-exponent-3',
  'templated-issuer',
]

/** Told of a quirk each time it takes effect. */
export type QuirkReporter = (quirk: Quirk) => void

/** @throws TypeError for a name that nobody knows: a misspelt quirk must not be silently without effect */
export function assertQuirks(quirks: readonly Quirk[] | undefined): void {
  const isGood = quirks === undefined || (Array.isArray(quirks) && quirks.every((quirk) => known.includes(quirk)))
  if (!isGood) throw new TypeError(`"quirks": must be a list; known are ${known.join(', ')}`)
}
