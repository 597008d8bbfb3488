import { ConfigurationError } from '../errors/configuration.ts'
import type { AsymmetricAlgorithm } from '../lib/signatures/types.ts'

/**
 * Refuses a proof algorithm that the server says it does not take; nothing is sent then. A server that has no
 * list may know DPoP all the same: the type of the token that it gives tells.
 *
 * @throws ConfigurationError `unsupported_by_server`, with the client's side and the server's
 * @see RFC 9449 5.1
 */
export function assertDpopSupported(
  metadata: { readonly dpop_signing_alg_values_supported?: readonly string[] | undefined },
  alg: AsymmetricAlgorithm,
): void {
  const field = 'dpop_signing_alg_values_supported'
  const listed = metadata[field]
  // RFC 9864 4.1: Ed25519 is the exact name of what EdDSA means for a key of that curve.
  const names = alg === 'EdDSA' || alg === 'Ed25519' ? ['EdDSA', 'Ed25519'] : [alg]
  if (!listed || listed.some((name) => names.includes(name))) return
  throw new ConfigurationError(
    'unsupported_by_server',
    `the server takes DPoP proofs by ${listed.join(', ') || 'no algorithm'} ("${field}"); the client makes them by ${alg}`,
    { field, clause: 'RFC 9449 5.1', expected: alg, actual: listed },
  )
}
