import type { TokenResponse } from '../../generated/models.ts'
import { epochSeconds } from '../lib/runtime.ts'
import type { AuthenticatedClient } from './client.ts'
import { clientGrants } from './client-grants.ts'
import { commitPlan } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import { type EndpointError, noStore, type TokenErrorCode } from './errors.ts'
import { createEvent, type ServerEvent } from './events.ts'
import type { Grant, GrantContext, PreparedGrant } from './grant.ts'
import { grantTable } from './grant-table.ts'
import { confidentialGrants, isSupportedGrant, type SupportedGrant } from './grant-types.ts'
import { denial } from './outcome.ts'
import { type RequestParams, readParams } from './params.ts'
import { missing, Refusal } from './refusal.ts'
import { noRequest, type TokenRequest } from './request.ts'
import { attemptedConstraint, nonceHeaders, proveSenderConstraint, type SenderConstraint } from './sender-constraint.ts'

/** Tokens, or why none were issued. */
export type TokenOutcome =
  | {
      readonly ok: true
      /** The body of the answer, status 200. */
      readonly response: TokenResponse
      readonly headers: Readonly<Record<string, string>>
      readonly events: readonly ServerEvent[]
    }
  | { readonly ok: false; readonly error: EndpointError<TokenErrorCode>; readonly events: readonly ServerEvent[] }

/**
 * Turns an authenticated client and a token request into tokens or an error: data in, data out. The caller
 * sends the answer and emits the events. Never throws for what a request, a callback or the store does.
 *
 * Prepare changes nothing; one commit changes everything; the answer only serialises. So a bad request, a
 * failing policy or a failing key burns nothing, and nothing that can fail stands after the consumption.
 */
export async function issueToken(config: TokenEndpointConfig, request: TokenRequest): Promise<TokenOutcome> {
  const given = request ?? noRequest
  // Settled once: a request object that changes meanwhile changes nothing.
  const client: AuthenticatedClient = Object.freeze({ ...given.client })
  const attempt = { request: given, client, senderConstraint: attemptedConstraint(config, given) }
  let grantType: SupportedGrant | undefined
  let context: GrantContext | undefined
  let headers: Readonly<Record<string, string>> = {}
  try {
    const nonce = nonceHeaders(config, given)
    // Waited for only where there is something to wait for: each turn of the event loop counts in every request.
    headers = nonce instanceof Promise ? await nonce : nonce
    const params = readParams(given.params)
    grantType = readGrantType(params)
    const grant = gate(config, client, grantType)
    const proof = proveSenderConstraint(config, given, client)
    const constraint = proof instanceof Promise ? await proof : proof
    context = createContext(config, given, { client, grantType, params, constraint })
    const prepared = await grant(context)
    const events = issuedEvents(context, prepared)
    const { plan } = prepared
    const claims = client.claims.length === 0 ? plan.claims : [...client.claims, ...plan.claims]
    await commitPlan(config, { ...plan, claims })
    return { ok: true, response: prepared.response, headers: { ...noStore, ...headers }, events }
  } catch (thrown) {
    const { error, events } = denial('token_denied', thrown, { ...attempt, grantType, ...context?.known, headers })
    return { ok: false, error: error as EndpointError<TokenErrorCode>, events }
  }
}

/** A text of the client that is none of ours goes into no event. */
function readGrantType(params: RequestParams): SupportedGrant {
  const grantType = params.get('grant_type')
  if (grantType === undefined) throw missing('grant_type')
  if (!isSupportedGrant(grantType)) throw refuseUnsupported('unknown grant type')
  return grantType
}

/** Supported, for this kind of client, allowed to this client; then dispatched by a typed record. */
function gate(config: TokenEndpointConfig, client: AuthenticatedClient, grantType: SupportedGrant): Grant {
  if (!config.grants.includes(grantType)) throw refuseUnsupported('grant type not enabled')
  if (client.isPublic && confidentialGrants.includes(grantType)) {
    throw refuseUnauthorized('grant for confidential clients')
  }
  // RFC 6749 5.2: not authorized to use this grant type
  if (!clientGrants(config, client.client).includes(grantType)) throw refuseUnauthorized('grant not registered')
  return grantTable[grantType]
}

function createContext(
  config: TokenEndpointConfig,
  { clientIp }: TokenRequest,
  settled: {
    readonly client: AuthenticatedClient
    readonly grantType: SupportedGrant
    readonly params: RequestParams
    readonly constraint: SenderConstraint
  },
): GrantContext {
  return {
    config,
    ...settled,
    now: epochSeconds(config.runtime),
    known: {},
    ...(clientIp !== undefined && { clientIp }),
  }
}

function issuedEvents(context: GrantContext, prepared: PreparedGrant): readonly ServerEvent[] {
  const { client, grantType, constraint, clientIp } = context
  const { subject, scope } = prepared
  const { kind: senderConstraint, tokenType, cnf } = constraint
  const metadata = { clientIp, tokenType, senderConstraint, cnf }
  return prepared.events.map((name) =>
    createEvent(name, { subject, clientId: client.clientId, scope, grantType, metadata }),
  )
}

function refuseUnsupported(reason: string): Refusal {
  return new Refusal('unsupported_grant_type', 'the grant type is not supported', { reason })
}

function refuseUnauthorized(reason: string): Refusal {
  return new Refusal('unauthorized_client', 'the client may not use this grant type', { reason })
}
