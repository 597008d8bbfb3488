/**
 * Whose a token is: a user's, by the `sub` that is unique at the issuer (OpenID Connect Core 2), or the client's own,
 * by its credentials (RFC 6749 4.4). Told apart by `kind`, since a client id may equal somebody's `sub`.
 */
export type TokenSubject = { readonly kind: 'sub'; readonly sub: string } | { readonly kind: 'client_credentials' }

/** @throws TypeError for what is no TokenSubject */
export function assertSubject(subject: unknown, caller: string): asserts subject is TokenSubject {
  const { kind, sub } = (subject ?? {}) as { kind?: unknown; sub?: unknown }
  if (kind === 'client_credentials' || (kind === 'sub' && typeof sub === 'string' && sub !== '')) return
  throw new TypeError(`${caller}: "subject" must be { kind: 'sub', sub } or { kind: 'client_credentials' }`)
}
