import { AtprotoError } from '../../errors/atproto.ts'
import { ResponseError } from '../../errors/response.ts'
import { loginMaxAge } from '../identity/identity-cache.ts'
import type { AccountSources } from './verify-account.ts'

/** Where a login is begun, and for whom, as far as that is known. */
export interface LoginTarget {
  readonly issuer: string
  /** The account that must log in; absent where the login began with a server. */
  readonly did?: string
  /** What the user gave, for the server's login page. */
  readonly loginHint?: string
}

/**
 * Finds the authorization server of a handle, a DID, a PDS or a server that hosts the accounts of several.
 *
 * @throws AtprotoError, ResponseError, RequestError, NetworkError, TimeoutError
 * @see AT Protocol OAuth, "Identity Authentication"
 */
export async function findLoginTarget(
  identifier: string | URL,
  { identity, discovery }: AccountSources,
  signal: AbortSignal | undefined,
): Promise<LoginTarget> {
  const wishes = signal ? { signal } : {}
  const text = String(identifier).trim()
  if (/^https?:\/\//i.test(text)) return { issuer: await findIssuer(text, { identity, discovery }, signal) }
  const { did, handle, pds } = await identity.resolve(text, { ...wishes, maxAge: loginMaxAge })
  // A DID as it was given: its handle need not be the one that the user knows.
  const loginHint = text.startsWith('did:') ? did : (handle ?? did)
  return { issuer: await discovery.authorizationServer(pds, wishes), did, loginHint }
}

/** A server that is no PDS may be an authorization server itself. */
async function findIssuer(
  text: string,
  { discovery }: AccountSources,
  signal: AbortSignal | undefined,
): Promise<string> {
  const wishes = signal ? { signal } : {}
  const origin = bareOrigin(text)
  if (origin === undefined) {
    const expected = 'a handle, a DID, or the URL of a server without path'
    throw new AtprotoError('invalid_pds', `a login cannot begin with this URL; expected ${expected}`, { expected })
  }
  try {
    return await discovery.authorizationServer(origin, wishes)
  } catch (error) {
    if (!(error instanceof ResponseError && error.status === 404)) throw error
    await discovery.metadata(origin, wishes)
    return origin
  }
}

function bareOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url && url.href === `${url.origin}/` ? url.origin : undefined
}
