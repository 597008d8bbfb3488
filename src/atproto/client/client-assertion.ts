import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import type { SigningKey } from '../../lib/signatures/types.ts'
import { type AssertionOptions, assertionType, buildClientAssertion } from '../../protocol/client-assertion.ts'
import type { ClientAuth } from '../../protocol/client-auth.ts'
import { createKeyImport } from '../../protocol/signing-key-import.ts'
import type { AtprotoKey } from '../atproto-client-types.ts'
import { readClientKey } from './read-client-key.ts'

/** Header: alg and kid, nothing else. */
const profile: AssertionOptions = { typ: null, jtiBytes: 20, lifetime: 60 }

/** The client signs an assertion, a new one for each attempt; the audience is the issuer. */
export function clientAssertionAuth(key: SigningKey): ClientAuth {
  return Object.freeze({
    method: 'private_key_jwt',
    signingAlg: key.alg,
    authenticate: async (context: Parameters<ClientAuth['authenticate']>[0]) => ({
      parameters: {
        client_id: context.clientId,
        client_assertion_type: assertionType,
        client_assertion: await buildClientAssertion(key, context, profile),
      },
    }),
  })
}

/**
 * A client assertion for one request: ES256 with alg and kid in its header, the client as issuer and subject, the
 * authorization server's issuer as audience, a `jti` of 20 random bytes, good for 60 seconds.
 *
 * @throws AtprotoError `missing_kid`, ConfigurationError `unusable_key`
 * @see RFC 7523 2.2, 3; AT Protocol OAuth, "Confidential Client Authentication"
 */
export async function createClientAssertion(
  key: AtprotoKey,
  clientId: string,
  issuer: string,
  runtime: Runtime = systemRuntime,
): Promise<string> {
  const imported = await createKeyImport(readClientKey(key))()
  return await buildClientAssertion(imported, { clientId, issuer, runtime }, profile)
}
