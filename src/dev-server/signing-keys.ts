import { generateSigningKey } from '#signatures'
import type { Runtime } from '../lib/runtime.ts'
import type { SigningKeyInput } from '../lib/signatures/types.ts'
import { createServerKeys, type ServerKeys } from '../server/index.ts'

/** The first signs access tokens; id_tokens are signed as registered, by RS256 where nothing is (OIDC Core 2). */
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

/** The given keys, or fresh ones. */
export async function createSigningKeys(
  given: readonly SigningKeyInput[] | undefined,
  runtime: Runtime,
): Promise<ServerKeys> {
  const keys = given ?? (await Promise.all(algorithms.map(async (alg) => generateSigningKey(alg))))
  return createServerKeys(keys, { runtime })
}

/** Puts fresh keys in the place of all; the old ones stay published until what they signed has expired. */
export async function rotateSigningKeys(keys: ServerKeys, keepFor: number): Promise<void> {
  for (const alg of keys.algorithms()) await keys.rotate(await generateSigningKey(alg), { keepFor })
}
