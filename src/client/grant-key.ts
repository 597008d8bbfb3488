import { generateSigningKey, importSigningKey } from '#signatures'
import type { SigningKey } from '../lib/signatures/types.ts'
import { assertDpopSupported } from '../protocol/dpop-support.ts'
import type { ClientParts } from './client-parts.ts'

/**
 * The key that a grant's tokens are to be bound to: the caller's, else a new one where the client uses DPoP.
 *
 * @throws ConfigurationError `unsupported_by_server` where the server takes no proof of the key's algorithm, `unusable_key`
 * @throws TypeError for what is no key: it must not pass for none, or the tokens would be anybody's
 */
export async function grantKey(
  { settings, issuer }: ClientParts,
  { dpopKey, signal }: { readonly dpopKey?: SigningKey; readonly signal?: AbortSignal },
): Promise<SigningKey | undefined> {
  const given = dpopKey === undefined ? undefined : await importSigningKey(dpopKey)
  const alg = given?.alg ?? settings.dpop
  if (alg === undefined) return undefined
  assertDpopSupported(await issuer.metadata.get(signal ? { signal } : {}), alg)
  return given ?? (await generateSigningKey(alg, settings.dpopKeyOptions))
}
