import { AtprotoError } from '../../errors/atproto.ts'
import { toPublicJwk } from '../../lib/signatures/public-jwk.ts'
import type { Jwk, SigningKey } from '../../lib/signatures/types.ts'
import type { ClientAuth, ClientKey } from '../../protocol/client-auth.ts'
import { createKeyImport } from '../../protocol/signing-key-import.ts'
import type { AtprotoKey } from '../atproto-client-types.ts'
import { clientAssertionAuth } from './client-assertion.ts'
import { readClientKey } from './read-client-key.ts'

/** The client's keys, the one for new logins first. Sessions find theirs again by what they remember of it. */
export interface ClientKeys {
  /** The public halves, as the metadata document publishes them. */
  readonly jwks: { readonly keys: readonly Jwk[] }
  /** What new logins authenticate with. */
  newest(): Promise<KnownKey>
  /** @throws AtprotoError `unknown_client_key` where it is not among the client's keys any more */
  find(key: ClientKey): Promise<KnownKey>
}

export interface KnownKey {
  readonly clientKey: ClientKey
  readonly clientAuth: ClientAuth
}

/** @throws AtprotoError `missing_kid`; ConfigurationError `unusable_key`; TypeError for two keys with one `kid` */
export function createClientKeys(keys: readonly [AtprotoKey, ...AtprotoKey[]]): ClientKeys {
  const jwks = keys.map(readClientKey)
  if (new Set(jwks.map(({ kid }) => kid)).size < jwks.length)
    throw new TypeError('"key": each must have a "kid" of its own')
  const known = jwks.map((jwk) => {
    const importKey = createKeyImport(jwk)
    return { kid: jwk.kid, load: async () => toKnown(await importKey()) }
  })
  return {
    jwks: { keys: jwks.map(toPublished) },
    newest: () => known[0]!.load(),
    async find(wanted) {
      const found = await known.find(({ kid }) => kid === wanted.kid)?.load()
      // The same name for another key would be refused by the server: the grant is bound to the old one.
      if (found?.clientKey.thumbprint === wanted.thumbprint) return found
      const message = `the client key "${wanted.kid}", which the session began with, is not among the client's keys`
      throw new AtprotoError('unknown_client_key', `${message}; keep it until its sessions have ended`, {
        clause: 'AT Protocol OAuth, "Confidential Client Authentication"',
        expected: wanted.thumbprint,
        actual: found?.clientKey.thumbprint ?? 'absent',
      })
    },
  }
}

function toPublished(jwk: Jwk & { readonly kid: string }): Jwk {
  return Object.freeze({ ...toPublicJwk(jwk), kid: jwk.kid, alg: 'ES256', use: 'sig' })
}

function toKnown(key: SigningKey): KnownKey {
  const { kid = '', alg, thumbprint } = key
  return { clientKey: { kid, alg, thumbprint }, clientAuth: clientAssertionAuth(key) }
}
