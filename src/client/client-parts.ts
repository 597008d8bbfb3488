import type { Issuer } from '../issuer/issuer.ts'
import type { ClientSettings } from './client-options.ts'
import type { OAuthClient } from './oauth-client.ts'

/** What a client is made of. The functions beside it need that, and an application that leaves them out carries none of them. */
export interface ClientParts {
  readonly settings: ClientSettings
  readonly issuer: Issuer
}

const known = new WeakMap<object, ClientParts>()

export function keepParts(client: OAuthClient, parts: ClientParts): OAuthClient {
  known.set(client, parts)
  return client
}

/** @throws TypeError for what `createOAuthClient` did not make */
export function partsOf(client: OAuthClient, caller: string): ClientParts {
  const parts = known.get(client)
  if (parts) return parts
  throw new TypeError(`${caller}: "client" must be one that createOAuthClient made, as it gave it`)
}
