import type { Confirmation } from '../../../generated/models.ts'
import { type Jwt, readJwt } from '../../protocol/jwt.ts'
import { assertionGrantProfile, findClaimsFault, isTypeOf } from '../../protocol/jwt-profiles.ts'
import { readResources, resolveAudience } from '../audience.ts'
import { loadPrincipal, tokenResponse } from '../authorized-tokens.ts'
import type { ReplayClaim } from '../client.ts'
import { findAudienceFault, findTimeFault } from '../client-assertion.ts'
import { isSignedBy } from '../client-keys.ts'
import { replayKey } from '../commit.ts'
import type { AssertionIssuer } from '../config.ts'
import type { GrantContext, PreparedGrant } from '../grant.ts'
import { mintAccessToken } from '../mint-access-token.ts'
import { requireParam } from '../params.ts'
import { callHost, hostList, refuseGrant } from '../refusal.ts'
import { applyScopePolicy, narrowScope, readScope } from '../scope-policy.ts'

interface JudgedAssertion {
  readonly jwt: Jwt
  readonly issuer: AssertionIssuer
  readonly subject: string
  readonly claim: ReplayClaim
}

/** RFC 7523 2.1, 3.1: an assertion of an issuer that the host trusts, good once. Never a refresh token. */
export async function prepareJwtBearer(context: GrantContext): Promise<PreparedGrant> {
  const { config, client, constraint, params, known } = context
  const assertion = await judgeAssertion(context)
  known.subject = assertion.subject
  const principal = await loadPrincipal(context, assertion.subject)
  const { scope: mostScope = [], resources = [] } = assertion.issuer
  const ceiling = hostList('loadAssertionIssuer: resources', resources)
  const audience = await resolveAudience(config, client.client, readResources(params.all('resource')), ceiling)
  const most = hostList('loadAssertionIssuer: scope', mostScope)
  const asked = narrowScope(readScope(config, params.get('scope')), most)
  const { subject } = assertion
  const policy = await applyScopePolicy(context, { subject, principal, audience, scope: asked })
  const { scope } = policy
  const access = await mintAccessToken(context, { policy })
  return {
    response: tokenResponse(context, access, scope),
    // The assertion's jti is spent in the commit, so that a failed policy spends nothing.
    plan: { claims: [...constraint.claims, assertion.claim], changes: access.changes },
    subject,
    scope: scope.join(' '),
    events: ['token_issued'],
  }
}

async function judgeAssertion(context: GrantContext): Promise<JudgedAssertion> {
  const { config, params, constraint, now } = context
  const jwt = readAssertion(requireParam(params, 'assertion'))
  const { iss, jti } = jwt.claims
  if (typeof iss !== 'string' || typeof jti !== 'string' || jti === '') throw refuseGrant('malformed assertion')
  const issuer = await callHost('loadAssertionIssuer', () => config.loadAssertionIssuer?.(iss))
  if (!issuer) throw refuseGrant('assertion of an unknown issuer')
  if (!(await isSignedBy(config, jwt, issuer))) throw refuseGrant('assertion signature does not verify')
  const fault = findAudienceFault(jwt.claims.aud, config.issuer) ?? findTimeFault(jwt, now)
  if (fault !== undefined) throw refuseGrant(fault)
  judgeKey(jwt.claims.cnf, constraint.cnf)
  const subject = await resolveSubject(issuer, jwt)
  const key = await replayKey('grant_assertion', iss, jti)
  const claim: ReplayClaim = { kind: 'grant_assertion', key, expiresAt: Math.ceil(jwt.claims.exp!) + 61 }
  return { jwt, issuer, subject, claim }
}

function readAssertion(text: string): Jwt {
  const { jwt } = readJwt(text)
  if (!jwt || jwt.header.crit !== undefined) throw refuseGrant('malformed assertion')
  if (!isTypeOf(assertionGrantProfile, jwt.header.typ) || findClaimsFault(assertionGrantProfile, jwt.claims)) {
    throw refuseGrant('another kind of JWT')
  }
  return jwt
}

/** An assertion that names a key is good only for who holds it; one that names another kind of key is good for nobody here. */
function judgeKey(cnf: unknown, proven: Confirmation | undefined): void {
  if (cnf === undefined) return
  const jkt = (cnf as { readonly jkt?: unknown } | null)?.jkt
  if (typeof jkt !== 'string' || jkt !== proven?.jkt) throw refuseGrant('key of the assertion not proven')
}

async function resolveSubject(issuer: AssertionIssuer, { claims }: Jwt): Promise<string> {
  const { resolveSubject: resolve } = issuer
  const subject = resolve ? await callHost('resolveSubject', () => resolve(claims)) : claims.sub
  if (typeof subject !== 'string' || subject === '') throw refuseGrant('assertion about nobody here')
  return subject
}
