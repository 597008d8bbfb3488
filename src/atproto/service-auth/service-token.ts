import { sign } from '#signatures'
import { encodeBase64url } from '../../lib/base64url.ts'
import { epochSeconds, type Runtime } from '../../lib/runtime.ts'
import type { SigningKey } from '../../lib/signatures/types.ts'
import { createRandomToken } from '../../protocol/random-token.ts'

/** What a service token says. */
export interface ServiceTokenClaims {
  /** The account's DID, with `#atproto_labeler` where it is a labeler of that account. */
  readonly iss: string
  /** The DID of the service that the request goes to. */
  readonly aud: string
  /** The method that is called. */
  readonly lxm: string
}

/** Seconds. "60 seconds is a good token lifetime." */
const lifetime = 60

/**
 * A token for one request, signed with the account's key.
 *
 * @see AT Protocol HTTP API (XRPC), "Inter-Service Authentication (JWT)"
 */
export async function createServiceToken(
  key: SigningKey,
  claims: ServiceTokenClaims,
  runtime: Runtime,
): Promise<string> {
  const iat = epochSeconds(runtime)
  const header = { typ: 'JWT', alg: key.alg }
  const payload = { ...claims, iat, exp: iat + lifetime, jti: createRandomToken(runtime) }
  const input = [header, payload].map((part) => encodeBase64url(JSON.stringify(part))).join('.')
  return `${input}.${encodeBase64url(await sign(key, input))}`
}
