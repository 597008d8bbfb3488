import type { AuthorizationOptions } from './authorization-request.ts'

/** What a login's `acr` is held against. */
export interface RequestedAcr {
  readonly acrValues?: readonly string[]
  /** Whether another one fails. */
  readonly acrEssential?: boolean
}

type AcrOptions = Pick<AuthorizationOptions, 'acrValues' | 'claims'> & Pick<RequestedAcr, 'acrEssential'>

/**
 * The authentication contexts that a login asks for: by `acr_values`, or as an essential claim of the id_token.
 *
 * @throws TypeError for what would be without effect or has no one meaning
 * @see OpenID Connect Core 5.5.1.1
 */
export function requestedAcr(options: AcrOptions): RequestedAcr {
  const { acrEssential } = options
  const acrValues = listOf(options.acrValues)
  const claimed = essentialAcr(options.claims)
  if (claimed.length > 0 && acrValues.length > 0) {
    throw new TypeError(
      '"acrValues" and an essential "acr" in "claims" do not go together: what comes of both is unspecified (OpenID Connect Core 5.5.1.1)',
    )
  }
  if (claimed.length > 0) return { acrValues: claimed, acrEssential: true }
  if (acrEssential && acrValues.length === 0)
    throw new TypeError('"acrEssential" needs "acrValues" to hold the login to')
  return { ...(acrValues.length > 0 && { acrValues }), ...(acrEssential !== undefined && { acrEssential }) }
}

function listOf(values: string | readonly string[] = []): readonly string[] {
  const list = typeof values === 'string' ? values.split(' ').filter(Boolean) : values
  // Sent with spaces between them (OpenID Connect Core 3.1.2.1): one with a space would be two, and come back as none.
  if (Array.isArray(list) && list.every((value) => typeof value === 'string' && /^[^ ]+$/.test(value))) return list
  throw new TypeError('"acrValues" must be a list of values without spaces, or text with spaces between them')
}

/** The values of which one is essential; none where any will do. */
function essentialAcr(claims: AuthorizationOptions['claims']): readonly string[] {
  const wish = claims?.id_token?.acr
  if (wish?.essential !== true) return []
  const values: readonly unknown[] = wish.values ?? [wish.value]
  return values.filter((value) => typeof value === 'string' && value !== '') as string[]
}
