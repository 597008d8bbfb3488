import { sign } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { epochSeconds, type Runtime } from '../lib/runtime.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { createRandomToken } from './random-token.ts'

/** How the parameters of a request are signed. */
export interface ParameterSigning {
  /** @default none: the specification has none */
  readonly typ?: string
  readonly kid: string | undefined
  readonly audience: string
  /** Seconds. */
  readonly lifetime: number
  /** Whether it can be used once only. */
  readonly once: boolean
}

/** These say who made the object, and a `sub` would make a client assertion of it (RFC 9101 4, 10.8). */
const reserved = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']

/**
 * The parameters of a request as claims of a JWT: numbers and objects as JSON has them, and who says it to whom.
 *
 * @throws TypeError for a parameter that would speak for the client
 * @see RFC 9101 4, CIBA Core 7.1.1
 */
export async function signParameters(
  key: SigningKey,
  parameters: Readonly<Record<string, unknown>>,
  { clientId, runtime }: { readonly clientId: string; readonly runtime: Runtime },
  { typ, kid, audience, lifetime, once }: ParameterSigning,
): Promise<string> {
  const own = reserved.find((name) => Object.hasOwn(parameters, name))
  if (own !== undefined) throw new TypeError(`"extraParameters" must not set "${own}" of a signed request`)
  const now = epochSeconds(runtime)
  const header = { alg: key.alg, ...(typ !== undefined && { typ }), ...(kid !== undefined && { kid }) }
  const payload = {
    ...parameters,
    iss: clientId,
    aud: audience,
    ...(once && { jti: createRandomToken(runtime) }),
    iat: now,
    nbf: now,
    exp: now + lifetime,
  }
  const input = `${encodeBase64url(JSON.stringify(header))}.${encodeBase64url(JSON.stringify(payload))}`
  return `${input}.${encodeBase64url(await sign(key, input))}`
}
