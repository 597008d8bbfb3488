import { sign } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { epochSeconds } from '../lib/runtime.ts'
import type { SigningKey, SigningKeyInput } from '../lib/signatures/types.ts'
import type { ClientAuth, ClientAuthContext } from './client-auth.ts'
import { algorithmOfInput, createKeyImport } from './signing-key-import.ts'

/** RFC 7523 2.2 */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** How the assertions of `privateKeyJwt` are made (RFC 7523 3). */
export interface PrivateKeyJwtOptions {
  /**
   * Takes the place of the issuer as audience: the token endpoint's URL, for servers from before
   * RFC 7523bis that accept nothing else. @default the issuer
   */
  readonly audience?: string
  /** Seconds that an assertion is good for. @default 60 */
  readonly lifetime?: number
  /** The `typ` of the header, for servers that want the older one. @default 'client-authentication+jwt' */
  readonly typ?: 'client-authentication+jwt' | 'JWT'
  /** The `kid` of the header. @default the key's own, else none */
  readonly kid?: string
}

/** What a profile may have otherwise. */
export interface AssertionOptions extends Omit<PrivateKeyJwtOptions, 'typ'> {
  /** `null` leaves it out. @default 'client-authentication+jwt' */
  readonly typ?: PrivateKeyJwtOptions['typ'] | null
  /** Random bytes of the `jti`. @default 32 */
  readonly jtiBytes?: number
}

const defaults = { lifetime: 60, typ: 'client-authentication+jwt', jtiBytes: 32 } as const

/**
 * The client signs an assertion with its private key, a new one for each attempt.
 *
 * @throws TypeError for a missing key and for unknown options
 * @throws ConfigurationError `unusable_key`, on first use
 * @see RFC 7523 2.2, 3; draft-ietf-oauth-rfc7523bis 4; OpenID Connect Core 9
 */
export function privateKeyJwt(key: SigningKeyInput, options: PrivateKeyJwtOptions = {}): ClientAuth {
  if (typeof key !== 'object' || key === null) throw new TypeError('privateKeyJwt: "key" must be a private key')
  assertKnownOptions('privateKeyJwt', options, ['audience', 'lifetime', 'typ', 'kid'])
  assertLifetime('privateKeyJwt', options.lifetime)
  const importOnce = createKeyImport(key)
  return Object.freeze({
    method: 'private_key_jwt',
    signingAlg: algorithmOfInput(key),
    authenticate: async (context: ClientAuthContext) => ({
      parameters: {
        // RFC 7521 4.2: not needed beside an assertion, but there are servers that look the client up by it.
        client_id: context.clientId,
        client_assertion_type: assertionType,
        client_assertion: await buildClientAssertion(await importOnce(), context, options),
      },
    }),
  })
}

/**
 * The assertion itself, for every request another.
 *
 * @see RFC 7523 3
 */
export async function buildClientAssertion(
  key: SigningKey,
  context: ClientAuthContext,
  options: AssertionOptions = {},
): Promise<string> {
  const input = buildAssertionInput({ alg: key.alg, kid: key.kid }, context, options)
  return `${input}.${encodeBase64url(await sign(key, input))}`
}

/**
 * What is signed: header and claims, encoded.
 *
 * @see RFC 7523 3, RFC 7515 5.1
 */
export function buildAssertionInput(
  key: { readonly alg: string; readonly kid?: string | undefined },
  { clientId, issuer, runtime }: ClientAuthContext,
  options: AssertionOptions,
): string {
  const now = epochSeconds(runtime)
  const kid = options.kid ?? key.kid
  const { typ = defaults.typ } = options
  const header = { alg: key.alg, ...(typ === null ? {} : { typ }), ...(kid === undefined ? {} : { kid }) }
  const payload = {
    // RFC 7523 3 items 1 and 2.B: the client speaks for itself.
    iss: clientId,
    sub: clientId,
    // RFC 7523bis 4: the issuer, and as one string, so that an assertion caught by one server is worth nothing at another.
    aud: options.audience ?? issuer,
    jti: encodeBase64url(runtime.randomBytes(options.jtiBytes ?? defaults.jtiBytes)),
    iat: now,
    exp: now + (options.lifetime ?? defaults.lifetime),
  }
  return `${encodeBase64url(JSON.stringify(header))}.${encodeBase64url(JSON.stringify(payload))}`
}

/** @throws TypeError */
export function assertLifetime(name: string, lifetime: number | undefined): void {
  if (lifetime !== undefined && (!Number.isSafeInteger(lifetime) || lifetime < 1)) {
    throw new TypeError(`${name}: "lifetime" must be a positive number of whole seconds`)
  }
}
