import { onTestFinished } from 'vitest'
import { type HostileProvider, type HostileProviderOptions, startHostileProvider } from '../support/hostile-provider.ts'

/** What a client asks for that wants to stay logged in. */
export const offlineScope = 'openid profile offline_access'

/** A provider for one test, gone when that has ended. */
export async function aProvider(options: HostileProviderOptions = {}): Promise<HostileProvider> {
  const provider = await startHostileProvider(options)
  onTestFinished(() => provider.close())
  return provider
}
