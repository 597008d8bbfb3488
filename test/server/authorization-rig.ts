import type { ClientMetadata } from '../../generated/models.ts'
import {
  type AuthorizationRequestData,
  type TokenEndpointOptions,
  validateAuthorizationRequest,
} from '../../src/server/index.ts'
import { clients, createRig, type Rig, redirectUri } from './rig.ts'

export const challenge = 'c'.repeat(43)

/** An authorization request that is good as it is. */
export const goodRequest = {
  client_id: 'web',
  response_type: 'code',
  redirect_uri: redirectUri,
  scope: 'openid read',
  state: 's',
  code_challenge: challenge,
  code_challenge_method: 'S256',
}

/** A server at which the client `web` has further metadata. */
export async function startAuthorization(
  metadata: ClientMetadata = {},
  options: Partial<TokenEndpointOptions> = {},
): Promise<Rig> {
  const { scope: _, ...web } = clients.web!
  const loadClient = (clientId: string) =>
    clientId === 'nobody' ? undefined : { clientId, metadata: { ...web, ...metadata } }
  return createRig({ loadClient, resources: ['https://a.example'], authorizationDetailsTypes: ['pay'], ...options })
}

/** `ok`, or the error, where it is said and why. */
export async function judge(
  params: Record<string, unknown>,
  metadata: ClientMetadata = {},
  options = {},
): Promise<string> {
  const rig = await startAuthorization(metadata, options)
  const outcome = await validateAuthorizationRequest(rig.config, { params: { ...goodRequest, ...params } as never })
  if (outcome.ok) return 'ok'
  return `${outcome.error.error} ${outcome.target ? 'to the client' : 'to the page'}: ${outcome.events[0]?.metadata.reason}`
}

/** The request as the server has it; fails the test for one that is refused. */
export async function accept(rig: Rig, params: Record<string, unknown> = {}): Promise<AuthorizationRequestData> {
  const outcome = await validateAuthorizationRequest(rig.config, { params: { ...goodRequest, ...params } as never })
  if (!outcome.ok) throw new Error(`${outcome.error.error}: ${outcome.events[0]?.metadata.reason}`)
  return outcome.request
}
