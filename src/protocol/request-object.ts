import { ConfigurationError } from '../errors/configuration.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { Runtime } from '../lib/runtime.ts'
import { isSameAlgorithm } from '../lib/signatures/algorithms.ts'
import type { AsymmetricAlgorithm, Jwk, SigningKey, SigningKeyInput } from '../lib/signatures/types.ts'
import type { AuthorizationParameters } from './authorization-request.ts'
import type { Encryptor } from './encryption.ts'
import { hasScope } from './scope.ts'
import { signParameters } from './signed-parameters.ts'
import { algorithmOfInput, createKeyImport } from './signing-key-import.ts'

/** How a client signs its authorization requests (RFC 9101). */
export interface RequestObjectOptions {
  /** The client's private key; its algorithm as registered in `request_object_signing_alg`. */
  readonly key: SigningKeyInput
  /** Encrypts what was signed, to a key of the server: `createEncryptor(...)`. @default signed only */
  readonly encryptor?: Encryptor
  /** Seconds that a request object is good for. @default 300 */
  readonly lifetime?: number
  /** Takes the place of the issuer as audience. @default the issuer */
  readonly audience?: string
  /** The `kid` of the header. @default the key's own, else none */
  readonly kid?: string
}

/** The lists of server metadata that request objects are held against (OpenID Connect Discovery 3, RFC 9101 10.5). */
export interface RequestObjectMetadata {
  readonly require_signed_request_object?: boolean | undefined
  readonly request_parameter_supported?: boolean | undefined
  readonly request_object_signing_alg_values_supported?: readonly string[] | undefined
  readonly request_object_encryption_alg_values_supported?: readonly string[] | undefined
  readonly request_object_encryption_enc_values_supported?: readonly string[] | undefined
}

export interface RequestObjectContext {
  readonly clientId: string
  readonly issuer: string
  readonly runtime: Runtime
  /** Whether it goes straight to the server (RFC 9126), and not through the browser. */
  readonly pushed: boolean
  /** The server's key set, asked for only where it is encrypted to. */
  readonly keys: () => Promise<readonly Jwk[]> | readonly Jwk[]
}

/** Makes request objects; the settings of `RequestObjectOptions`, checked. */
export interface RequestObjectMaker {
  readonly alg: AsymmetricAlgorithm
  readonly encryptor: Encryptor | undefined
  readonly make: (parameters: AuthorizationParameters, context: RequestObjectContext) => Promise<string>
}

const defaultLifetime = 300

/** @throws TypeError that names the option */
export function createRequestObjectMaker(options: RequestObjectOptions): RequestObjectMaker {
  assertKnownOptions('requestObject', options, ['key', 'encryptor', 'lifetime', 'audience', 'kid'])
  const { key, encryptor, lifetime = defaultLifetime } = options
  if (typeof key !== 'object' || key === null) throw new TypeError('requestObject: "key" must be a private key')
  // FAPI 1.0 Advanced 5.2.2 item 13: at most an hour.
  if (!Number.isSafeInteger(lifetime) || lifetime < 1 || lifetime > 3600) {
    throw new TypeError('requestObject: "lifetime" must be 1 to 3600 whole seconds')
  }
  const importOnce = createKeyImport(key)
  return {
    alg: algorithmOfInput(key),
    encryptor,
    async make(parameters, context) {
      const signed = await signRequestObject(await importOnce(), parameters, context, { ...options, lifetime })
      return encryptor ? await encryptor.encrypt(signed, await context.keys()) : signed
    },
  }
}

async function signRequestObject(
  key: SigningKey,
  parameters: AuthorizationParameters,
  { clientId, issuer, runtime, pushed }: RequestObjectContext,
  options: Pick<RequestObjectOptions, 'audience' | 'kid'> & { readonly lifetime: number },
): Promise<string> {
  const claims = {
    ...parameters,
    // RFC 8707 2 repeats the parameter; in JSON a single one is a string, several are a list.
    ...(parameters.resource?.length === 1 && { resource: parameters.resource[0] }),
    client_id: clientId,
  }
  const signing = {
    // RFC 9101 10.8: the explicit type keeps it from passing as a client assertion.
    typ: 'oauth-authz-req+jwt',
    kid: options.kid ?? key.kid,
    audience: options.audience ?? issuer,
    lifetime: options.lifetime,
    // A push that is asked for a DPoP nonce sends the same body again, which a jti would make a replay; the
    // reference that it is answered with can be used once anyway.
    once: !pushed,
  }
  return await signParameters(key, claims, { clientId, runtime }, signing)
}

/**
 * What stands beside a request object: when it is pushed, nothing; in a URL, for OpenID, what OAuth 2.0 itself
 * demands of every request.
 *
 * @see RFC 9101 5, RFC 9126 3, OpenID Connect Core 6.1
 */
export function wrapRequestObject(
  request: string,
  parameters: AuthorizationParameters,
  pushed: boolean,
): { readonly client_id: string; readonly request: string; readonly response_type?: string; readonly scope?: string } {
  const { client_id, response_type, scope } = parameters
  // RFC 9126 3: all parameters in the object, none beside it.
  if (pushed || !hasScope(scope, 'openid')) return { client_id, request }
  return { client_id, request, response_type, ...(scope !== undefined && { scope }) }
}

/**
 * Refuses what client and server cannot agree on; nothing is sent then.
 *
 * @throws ConfigurationError `unsupported_by_server`
 * @see RFC 9101 10.5, OpenID Connect Discovery 3
 */
export function assertRequestObjectSupported(
  metadata: RequestObjectMetadata,
  maker: Pick<RequestObjectMaker, 'alg' | 'encryptor'> | undefined,
  pushed: boolean,
): void {
  if (!maker) {
    // RFC 9101 10.5: the server refuses what is not signed.
    if (metadata.require_signed_request_object !== true) return
    const message = 'the server takes signed requests only; give the client a "requestObject" with its key'
    const facts = { field: 'require_signed_request_object', expected: 'none', actual: true }
    throw new ConfigurationError('unsupported_by_server', message, { ...facts, clause: 'RFC 9101 10.5' })
  }
  if (!pushed && metadata.request_parameter_supported === false) {
    throw unsupported('request_parameter_supported', 'the server takes no request objects by value', 'true', false)
  }
  assertListed(metadata, 'request_object_signing_alg_values_supported', maker.alg)
  if (!maker.encryptor) return
  assertListed(metadata, 'request_object_encryption_alg_values_supported', maker.encryptor.alg)
  assertListed(metadata, 'request_object_encryption_enc_values_supported', maker.encryptor.enc)
}

type ListField = Extract<keyof RequestObjectMetadata, `${string}_values_supported`>

function assertListed(metadata: RequestObjectMetadata, field: ListField, wanted: string): void {
  const listed = metadata[field]
  if (!listed || listed.some((one) => isSameAlgorithm(one, wanted))) return
  const message = `the client's request objects need "${wanted}", but the server's "${field}" is [${listed.join(', ')}]`
  throw unsupported(field, message, wanted, listed)
}

function unsupported(field: string, message: string, expected: unknown, actual: unknown): ConfigurationError {
  const clause = 'OpenID Connect Discovery 3'
  return new ConfigurationError('unsupported_by_server', message, { field, clause, expected, actual })
}
