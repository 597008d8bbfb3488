import { ConfigurationError } from '../errors/configuration.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { Runtime } from '../lib/runtime.ts'
import { isSameAlgorithm } from '../lib/signatures/algorithms.ts'
import type { SigningKeyInput } from '../lib/signatures/types.ts'
import { signParameters } from './signed-parameters.ts'
import { algorithmOfInput, createKeyImport } from './signing-key-import.ts'

/** How a backchannel authentication request is signed (CIBA Core 7.1.1). */
export interface BackchannelSigningOptions {
  /** The client's private key; its algorithm as registered in `backchannel_authentication_request_signing_alg`. */
  readonly key: SigningKeyInput
  /** Seconds that the request is good for. @default 300 */
  readonly lifetime?: number
  /** The `kid` of the header. @default the key's own, else none */
  readonly kid?: string
}

const field = 'backchannel_authentication_request_signing_alg_values_supported'

/** The list of server metadata that it is held against (CIBA Core 4). */
export interface BackchannelSigningMetadata {
  readonly [field]?: readonly string[] | undefined
}

const defaultLifetime = 300
const mostLifetime = 3600

/**
 * The request as one parameter: all others are in it, signed, and none stands beside it but what authenticates the
 * client.
 *
 * @throws TypeError that names the option
 * @throws ConfigurationError `unsupported_by_server`; nothing is sent then
 * @see CIBA Core 7.1.1
 */
export async function signBackchannelRequest(
  parameters: object,
  options: BackchannelSigningOptions,
  context: {
    readonly clientId: string
    readonly issuer: string
    readonly runtime: Runtime
    readonly metadata: BackchannelSigningMetadata
  },
): Promise<{ readonly request: string }> {
  assertKnownOptions('signedRequest', options, ['key', 'lifetime', 'kid'])
  const { key: input, lifetime = defaultLifetime } = options
  if (typeof input !== 'object' || input === null) throw new TypeError('signedRequest: "key" must be a private key')
  if (!Number.isSafeInteger(lifetime) || lifetime < 1 || lifetime > mostLifetime) {
    throw new TypeError(`signedRequest: "lifetime" must be 1 to ${mostLifetime} whole seconds`)
  }
  assertSigningSupported(context.metadata, algorithmOfInput(input))
  const key = await createKeyImport(input)()
  // 7.1.1: iss, aud, exp, iat, nbf and jti are REQUIRED; the audience is the issuer.
  const signing = { kid: options.kid ?? key.kid, audience: context.issuer, lifetime, once: true }
  return { request: await signParameters(key, { ...parameters }, context, signing) }
}

/** CIBA Core 4: "If omitted, signed authentication requests are not supported by the OP." */
function assertSigningSupported(metadata: BackchannelSigningMetadata, alg: string): void {
  const listed = metadata[field] ?? []
  if (listed.some((one) => isSameAlgorithm(one, alg))) return
  const message = `the client signs its request with "${alg}", but the server's "${field}" is [${listed.join(', ')}]`
  const facts = { field, clause: 'CIBA Core 4', expected: alg, actual: listed }
  throw new ConfigurationError('unsupported_by_server', message, facts)
}
