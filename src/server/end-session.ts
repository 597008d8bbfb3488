import { idTokenProfile } from '../protocol/jwt-profiles.ts'
import { loadClient } from './authenticate-client.ts'
import { clientList } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { EndpointError } from './errors.ts'
import type { ServerEvent } from './events.ts'
import { denial } from './outcome.ts'
import { type RawParams, type RequestParams, readParams } from './params.ts'
import { refuseRequest } from './refusal.ts'
import { noRequest } from './request.ts'
import { readOwnJwt } from './sign-jwt.ts'

/** A logout request that was judged. */
export interface EndSessionData {
  /** The session that the hint names; without a hint the user must be asked. */
  readonly sid?: string
  /** The subject as the client knows it. */
  readonly sub?: string
  readonly clientId?: string
  /** Where the browser goes afterwards, `state` in it; only of a client that is sure, and registered there. */
  readonly redirectTo?: string
  readonly logoutHint?: string
}

/** A judged logout request, or its error. */
export type EndSessionOutcome =
  | { readonly ok: true; readonly request: EndSessionData }
  | { readonly ok: false; readonly error: EndpointError; readonly events: readonly ServerEvent[] }

/**
 * Judges a logout request. The hint may have expired; it may not be otherwise invalid.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0 2, 3, 4
 */
export async function validateEndSessionRequest(
  config: TokenEndpointConfig,
  input: { readonly params: RawParams; readonly clientIp?: string },
): Promise<EndSessionOutcome> {
  const given = input ?? noRequest
  try {
    const params = readParams(given.params)
    const hint = await readHint(config, params)
    const clientId = readClientId(params, hint?.audience)
    const redirectTo = await readRedirect(config, params, clientId)
    const logoutHint = params.get('logout_hint')
    const request: EndSessionData = {
      ...(hint?.sid !== undefined && { sid: hint.sid }),
      ...(hint && { sub: hint.sub }),
      ...(clientId !== undefined && { clientId }),
      ...(redirectTo !== undefined && { redirectTo }),
      ...(logoutHint !== undefined && { logoutHint }),
    }
    return { ok: true, request }
  } catch (thrown) {
    const { error, events } = denial('authorization_failed', thrown, { request: given })
    return { ok: false, error, events }
  }
}

async function readHint({ keys, issuer }: TokenEndpointConfig, params: RequestParams) {
  const text = params.get('id_token_hint')
  if (text === undefined) return undefined
  const jwt = await readOwnJwt(keys, text, idTokenProfile, issuer)
  if (!jwt || typeof jwt.claims.sub !== 'string') throw refuseRequest('id_token_hint is not valid')
  const { sub, sid, aud } = jwt.claims
  const audience = (Array.isArray(aud) ? aud : [aud]) as readonly string[]
  return { sub, audience, ...(typeof sid === 'string' && { sid }) }
}

/** RP-Initiated Logout 2: a client_id beside a hint must be the client that it was issued to. */
function readClientId(params: RequestParams, audience: readonly string[] | undefined): string | undefined {
  const named = params.get('client_id')
  if (!audience) return named
  if (named !== undefined && !audience.includes(named))
    throw refuseRequest('client_id is not that of the id_token_hint')
  return named ?? audience[0]
}

/** RP-Initiated Logout 3: exactly one of those registered; never to a place that no client vouches for. */
async function readRedirect(
  config: TokenEndpointConfig,
  params: RequestParams,
  clientId: string | undefined,
): Promise<string | undefined> {
  const uri = params.get('post_logout_redirect_uri')
  if (uri === undefined) return undefined
  const client = clientId === undefined ? undefined : await loadClient(config, clientId)
  if (!client || !clientList(client, 'post_logout_redirect_uris')?.includes(uri)) {
    throw refuseRequest('post_logout_redirect_uri is not registered')
  }
  const state = params.get('state')
  if (state === undefined) return uri
  // Added behind what was registered, which stays as it is.
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state })}`
}
