import { generateSigningKey } from '#signatures'
import { decodeBase64url } from '../../src/lib/base64url.ts'
import type { SigningKey } from '../../src/lib/signatures/types.ts'

export const aSigningKey = async (): Promise<SigningKey> => generateSigningKey('ES256')

/** The claims of a JWT, unverified. */
function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(decodeBase64url(jwt.split('.')[1]!))) as Record<string, unknown>
}

/** The claims of the proof that a request carried. */
export function proofOf(request: { readonly headers: Readonly<Record<string, unknown>> }): Record<string, unknown> {
  return claimsOf(request.headers.dpop as string)
}
