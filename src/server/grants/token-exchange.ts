import type { Actor, Confirmation } from '../../../generated/models.ts'
import { readResources, resolveAudience } from '../audience.ts'
import { loadClient } from '../authenticate-client.ts'
import { loadPrincipal, tokenResponse } from '../authorized-tokens.ts'
import { readGrantedDetails } from '../details.ts'
import { type FoundAccessToken, findAccessToken } from '../find-access-token.ts'
import type { GrantContext, PreparedGrant } from '../grant.ts'
import { mintAccessToken } from '../mint-access-token.ts'
import { requireParam } from '../params.ts'
import type { AccessRecord } from '../records.ts'
import { missing, Refusal, refuseRequest } from '../refusal.ts'
import { applyScopePolicy, narrowScope, readScope } from '../scope-policy.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
const tokenTypes: readonly string[] = [accessTokenType, jwtType]
/** Each actor is an object in the one before, and a JWT is read to a depth of 32: a longer chain could not be read again. */
const mostActors = 16

/**
 * RFC 8693: a token for another, never for more, never for longer. The exchanger becomes the client; acr and
 * auth_time are dropped, since the user did not log in to it; what the subject was bound to is proven again.
 */
export async function prepareTokenExchange(context: GrantContext): Promise<PreparedGrant> {
  const { constraint, known } = context
  const requested = readRequestedType(context)
  const subject = await findSubject(context)
  known.subject = subject.subject
  known.scope = subject.scope.join(' ')
  const actor = await findActor(context)
  judgeMayAct(context, subject, actor)
  const { policy, scope, details } = await authorize(context, subject)
  const access = await mintAccessToken(context, {
    policy,
    // Revoked with the subject's family, which is read whenever the token is judged.
    family: subject.family,
    ofClient: subject.ofClient === true,
    act: actorChain(subject, actor),
    authorizationDetails: details,
    notAfter: subject.expiresAt,
    ...(requested === jwtType && { format: 'jwt' as const }),
  })
  return {
    // RFC 8693 2.2.1
    response: { ...tokenResponse(context, access, scope, details), issued_token_type: requested },
    plan: { claims: constraint.claims, changes: access.changes },
    subject: subject.subject,
    scope: scope.join(' '),
    events: ['token_issued'],
  }
}

function readRequestedType({ params }: GrantContext): string {
  const requested = params.get('requested_token_type') ?? accessTokenType
  if (!tokenTypes.includes(requested)) throw refuseRequest('unsupported requested_token_type')
  return requested
}

async function findSubject(context: GrantContext): Promise<AccessRecord> {
  const { params } = context
  const text = requireParam(params, 'subject_token')
  const type = params.get('subject_token_type')
  if (type === undefined) throw missing('subject_token_type')
  if (!tokenTypes.includes(type)) throw refuseRequest('unsupported subject_token_type')
  return judgeToken(context, await findAccessToken(context.config, text), 'subject')
}

/** RFC 8693 2.1: type and token come together or not at all. */
async function findActor(context: GrantContext): Promise<AccessRecord | undefined> {
  const { params } = context
  const text = params.get('actor_token')
  const type = params.get('actor_token_type')
  if (text === undefined && type === undefined) return undefined
  if (text === undefined) throw refuseRequest('actor_token_type without actor_token')
  if (type === undefined) throw missing('actor_token_type')
  if (!tokenTypes.includes(type)) throw refuseRequest('unsupported actor_token_type')
  return judgeToken(context, await findAccessToken(context.config, text), 'actor')
}

async function judgeToken(
  { config, constraint }: GrantContext,
  found: FoundAccessToken | undefined,
  role: 'subject' | 'actor',
): Promise<AccessRecord> {
  if (!found) throw refuseToken(`unknown ${role} token`)
  if (!found.isActive) throw refuseToken(`${role} token expired or revoked`)
  if (!isProven(found.record.cnf, constraint.cnf)) throw refuseToken(`key of the ${role} token not proven`)
  // What a client got ends with the client.
  const isOfClient = (await loadClient(config, found.record.clientId)) !== undefined
  if (!isOfClient) throw refuseToken(`the client of the ${role} token is gone`)
  return found.record
}

function isProven(bound: Confirmation | undefined, proven: Confirmation | undefined): boolean {
  if (!bound) return true
  const members = ['jkt', 'x5t#S256'] as const
  return members.every((member) => bound[member] === undefined || bound[member] === proven?.[member])
}

/** RFC 8693 4.4: who may act; without an actor token the client itself is the one who acts. */
function judgeMayAct({ config, client }: GrantContext, subject: AccessRecord, actor: AccessRecord | undefined): void {
  const mayAct = subject.extra?.may_act
  if (mayAct === undefined) return
  if (typeof mayAct !== 'object' || mayAct === null) throw refuseToken('malformed may_act')
  const acting = actor
    ? { iss: config.issuer, sub: actor.sub, client_id: actor.clientId }
    : { iss: config.issuer, sub: client.clientId, client_id: client.clientId }
  const named = Object.entries(mayAct)
  const fits = named.every(([name, value]) => (acting as Record<string, unknown>)[name] === value)
  if (named.length === 0 || !fits) throw refuseToken('may_act names another')
}

async function authorize(context: GrantContext, subject: AccessRecord) {
  const { config, params } = context
  const principal = subject.ofClient ? undefined : await loadPrincipal(context, subject.subject)
  const audience = await narrowAudience(context, subject.audience)
  const asked = narrowScope(readScope(config, params.get('scope')), subject.scope)
  const about = { subject: subject.subject, audience, scope: asked, ...(principal && { principal }) }
  const policy = await applyScopePolicy(context, about)
  return {
    policy,
    scope: policy.scope,
    details: await readGrantedDetails(context, policy, subject.authorizationDetails),
  }
}

/** RFC 8693 2.1: resource and audience together; none means the subject's whole, authorised anew for the exchanger. */
function narrowAudience({ config, client, params }: GrantContext, ceiling: readonly string[]) {
  const asked = [...readResources(params.all('resource')), ...params.all('audience')]
  return resolveAudience(config, client.client, asked, ceiling)
}

/** RFC 8693 4.1: the new actor outermost, whoever acted before inside; without a new one the chain stays. */
function actorChain({ extra }: AccessRecord, actor: AccessRecord | undefined): Actor | undefined {
  const before = extra?.act as Actor | undefined
  if (!actor) return before
  if (countActors(before) >= mostActors) throw refuseToken('too many actors')
  return { sub: actor.sub, client_id: actor.clientId, ...(before && { act: before }) }
}

function countActors(chain: Actor | undefined): number {
  return chain ? 1 + countActors(chain.act) : 0
}

/** RFC 8693 2.2.2: an invalid or unacceptable token is invalid_request, not invalid_grant. */
function refuseToken(reason: string): Refusal {
  return new Refusal('invalid_request', 'the subject token or the actor token is invalid or not acceptable', { reason })
}
