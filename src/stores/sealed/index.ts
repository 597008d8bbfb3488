import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { generateSealingKey as generateWith } from '../../protocol/key-ring.ts'

export { createSealedStore, type SealedStoreOptions } from './sealed-store.ts'

/** A new sealing key: 32 random bytes as 43 base64url characters. Keep it where secrets are kept. */
export function generateSealingKey(runtime: Runtime = systemRuntime): string {
  return generateWith(runtime)
}
